import type { Kysely, Migration } from 'kysely'
import { sql } from 'kysely'

/**
 * An SOS from any source, with its whole life: states, history, trail, evidence, links, and the PINs that take it back.
 *
 * SQLite cannot make a column optional, so both tables are made anew and filled from the old ones. Where a person had
 * several active ones, by several devices, the later are part of the first from here on.
 */
export const sosLifeCycle: Migration = {
  async up(db: Kysely<unknown>) {
    await createSos(db)
    await createPresses(db)
    await copyRows(db)
    for (const table of ['sos_presses', 'sos']) await db.schema.dropTable(table).execute()
    for (const table of ['sos', 'sos_presses']) await db.schema.alterTable(`new_${table}`).renameTo(table).execute()
    await createIndexes(db)
    await createHistory(db)
    await copyHistory(db)
    await createEvidence(db)
    await createPins(db)
  },
}

const text = 'text'
const whole = 'bigint'
const real = 'double precision'

async function createSos(db: Kysely<unknown>) {
  await db.schema
    .createTable('new_sos')
    .addColumn('id', text, (c) => c.primaryKey())
    .addColumn('room_id', text, (c) => c.notNull().unique())
    .addColumn('source', text, (c) => c.notNull())
    .addColumn('state', text, (c) => c.notNull())
    .addColumn('outcome', text)
    .addColumn('device_id', text)
    .addColumn('owner_id', text)
    .addColumn('person_name', text)
    .addColumn('person_phone', text)
    .addColumn('message', text)
    .addColumn('address', text)
    .addColumn('trigger_name', text, (c) => c.notNull())
    .addColumn('severity', text, (c) => c.notNull())
    .addColumn('severity_reasons', text, (c) => c.notNull())
    .addColumn('severity_shown', text)
    .addColumn('is_duress', whole, (c) => c.notNull())
    .addColumn('cancelled_at_ms', whole)
    .addColumn('pin_failures', whole, (c) => c.notNull())
    .addColumn('escalation', whole, (c) => c.notNull())
    .addColumn('countdown_ends_at_ms', whole)
    .addColumn('due_at_ms', whole)
    .addColumn('observed_at_ms', whole, (c) => c.notNull())
    .addColumn('received_at_ms', whole, (c) => c.notNull())
    .addColumn('seq', whole)
    .addColumn('latitude', real)
    .addColumn('longitude', real)
    .addColumn('accuracy_m', real)
    .addColumn('battery_pct', real)
    .addColumn('press_count', whole, (c) => c.notNull())
    .addColumn('police_notified_at_ms', whole)
    .addColumn('acknowledged_at_ms', whole)
    .addColumn('acknowledged_by', text)
    .addColumn('dispatched_at_ms', whole)
    .addColumn('on_scene_at_ms', whole)
    .addColumn('closed_at_ms', whole)
    .addColumn('closed_by', text)
    .addColumn('merged_into', text)
    .addColumn('last_seen_at_ms', whole, (c) => c.notNull())
    .addColumn('silent_since_ms', whole)
    .addColumn('updated_at_ms', whole, (c) => c.notNull())
    .addCheckConstraint(
      'sos_state',
      sql`state in ('countdown', 'active', 'acknowledged', 'dispatched', 'on-scene', 'resolved', 'cancelled')`,
    )
    .execute()
}

async function createPresses(db: Kysely<unknown>) {
  await db.schema
    .createTable('new_sos_presses')
    .addColumn('id', text, (c) => c.primaryKey())
    .addColumn('sos_id', text, (c) => c.notNull().references('new_sos.id').onDelete('cascade'))
    .addColumn('source', text, (c) => c.notNull())
    .addColumn('device_id', text)
    .addColumn('trigger_name', text, (c) => c.notNull())
    .addColumn('observed_at_ms', whole, (c) => c.notNull())
    .addColumn('received_at_ms', whole, (c) => c.notNull())
    .addColumn('seq', whole)
    .addColumn('latitude', real)
    .addColumn('longitude', real)
    .addColumn('accuracy_m', real)
    .addColumn('battery_pct', real)
    .execute()
}

async function copyRows(db: Kysely<unknown>) {
  await sql`
    insert into new_sos (id, room_id, source, state, device_id, owner_id, trigger_name, severity, severity_reasons,
      is_duress, pin_failures, escalation, observed_at_ms, received_at_ms, seq, latitude, longitude, accuracy_m,
      battery_pct, press_count, police_notified_at_ms, closed_at_ms, closed_by, due_at_ms, last_seen_at_ms, updated_at_ms)
    select id, lower(hex(randomblob(16))), 'wearable', state, device_id, owner_id, trigger_name, 'high', '[]',
      0, 0, 0, observed_at_ms, received_at_ms, seq, latitude, longitude, accuracy_m,
      battery_pct, press_count, received_at_ms, resolved_at_ms, resolved_by,
      case when state = 'active' then updated_at_ms end, updated_at_ms, updated_at_ms from sos`.execute(db)
  await sql`
    update new_sos as later set state = 'resolved', due_at_ms = null, closed_at_ms = later.updated_at_ms, closed_by = 'system',
      merged_into = (select min(id) from new_sos where owner_id = later.owner_id and state = 'active')
    where state = 'active' and owner_id is not null
      and id > (select min(id) from new_sos where owner_id = later.owner_id and state = 'active')`.execute(db)
  await sql`
    insert into new_sos_presses (id, sos_id, source, device_id, trigger_name, observed_at_ms, received_at_ms, seq,
      latitude, longitude, accuracy_m, battery_pct)
    select id, sos_id, 'wearable', device_id, trigger_name, observed_at_ms, received_at_ms, seq,
      latitude, longitude, accuracy_m, battery_pct from sos_presses`.execute(db)
}

