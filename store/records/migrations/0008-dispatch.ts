import { type Kysely, type Migration, sql } from 'kysely'

/** Units that can be sent, what they were sent to, emergencies and broadcasts. */
export const dispatch: Migration = {
  async up(db: Kysely<unknown>) {
    await createUnits(db)
    await createAssignments(db)
    await createIncidents(db)
    await createBroadcasts(db)
  },
}

async function createUnits(db: Kysely<unknown>) {
  await db.schema
    .createTable('units')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('unit_number', 'text', (c) => c.notNull().unique())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('capabilities', 'text', (c) => c.notNull())
    .addColumn('device_id', 'text', (c) => c.unique().references('devices.id').onDelete('set null'))
    .addColumn('latitude', 'double precision')
    .addColumn('longitude', 'double precision')
    .addColumn('position_at_ms', 'bigint')
    .addColumn('created_at_ms', 'bigint', (c) => c.notNull())
    .addColumn('updated_at_ms', 'bigint', (c) => c.notNull())
    .addCheckConstraint(
      'units_state',
      sql`state in ('available', 'committed', 'en-route', 'on-scene', 'returning', 'off-duty', 'out-of-service')`,
    )
    .execute()
}

async function createAssignments(db: Kysely<unknown>) {
  await db.schema
    .createTable('assignments')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('case_type', 'text', (c) => c.notNull())
    .addColumn('case_id', 'text', (c) => c.notNull())
    // No foreign key: the record outlives the unit.
    .addColumn('unit_id', 'text', (c) => c.notNull())
    .addColumn('unit_number', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('assigned_by', 'text', (c) => c.notNull())
    .addColumn('assigned_at_ms', 'bigint', (c) => c.notNull())
    .addColumn('seen_at_ms', 'bigint')
    .addColumn('unanswered_at_ms', 'bigint')
    .addColumn('answered_at_ms', 'bigint')
    .addColumn('answered_by', 'text')
    .addColumn('en_route_at_ms', 'bigint')
    .addColumn('on_scene_at_ms', 'bigint')
    .addColumn('ended_at_ms', 'bigint')
    .addColumn('reason', 'text')
    .addColumn('updated_at_ms', 'bigint', (c) => c.notNull())
    .addCheckConstraint(
      'assignments_state',
      sql`state in ('assigned', 'confirmed', 'declined', 'en-route', 'on-scene', 'completed', 'released')`,
    )
    .execute()
  // One unit, one case: whoever assigns at the same instant, the database takes the first.
  await sql`
    create unique index assignments_one_open on assignments (unit_id)
    where state in ('assigned', 'confirmed', 'en-route', 'on-scene')`.execute(db)
  await db.schema.createIndex('assignments_of_case').on('assignments').columns(['case_type', 'case_id', 'id']).execute()
  await db.schema.createIndex('assignments_of_unit').on('assignments').columns(['unit_number', 'id']).execute()
}

async function createIncidents(db: Kysely<unknown>) {
  await db.schema
    .createTable('incidents')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('type', 'text', (c) => c.notNull())
    .addColumn('severity', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('latitude', 'double precision')
    .addColumn('longitude', 'double precision')
    .addColumn('address', 'text')
    .addColumn('description', 'text')
    .addColumn('reported_by', 'text', (c) => c.notNull())
    .addColumn('reported_at_ms', 'bigint', (c) => c.notNull())
    .addColumn('dispatched_at_ms', 'bigint')
    .addColumn('on_scene_at_ms', 'bigint')
    .addColumn('resolved_at_ms', 'bigint')
    .addColumn('resolved_by', 'text')
    .addColumn('updated_at_ms', 'bigint', (c) => c.notNull())
    .addCheckConstraint('incidents_state', sql`state in ('open', 'dispatched', 'on-scene', 'resolved')`)
    .execute()
  await db.schema.createIndex('incidents_of_state').on('incidents').columns(['state', 'id']).execute()
  await db.schema
    .createTable('incident_timeline')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('incident_id', 'text', (c) => c.notNull().references('incidents.id').onDelete('cascade'))
    .addColumn('at_ms', 'bigint', (c) => c.notNull())
    .addColumn('actor', 'text', (c) => c.notNull())
    .addColumn('action', 'text', (c) => c.notNull())
    .addColumn('from_state', 'text')
    .addColumn('to_state', 'text')
    .addColumn('note', 'text')
    .execute()
  await db.schema
    .createIndex('incident_timeline_of_incident')
    .on('incident_timeline')
    .columns(['incident_id', 'id'])
    .execute()
}

async function createBroadcasts(db: Kysely<unknown>) {
  await db.schema
    .createTable('broadcasts')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('area', 'text', (c) => c.notNull())
    .addColumn('text', 'text', (c) => c.notNull())
    .addColumn('severity', 'text', (c) => c.notNull())
    .addColumn('sent_by', 'text', (c) => c.notNull())
    .addColumn('sent_at_ms', 'bigint', (c) => c.notNull())
    .addColumn('expires_at_ms', 'bigint', (c) => c.notNull())
    .addColumn('device_count', 'bigint', (c) => c.notNull())
    .addColumn('connected_count', 'bigint')
    .addColumn('people_count', 'bigint', (c) => c.notNull())
    .addColumn('announced_at_ms', 'bigint')
    .execute()
}
