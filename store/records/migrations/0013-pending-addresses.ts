import type { Kysely, Migration } from 'kysely'

/** An address somebody wants in place of the one they have; it takes its place when it is proved. */
export const pendingAddresses: Migration = {
  async up(db: Kysely<unknown>) {
    for (const column of ['pending_email', 'pending_phone']) {
      await db.schema.alterTable('users').addColumn(column, 'text').execute()
    }
    await db.schema
      .createIndex('one_time_codes_of_network')
      .on('one_time_codes')
      .columns(['network', 'created_at_ms'])
      .execute()
  },
}
