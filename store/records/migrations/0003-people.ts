import type { Kysely, Migration } from 'kysely'
import { sql } from 'kysely'

/**
 * People who sign in by phone or name as well as by e-mail, with second factors and one-time codes.
 *
 * SQLite cannot make a column optional, so the three tables are made anew and filled from the old ones, which then go in
 * the order that no foreign key notices. Everybody stays signed in.
 */
export const people: Migration = {
  async up(db: Kysely<unknown>) {
    await createUsers(db)
    await createSessions(db)
    await copyRows(db)
    for (const table of ['refresh_tokens', 'sessions', 'users']) await db.schema.dropTable(table).execute()
    for (const table of ['users', 'sessions', 'refresh_tokens']) {
      await db.schema.alterTable(`new_${table}`).renameTo(table).execute()
    }
    await createIndexes(db)
    await createSecondFactors(db)
    await createOneTimeCodes(db)
  },
}

async function createUsers(db: Kysely<unknown>) {
  await db.schema
    .createTable('new_users')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('email', 'text', (c) => c.unique())
    .addColumn('phone', 'text', (c) => c.unique())
    .addColumn('username', 'text', (c) => c.unique())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('city', 'text')
    .addColumn('flat_number', 'text')
    .addColumn('flat_confirmed_at_ms', 'bigint')
    .addColumn('unit_number', 'text')
    .addColumn('settings', 'text', (c) => c.notNull())
    .addColumn('role', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('password_hash', 'text')
    .addColumn('password_length', 'bigint')
    .addColumn('email_verified_at_ms', 'bigint')
    .addColumn('phone_verified_at_ms', 'bigint')
    .addColumn('signed_in_at_ms', 'bigint')
    .addColumn('created_at_ms', 'bigint', (c) => c.notNull())
    .addColumn('updated_at_ms', 'bigint', (c) => c.notNull())
    .addCheckConstraint('users_state', sql`state in ('active', 'banned', 'erased')`)
    .execute()
}

async function createSessions(db: Kysely<unknown>) {
  await db.schema
    .createTable('new_sessions')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('user_id', 'text', (c) => c.notNull().references('new_users.id').onDelete('cascade'))
    .addColumn('token_hash', 'text', (c) => c.unique())
    .addColumn('network', 'text')
    .addColumn('client_address', 'text')
    .addColumn('user_agent', 'text')
    .addColumn('created_at_ms', 'bigint', (c) => c.notNull())
    .addColumn('used_at_ms', 'bigint', (c) => c.notNull())
    .addColumn('expires_at_ms', 'bigint', (c) => c.notNull())
    .addColumn('revoked_at_ms', 'bigint')
    .execute()
  await db.schema
    .createTable('new_refresh_tokens')
    .addColumn('token_hash', 'text', (c) => c.primaryKey())
    .addColumn('session_id', 'text', (c) => c.notNull().references('new_sessions.id').onDelete('cascade'))
    .addColumn('issued_at_ms', 'bigint', (c) => c.notNull())
    .addColumn('used_at_ms', 'bigint')
    .execute()
}

async function copyRows(db: Kysely<unknown>) {
  // Passwords had twelve characters at least until now.
  await sql`
    insert into new_users (id, email, name, settings, role, state, password_hash, password_length, created_at_ms, updated_at_ms)
    select id, email, name, '{}', role, state, password_hash, 12, created_at_ms, updated_at_ms from users`.execute(db)
  await sql`
    insert into new_sessions (id, user_id, created_at_ms, used_at_ms, expires_at_ms, revoked_at_ms)
    select id, user_id, created_at_ms, created_at_ms, expires_at_ms, revoked_at_ms from sessions`.execute(db)
  await sql`
    insert into new_refresh_tokens (token_hash, session_id, issued_at_ms, used_at_ms)
    select token_hash, session_id, issued_at_ms, used_at_ms from refresh_tokens`.execute(db)
}

async function createIndexes(db: Kysely<unknown>) {
  await db.schema.createIndex('sessions_of_user').on('sessions').columns(['user_id', 'id']).execute()
  await db.schema.createIndex('refresh_tokens_of_session').on('refresh_tokens').column('session_id').execute()
  await db.schema.createIndex('users_of_flat').on('users').column('flat_number').execute()
}

async function createSecondFactors(db: Kysely<unknown>) {
  await db.schema
    .createTable('second_factors')
    .addColumn('user_id', 'text', (c) => c.primaryKey().references('users.id').onDelete('cascade'))
    .addColumn('sealed_secret', 'text', (c) => c.notNull())
    .addColumn('created_at_ms', 'bigint', (c) => c.notNull())
    .addColumn('confirmed_at_ms', 'bigint')
    .addColumn('last_step', 'bigint', (c) => c.notNull())
    .execute()
  await db.schema
    .createTable('recovery_codes')
    .addColumn('user_id', 'text', (c) => c.notNull().references('second_factors.user_id').onDelete('cascade'))
    .addColumn('code_hash', 'text', (c) => c.notNull())
    .addColumn('used_at_ms', 'bigint')
    .addPrimaryKeyConstraint('recovery_codes_key', ['user_id', 'code_hash'])
    .execute()
}

async function createOneTimeCodes(db: Kysely<unknown>) {
  await db.schema
    .createTable('one_time_codes')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('purpose', 'text', (c) => c.notNull())
    .addColumn('address', 'text', (c) => c.notNull())
    .addColumn('network', 'text', (c) => c.notNull())
    .addColumn('code_hash', 'text', (c) => c.notNull())
    .addColumn('created_at_ms', 'bigint', (c) => c.notNull())
    .addColumn('expires_at_ms', 'bigint', (c) => c.notNull())
    .addColumn('tries', 'bigint', (c) => c.notNull())
    .addColumn('foreign_tries', 'bigint', (c) => c.notNull())
    .addColumn('redeemed_at_ms', 'bigint')
    .addColumn('redeemed_by', 'text')
    .addColumn('spent_at_ms', 'bigint')
    .execute()
  await db.schema
    .createIndex('one_time_codes_of_address')
    .on('one_time_codes')
    .columns(['purpose', 'address', 'created_at_ms'])
    .execute()
  await db.schema.createIndex('one_time_codes_by_age').on('one_time_codes').column('created_at_ms').execute()
}
