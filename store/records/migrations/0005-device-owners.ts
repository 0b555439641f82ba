import type { Kysely, Migration } from 'kysely'

/** Whom a device belongs to, and from when on its credentials count. */
export const deviceOwners: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .alterTable('devices')
      .addColumn('owner_id', 'text', (c) => c.references('users.id').onDelete('set null'))
      .execute()
    await db.schema.alterTable('devices').addColumn('credentials_since_ms', 'bigint').execute()
    await db.schema.createIndex('devices_of_owner').on('devices').column('owner_id').execute()
  },
}
