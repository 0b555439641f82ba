import type { Kysely, Migration } from 'kysely'
import { sql } from 'kysely'

/** What people have to be told of, whom by which way, and the contacts who are told of an SOS. */
export const outbox: Migration = {
  async up(db: Kysely<unknown>) {
    await createContacts(db)
    await createEvents(db)
    await createNotices(db)
  },
}

async function createContacts(db: Kysely<unknown>) {
  await db.schema
    .createTable('contacts')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('owner_id', 'text', (c) => c.notNull().references('users.id').onDelete('cascade'))
    .addColumn('place', 'bigint', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('relation', 'text')
    .addColumn('phone', 'text')
    .addColumn('email', 'text')
    .addColumn('phone_consented_at_ms', 'bigint')
    .addColumn('email_consented_at_ms', 'bigint')
    .addColumn('code_for', 'text')
    .addColumn('code_hash', 'text')
    .addColumn('code_expires_at_ms', 'bigint')
    .addColumn('code_tries', 'bigint', (c) => c.notNull())
    .addColumn('asked_at_ms', 'bigint')
    .addColumn('created_at_ms', 'bigint', (c) => c.notNull())
    .execute()
  await db.schema.createIndex('contacts_of_owner').on('contacts').columns(['owner_id', 'place']).execute()
  // Outlives the contact: who removes one and names it again has asked it all the same.
  await db.schema
    .createTable('contact_asks')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('owner_id', 'text', (c) => c.notNull())
    .addColumn('address', 'text', (c) => c.notNull())
    .addColumn('asked_at_ms', 'bigint', (c) => c.notNull())
    .execute()
  await db.schema.createIndex('contact_asks_of_owner').on('contact_asks').columns(['owner_id', 'asked_at_ms']).execute()
  await db.schema
    .createIndex('contact_asks_of_address')
    .on('contact_asks')
    .columns(['address', 'asked_at_ms'])
    .execute()
}

async function createEvents(db: Kysely<unknown>) {
  await db.schema
    .createTable('notice_events')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('event_key', 'text', (c) => c.notNull().unique())
    .addColumn('thread', 'text', (c) => c.notNull())
    .addColumn('urgency', 'bigint', (c) => c.notNull())
    .addColumn('ends', 'bigint', (c) => c.notNull())
    .addColumn('about_user_id', 'text')
    .addColumn('tells', 'text', (c) => c.notNull())
    .addColumn('created_at_ms', 'bigint', (c) => c.notNull())
    .addColumn('planned_at_ms', 'bigint')
    .execute()
  await db.schema
    .createIndex('notice_events_to_plan')
    .on('notice_events')
    .columns(['urgency', 'id'])
    .where(sql.ref('planned_at_ms'), 'is', null)
    .execute()
  await db.schema.createIndex('notice_events_of_thread').on('notice_events').columns(['thread', 'id']).execute()
  await db.schema.createIndex('notice_events_about').on('notice_events').column('about_user_id').execute()
}

async function createNotices(db: Kysely<unknown>) {
  await db.schema
    .createTable('notices')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('event_id', 'text', (c) => c.notNull().references('notice_events.id').onDelete('cascade'))
    .addColumn('event_key', 'text', (c) => c.notNull())
    .addColumn('recipient', 'text', (c) => c.notNull())
    .addColumn('channel', 'text', (c) => c.notNull())
    .addColumn('place', 'bigint', (c) => c.notNull())
    .addColumn('tell', 'bigint', (c) => c.notNull())
    .addColumn('address', 'text')
    .addColumn('urgency', 'bigint', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('reason', 'text')
    .addColumn('tries', 'bigint', (c) => c.notNull())
    .addColumn('is_perhaps_told', 'bigint', (c) => c.notNull())
    .addColumn('next_try_at_ms', 'bigint')
    .addColumn('created_at_ms', 'bigint', (c) => c.notNull())
    .addColumn('expires_at_ms', 'bigint', (c) => c.notNull())
    .addColumn('sent_at_ms', 'bigint')
    .addColumn('delivered_at_ms', 'bigint')
    .addColumn('updated_at_ms', 'bigint', (c) => c.notNull())
    .addCheckConstraint('notices_state', sql`state in ('queued', 'sending', 'sent', 'delivered', 'failed', 'skipped')`)
    // Nobody is told of one step twice by one way.
    .addUniqueConstraint('notices_once', ['event_key', 'recipient', 'channel'])
    .execute()
  await db.schema
    .createIndex('notices_due')
    .on('notices')
    .columns(['channel', 'urgency', 'next_try_at_ms'])
    .where(sql.ref('state'), '=', sql.lit('queued'))
    .execute()
  await db.schema
    .createIndex('notices_sending')
    .on('notices')
    .column('event_id')
    .where(sql.ref('state'), '=', sql.lit('sending'))
    .execute()
  await db.schema.createIndex('notices_of_event').on('notices').columns(['event_id', 'id']).execute()
  await db.schema.createIndex('notices_of_recipient').on('notices').column('recipient').execute()
}