async function createIndexes(db: Kysely<unknown>) {
  // At most one open SOS of a device and one of a person, whoever asks and however often: later presses join it.
  for (const column of ['device_id', 'owner_id']) {
    await db.schema
      .createIndex(`sos_one_open_of_${column === 'device_id' ? 'device' : 'owner'}`)
      .unique()
      .on('sos')
      .column(column)
      .where(sql.ref('state'), '<>', sql.lit('resolved'))
      .where(sql.ref('state'), '<>', sql.lit('cancelled'))
      .execute()
  }
  await db.schema.createIndex('sos_of_state').on('sos').columns(['state', 'id']).execute()
  await db.schema.createIndex('sos_of_owner').on('sos').columns(['owner_id', 'id']).execute()
  await db.schema
    .createIndex('sos_due')
    .on('sos')
    .column('due_at_ms')
    .where(sql.ref('due_at_ms'), 'is not', sql.lit(null))
    .execute()
  await db.schema.createIndex('sos_presses_of_sos').on('sos_presses').columns(['sos_id', 'id']).execute()
  await db.schema
    .createIndex('sos_presses_of_device')
    .on('sos_presses')
    .columns(['device_id', 'observed_at_ms'])
    .execute()
}

async function createHistory(db: Kysely<unknown>) {
  await db.schema
    .createTable('sos_timeline')
    .addColumn('id', text, (c) => c.primaryKey())
    .addColumn('sos_id', text, (c) => c.notNull().references('sos.id').onDelete('cascade'))
    .addColumn('at_ms', whole, (c) => c.notNull())
    .addColumn('actor', text, (c) => c.notNull())
    .addColumn('action', text, (c) => c.notNull())
    .addColumn('from_state', text)
    .addColumn('to_state', text)
    .addColumn('note', text)
    .addColumn('detail', text, (c) => c.notNull())
    .execute()
  await db.schema.createIndex('sos_timeline_of_sos').on('sos_timeline').columns(['sos_id', 'id']).execute()

  await db.schema
    .createTable('sos_positions')
    .addColumn('id', text, (c) => c.primaryKey())
    .addColumn('sos_id', text, (c) => c.notNull().references('sos.id').onDelete('cascade'))
    .addColumn('source', text, (c) => c.notNull())
    .addColumn('device_id', text)
    .addColumn('observed_at_ms', whole, (c) => c.notNull())
    .addColumn('received_at_ms', whole, (c) => c.notNull())
    .addColumn('latitude', real, (c) => c.notNull())
    .addColumn('longitude', real, (c) => c.notNull())
    .addColumn('accuracy_m', real)
    .addColumn('battery_pct', real)
    .addColumn('is_plausible', whole, (c) => c.notNull())
    .execute()
  await db.schema.createIndex('sos_positions_of_sos').on('sos_positions').columns(['sos_id', 'id']).execute()
}

/** So that the history of those from before adds up as well. */
async function copyHistory(db: Kysely<unknown>) {
  await sql`
    insert into sos_timeline (id, sos_id, at_ms, actor, action, to_state, detail)
    select id, id, received_at_ms, 'device:' || device_id, 'pressed', 'active', '{}' from sos`.execute(db)
  await sql`
    insert into sos_timeline (id, sos_id, at_ms, actor, action, from_state, to_state, detail)
    select id || '-end', id, closed_at_ms, closed_by, case when merged_into is null then 'resolved' else 'merged' end,
      'active', 'resolved', '{}' from sos where state = 'resolved'`.execute(db)
}

async function createEvidence(db: Kysely<unknown>) {
  await db.schema
    .createTable('sos_evidence')
    .addColumn('id', text, (c) => c.primaryKey())
    .addColumn('sos_id', text, (c) => c.notNull().references('sos.id').onDelete('cascade'))
    .addColumn('kind', text, (c) => c.notNull())
    .addColumn('media_type', text, (c) => c.notNull())
    .addColumn('bytes', whole, (c) => c.notNull())
    .addColumn('sha256', text, (c) => c.notNull())
    .addColumn('added_at_ms', whole, (c) => c.notNull())
    .addColumn('added_by', text, (c) => c.notNull())
    .execute()
  await db.schema.createIndex('sos_evidence_of_sos').on('sos_evidence').columns(['sos_id', 'id']).execute()

  await db.schema
    .createTable('sos_shares')
    .addColumn('id', text, (c) => c.primaryKey())
    .addColumn('sos_id', text, (c) => c.notNull().references('sos.id').onDelete('cascade'))
    .addColumn('token_hash', text, (c) => c.notNull().unique())
    .addColumn('created_by', text, (c) => c.notNull())
    .addColumn('created_at_ms', whole, (c) => c.notNull())
    .addColumn('expires_at_ms', whole, (c) => c.notNull())
    .addColumn('revoked_at_ms', whole)
    .execute()
  await db.schema.createIndex('sos_shares_of_sos').on('sos_shares').columns(['sos_id', 'id']).execute()
}

async function createPins(db: Kysely<unknown>) {
  await db.schema
    .createTable('sos_pins')
    .addColumn('user_id', text, (c) => c.primaryKey().references('users.id').onDelete('cascade'))
    .addColumn('cancel_hash', text)
    .addColumn('duress_hash', text)
    .addColumn('updated_at_ms', whole, (c) => c.notNull())
    .execute()
}
