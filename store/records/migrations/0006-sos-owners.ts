import type { Kysely, Migration } from 'kysely'

/**
 * Whose an SOS was: the owner of the device when it was pressed, whoever has the device later. No foreign key, as
 * nothing but a full disk may stop a press.
 */
export const sosOwners: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('sos').addColumn('owner_id', 'text').execute()
    await db.schema.createIndex('sos_of_owner').on('sos').columns(['owner_id', 'id']).execute()
  },
}
