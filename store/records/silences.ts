import type { Silence } from '../../contracts/silence.ts'
import { type Page, type PageQuery, rowsToRead, toPage } from './page.ts'
import type { Scope } from './scope.ts'
import type { SilenceRow } from './tables.ts'

export interface SilenceQuery extends PageQuery {
  /** Only those that are in force at this time, or are still to come. */
  readonly notOverAtMs?: number
}

/** Who made what quiet, until when. A silence is ended, never deleted, until its keep is over. */
export interface SilenceRecords {
  get(silenceId: string): Promise<Silence | undefined>
  /** Newest first. */
  list(query: SilenceQuery): Promise<Page<Silence>>
  /** In force at this time; the newest 1,000. */
  active(nowMs: number): Promise<readonly Silence[]>
  insert(silence: Silence): Promise<void>
  /** @returns false when it is over already */
  end(options: { readonly silenceId: string; readonly by: string; readonly atMs: number }): Promise<boolean>
}

const activeMax = 1000

export function createSilenceRecords({ db }: Scope): SilenceRecords {
  return {
    async get(silenceId) {
      const row = await db.selectFrom('silences').selectAll().where('id', '=', silenceId).executeTakeFirst()
      return row && toSilence(row)
    },
    async list(query) {
      let rows = db.selectFrom('silences').selectAll().orderBy('id', 'desc').limit(rowsToRead(query))
      if (query.cursor !== undefined) rows = rows.where('id', '<', query.cursor)
      if (query.notOverAtMs !== undefined) {
        rows = rows.where('until_ms', '>', query.notOverAtMs).where('ended_at_ms', 'is', null)
      }
      return toPage(await rows.execute(), query, toSilence)
    },
    async active(nowMs) {
      const rows = await db
        .selectFrom('silences')
        .selectAll()
        .where('until_ms', '>', nowMs)
        .where('from_ms', '<=', nowMs)
        .where('ended_at_ms', 'is', null)
        .orderBy('id', 'desc')
        .limit(activeMax)
        .execute()
      return rows.map(toSilence)
    },
    async insert(silence) {
      await db.insertInto('silences').values(toRow(silence)).execute()
    },
    async end({ silenceId, by, atMs }) {
      const { numUpdatedRows } = await db
        .updateTable('silences')
        .set({ ended_at_ms: atMs, ended_by: by })
        .where('id', '=', silenceId)
        .where('ended_at_ms', 'is', null)
        .where('until_ms', '>', atMs)
        .executeTakeFirst()
      return numUpdatedRows > 0n
    },
  }
}

function toRow(silence: Silence): SilenceRow {
  return {
    id: silence.id,
    rule_id: silence.ruleId ?? null,
    device_id: silence.deviceId ?? null,
    kind: silence.kind ?? null,
    area: silence.area === undefined ? null : JSON.stringify(silence.area),
    from_ms: silence.fromMs,
    until_ms: silence.untilMs,
    reason: silence.reason,
    created_by: silence.createdBy,
    created_at_ms: silence.createdAtMs,
    ended_at_ms: silence.endedAtMs ?? null,
    ended_by: silence.endedBy ?? null,
  }
}

function toSilence(row: SilenceRow): Silence {
  return {
    id: row.id,
    ruleId: row.rule_id ?? undefined,
    deviceId: row.device_id ?? undefined,
    kind: row.kind ?? undefined,
    area: row.area === null ? undefined : (JSON.parse(row.area) as Silence['area']),
    fromMs: row.from_ms,
    untilMs: row.until_ms,
    reason: row.reason,
    createdBy: row.created_by,
    createdAtMs: row.created_at_ms,
    endedAtMs: row.ended_at_ms ?? undefined,
    endedBy: row.ended_by ?? undefined,
  }
}
