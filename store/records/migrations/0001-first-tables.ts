import type { CreateTableBuilder, Kysely, Migration } from 'kysely'
import { sql } from 'kysely'

/** Portable between SQLite and PostgreSQL; see tables.ts for the rules. */
export const firstTables: Migration = {
  async up(db: Kysely<unknown>) {
    await createDeviceTables(db)
    await createPeopleTables(db)
    await createHouseTables(db)
    await createAlertTables(db)
    await createSosTables(db)
  },
}

async function createDeviceTables(db: Kysely<unknown>) {
  await db.schema
    .createTable('devices')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('kinds', 'text', (c) => c.notNull())
    .addColumn('latitude', 'double precision')
    .addColumn('longitude', 'double precision')
    .addColumn('gateway_id', 'text')
    .addColumn('labels', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('simulated', 'bigint', (c) => c.notNull())
    .addColumn('secret_hash', 'text', (c) => c.notNull())
    .addColumn('created_at_ms', 'bigint', (c) => c.notNull())
    .addColumn('updated_at_ms', 'bigint', (c) => c.notNull())
    .addCheckConstraint('devices_state', sql`state in ('registered', 'revoked', 'decommissioned')`)
    .execute()
  await db.schema.createIndex('devices_gateway').on('devices').column('gateway_id').execute()

  await db.schema
    .createTable('provisioning_keys')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('key_hash', 'text', (c) => c.notNull().unique())
    .addColumn('quota', 'bigint', (c) => c.notNull())
    .addColumn('used_count', 'bigint', (c) => c.notNull())
    .addColumn('created_at_ms', 'bigint', (c) => c.notNull())
    .addColumn('expires_at_ms', 'bigint')
    .addColumn('revoked_at_ms', 'bigint')
    .addCheckConstraint('provisioning_keys_within_quota', sql`used_count <= quota`)
    .execute()

  await db.schema
    .createTable('commands')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('device_id', 'text', (c) => c.notNull().references('devices.id').onDelete('cascade'))
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('body', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('queued_at_ms', 'bigint', (c) => c.notNull())
    .addColumn('expires_at_ms', 'bigint', (c) => c.notNull())
    .addColumn('delivered_at_ms', 'bigint')
    .addColumn('finished_at_ms', 'bigint')
    .addColumn('result', 'text')
    .addCheckConstraint('commands_state', sql`state in ('queued', 'delivered', 'done', 'failed', 'expired')`)
    .execute()
  await db.schema.createIndex('commands_of_device').on('commands').columns(['device_id', 'id']).execute()
  await db.schema
    .createIndex('commands_waiting')
    .on('commands')
    .columns(['device_id', 'id'])
    .where(sql.ref('state'), '=', sql.lit('queued'))
    .execute()
  await db.schema
    .createIndex('commands_expiring')
    .on('commands')
    .column('expires_at_ms')
    .where(sql.ref('state'), '=', sql.lit('queued'))
    .execute()
}

async function createPeopleTables(db: Kysely<unknown>) {
  await db.schema
    .createTable('users')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('email', 'text', (c) => c.notNull().unique())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('role', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('password_hash', 'text', (c) => c.notNull())
    .addColumn('created_at_ms', 'bigint', (c) => c.notNull())
    .addColumn('updated_at_ms', 'bigint', (c) => c.notNull())
    .addCheckConstraint('users_state', sql`state in ('active', 'banned')`)
    .execute()

  await db.schema
    .createTable('sessions')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('user_id', 'text', (c) => c.notNull().references('users.id').onDelete('cascade'))
    .addColumn('created_at_ms', 'bigint', (c) => c.notNull())
    .addColumn('expires_at_ms', 'bigint', (c) => c.notNull())
    .addColumn('revoked_at_ms', 'bigint')
    .execute()
  await db.schema.createIndex('sessions_of_user').on('sessions').columns(['user_id', 'id']).execute()

  await db.schema
    .createTable('refresh_tokens')
    .addColumn('token_hash', 'text', (c) => c.primaryKey())
    .addColumn('session_id', 'text', (c) => c.notNull().references('sessions.id').onDelete('cascade'))
    .addColumn('issued_at_ms', 'bigint', (c) => c.notNull())
    .addColumn('used_at_ms', 'bigint')
    .execute()
  await db.schema.createIndex('refresh_tokens_of_session').on('refresh_tokens').column('session_id').execute()
}

async function createHouseTables(db: Kysely<unknown>) {
  await db.schema
    .createTable('audit')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('at_ms', 'bigint', (c) => c.notNull())
    .addColumn('actor', 'text', (c) => c.notNull())
    .addColumn('action', 'text', (c) => c.notNull())
    .addColumn('subject', 'text')
    .addColumn('detail', 'text', (c) => c.notNull())
    .execute()
  await db.schema.createIndex('audit_of_subject').on('audit').columns(['subject', 'id']).execute()
  await db.schema.createIndex('audit_of_actor').on('audit').columns(['actor', 'id']).execute()

  await db.schema
    .createTable('settings')
    .addColumn('key', 'text', (c) => c.primaryKey())
    .addColumn('value', 'text', (c) => c.notNull())
    .addColumn('updated_at_ms', 'bigint', (c) => c.notNull())
    .execute()
}

async function createAlertTables(db: Kysely<unknown>) {
  await db.schema
    .createTable('alert_rules')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('severity', 'text', (c) => c.notNull())
    .addColumn('enabled', 'bigint', (c) => c.notNull())
    .addColumn('condition', 'text', (c) => c.notNull())
    .addColumn('built_in', 'bigint', (c) => c.notNull())
    .addColumn('edited', 'bigint', (c) => c.notNull())
    .addColumn('updated_at_ms', 'bigint', (c) => c.notNull())
    .execute()

  await db.schema
    .createTable('alerts')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('rule_id', 'text', (c) => c.notNull())
    .addColumn('rule_name', 'text', (c) => c.notNull())
    .addColumn('device_id', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('severity', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('message', 'text', (c) => c.notNull())
    .addColumn('value', 'double precision')
    .addColumn('raised_at_ms', 'bigint', (c) => c.notNull())
    .addColumn('acknowledged_at_ms', 'bigint')
    .addColumn('acknowledged_by', 'text')
    .addColumn('resolved_at_ms', 'bigint')
    .addColumn('resolved_by', 'text')
    .addColumn('assigned_to', 'text')
    .addColumn('updated_at_ms', 'bigint', (c) => c.notNull())
    .addCheckConstraint('alerts_state', sql`state in ('firing', 'acknowledged', 'resolved')`)
    .execute()
  // Exactly one open alert per rule and device, whoever asks and however often.
  await db.schema
    .createIndex('alerts_one_open')
    .unique()
    .on('alerts')
    .columns(['rule_id', 'device_id'])
    .where(sql.ref('state'), '<>', sql.lit('resolved'))
    .execute()
  await db.schema.createIndex('alerts_of_state').on('alerts').columns(['state', 'id']).execute()
  await db.schema.createIndex('alerts_of_device').on('alerts').columns(['device_id', 'id']).execute()

  await db.schema
    .createTable('alert_notes')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('alert_id', 'text', (c) => c.notNull().references('alerts.id').onDelete('cascade'))
    .addColumn('at_ms', 'bigint', (c) => c.notNull())
    .addColumn('author', 'text', (c) => c.notNull())
    .addColumn('action', 'text', (c) => c.notNull())
    .addColumn('note', 'text')
    .execute()
  await db.schema.createIndex('alert_notes_of_alert').on('alert_notes').columns(['alert_id', 'id']).execute()

  await db.schema
    .createTable('rule_progress')
    .addColumn('rule_id', 'text', (c) => c.notNull())
    .addColumn('device_id', 'text', (c) => c.notNull())
    .addColumn('raised_at_ms', 'bigint')
    .addColumn('cleared_at_ms', 'bigint')
    .addPrimaryKeyConstraint('rule_progress_key', ['rule_id', 'device_id'])
    .execute()
}

async function createSosTables(db: Kysely<unknown>) {
  await addPressColumns(
    db.schema
      .createTable('sos')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('state', 'text', (c) => c.notNull()),
  )
    .addColumn('press_count', 'bigint', (c) => c.notNull())
    .addColumn('updated_at_ms', 'bigint', (c) => c.notNull())
    .addColumn('resolved_at_ms', 'bigint')
    .addColumn('resolved_by', 'text')
    .addCheckConstraint('sos_state', sql`state in ('active', 'resolved')`)
    .execute()
  // A device has at most one active SOS: later presses join it.
  await db.schema
    .createIndex('sos_one_active')
    .unique()
    .on('sos')
    .column('device_id')
    .where(sql.ref('state'), '=', sql.lit('active'))
    .execute()
  await db.schema.createIndex('sos_of_state').on('sos').columns(['state', 'id']).execute()

  await addPressColumns(
    db.schema
      .createTable('sos_presses')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('sos_id', 'text', (c) => c.notNull().references('sos.id').onDelete('cascade')),
  ).execute()
  await db.schema.createIndex('sos_presses_of_sos').on('sos_presses').columns(['sos_id', 'id']).execute()
  await db.schema
    .createIndex('sos_presses_of_device')
    .on('sos_presses')
    .columns(['device_id', 'observed_at_ms'])
    .execute()
}

function addPressColumns<T extends string, C extends string>(table: CreateTableBuilder<T, C>) {
  return table
    .addColumn('device_id', 'text', (c) => c.notNull())
    .addColumn('trigger_name', 'text', (c) => c.notNull())
    .addColumn('observed_at_ms', 'bigint', (c) => c.notNull())
    .addColumn('received_at_ms', 'bigint', (c) => c.notNull())
    .addColumn('seq', 'bigint')
    .addColumn('latitude', 'double precision')
    .addColumn('longitude', 'double precision')
    .addColumn('accuracy_m', 'double precision')
    .addColumn('battery_pct', 'double precision')
}
