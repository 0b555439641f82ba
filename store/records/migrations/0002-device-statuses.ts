import type { Kysely, Migration } from 'kysely'

/** What devices last said of themselves. A table of its own: it changes far more often than the device does. */
export const deviceStatuses: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('device_statuses')
      .addColumn('device_id', 'text', (c) => c.primaryKey().references('devices.id').onDelete('cascade'))
      .addColumn('battery_pct', 'double precision')
      .addColumn('firmware', 'text')
      .addColumn('received_at_ms', 'bigint', (c) => c.notNull())
      .execute()
  },
}
