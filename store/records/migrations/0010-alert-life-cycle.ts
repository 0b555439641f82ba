import type { Kysely, Migration } from 'kysely'
import { sql } from 'kysely'

/** Silences, storms, and what an alert has to remember to be quiet, escalated or a member. */
export const alertLifeCycle: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('alerts').addColumn('severity_since_ms', 'bigint').execute()
    await db.schema.alterTable('alerts').addColumn('silenced_until_ms', 'bigint').execute()
    await db.schema.alterTable('alerts').addColumn('silence_id', 'text').execute()
    await db.schema.alterTable('alerts').addColumn('inhibited_by', 'text').execute()
    await db.schema.alterTable('alerts').addColumn('escalated_at_ms', 'bigint').execute()
    await db.schema.alterTable('alerts').addColumn('storm_id', 'text').execute()
    await db.schema.alterTable('alerts').addColumn('cell', 'text').execute()
    await db.schema.createIndex('alerts_of_storm').on('alerts').columns(['storm_id', 'id']).execute()
    // Only open alerts without a storm can become members of one.
    await db.schema
      .createIndex('alerts_of_cell')
      .on('alerts')
      .columns(['kind', 'cell', 'raised_at_ms'])
      .where(sql.ref('state'), '<>', sql.lit('resolved'))
      .execute()
    await db.schema
      .alterTable('alert_rules')
      .addColumn('settings', 'text', (c) => c.notNull().defaultTo('{}'))
      .execute()

    await db.schema
      .createTable('silences')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('rule_id', 'text')
      .addColumn('device_id', 'text')
      .addColumn('kind', 'text')
      .addColumn('area', 'text')
      .addColumn('from_ms', 'bigint', (c) => c.notNull())
      .addColumn('until_ms', 'bigint', (c) => c.notNull())
      .addColumn('reason', 'text', (c) => c.notNull())
      .addColumn('created_by', 'text', (c) => c.notNull())
      .addColumn('created_at_ms', 'bigint', (c) => c.notNull())
      .addColumn('ended_at_ms', 'bigint')
      .addColumn('ended_by', 'text')
      .addCheckConstraint('silences_end_later', sql`until_ms > from_ms`)
      .execute()
    await db.schema.createIndex('silences_until').on('silences').column('until_ms').execute()

    await db.schema
      .createTable('alert_storms')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('kind', 'text', (c) => c.notNull())
      .addColumn('cell', 'text', (c) => c.notNull())
      .addColumn('started_at_ms', 'bigint', (c) => c.notNull())
      .addColumn('last_raised_at_ms', 'bigint', (c) => c.notNull())
      .addColumn('closed_at_ms', 'bigint')
      .execute()
    // One storm at a time takes new members, whoever counts.
    await db.schema
      .createIndex('alert_storms_one_open')
      .unique()
      .on('alert_storms')
      .columns(['kind', 'cell'])
      .where(sql.ref('closed_at_ms'), 'is', sql.lit(null))
      .execute()
  },
}
