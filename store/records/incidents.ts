import type { Incident, IncidentEntry, IncidentInput, IncidentState, IncidentType } from '../../contracts/dispatch.ts'
import type { Severity } from '../../contracts/severity.ts'
import type { IncidentRow } from './dispatch-tables.ts'
import { type Page, type PageQuery, rowsToRead, toPage } from './page.ts'
import type { Scope } from './scope.ts'

export interface IncidentQuery extends PageQuery {
  /** Any of these; all when absent. */
  readonly states?: readonly IncidentState[] | undefined
  readonly type?: IncidentType | undefined
  readonly severity?: Severity | undefined
}

/** Emergencies that somebody reported. What may follow what is decided in `safety/`. */
export interface IncidentRecords {
  create(input: IncidentInput & { readonly by: string; readonly atMs: number }): Promise<Incident>
  get(incidentId: string): Promise<Incident | undefined>
  /** Newest first. */
  list(query: IncidentQuery): Promise<Page<Incident>>
  /** Replaces the incident if its state is still one of `from`. @returns false when it is not */
  replace(incident: Incident, from: readonly IncidentState[]): Promise<boolean>
  addEntry(incidentId: string, entry: IncidentEntry): Promise<void>
  /** Oldest first, the newest 1,000. */
  timeline(incidentId: string): Promise<readonly IncidentEntry[]>
}

const entryCountMax = 1000

export function createIncidentRecords({ db, makeId }: Scope): IncidentRecords {
  return {
    async create({ type, severity, position, address, description, by, atMs }) {
      const row = await db
        .insertInto('incidents')
        .values({
          id: makeId(),
          type,
          severity,
          state: 'open',
          latitude: position?.latitude ?? null,
          longitude: position?.longitude ?? null,
          address: address ?? null,
          description: description ?? null,
          reported_by: by,
          reported_at_ms: atMs,
          updated_at_ms: atMs,
        })
        .returningAll()
        .executeTakeFirstOrThrow()
      return toIncident(row)
    },
    async get(incidentId) {
      const row = await db.selectFrom('incidents').selectAll().where('id', '=', incidentId).executeTakeFirst()
      return row && toIncident(row)
    },
    async list(query) {
      let rows = db.selectFrom('incidents').selectAll().orderBy('id', 'desc').limit(rowsToRead(query))
      if (query.cursor !== undefined) rows = rows.where('id', '<', query.cursor)
      if (query.states !== undefined) rows = rows.where('state', 'in', query.states)
      if (query.type !== undefined) rows = rows.where('type', '=', query.type)
      if (query.severity !== undefined) rows = rows.where('severity', '=', query.severity)
      return toPage(await rows.execute(), query, toIncident)
    },
    async replace(incident, from) {
      const { numUpdatedRows } = await db
        .updateTable('incidents')
        .set({
          state: incident.state,
          dispatched_at_ms: incident.dispatchedAtMs ?? null,
          on_scene_at_ms: incident.onSceneAtMs ?? null,
          resolved_at_ms: incident.resolvedAtMs ?? null,
          resolved_by: incident.resolvedBy ?? null,
          updated_at_ms: incident.updatedAtMs,
        })
        .where('id', '=', incident.id)
        .where('state', 'in', from)
        .executeTakeFirst()
      return numUpdatedRows > 0n
    },
    async addEntry(incidentId, { atMs, actor, action, fromState, toState, note }) {
      await db
        .insertInto('incident_timeline')
        .values({
          id: makeId(),
          incident_id: incidentId,
          at_ms: atMs,
          actor,
          action,
          from_state: fromState ?? null,
          to_state: toState ?? null,
          note: note ?? null,
        })
        .execute()
    },
    async timeline(incidentId) {
      const rows = await db
        .selectFrom('incident_timeline')
        .selectAll()
        .where('incident_id', '=', incidentId)
        .orderBy('id', 'desc')
        .limit(entryCountMax)
        .execute()
      return rows.reverse().map((row) => ({
        atMs: row.at_ms,
        actor: row.actor,
        action: row.action,
        fromState: row.from_state ?? undefined,
        toState: row.to_state ?? undefined,
        note: row.note ?? undefined,
      }))
    },
  }
}

function toIncident(row: IncidentRow): Incident {
  return {
    id: row.id,
    type: row.type,
    severity: row.severity,
    state: row.state,
    position:
      row.latitude === null || row.longitude === null
        ? undefined
        : { latitude: row.latitude, longitude: row.longitude },
    address: row.address ?? undefined,
    description: row.description ?? undefined,
    reportedBy: row.reported_by,
    reportedAtMs: row.reported_at_ms,
    dispatchedAtMs: row.dispatched_at_ms ?? undefined,
    onSceneAtMs: row.on_scene_at_ms ?? undefined,
    resolvedAtMs: row.resolved_at_ms ?? undefined,
    resolvedBy: row.resolved_by ?? undefined,
    updatedAtMs: row.updated_at_ms,
  }
}
