import { type Kysely, type Migration, sql } from 'kysely'

/**
 * Whether a device is a personal one, which it stays when it loses its owner, and since when its owner has it. Of devices
 * that have one already only the last change is known; the owner was there by then.
 */
export const personalDevices: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .alterTable('devices')
      .addColumn('personal', 'integer', (c) => c.notNull().defaultTo(0))
      .execute()
    await db.schema.alterTable('devices').addColumn('owned_since_ms', 'bigint').execute()
    await sql`update devices set personal = 1, owned_since_ms = updated_at_ms where owner_id is not null`.execute(db)
  },
}
