import type { SosAction, SosPosition, SosState, SosTimelineEntry } from '../../contracts/sos.ts'
import type { Scope } from './scope.ts'
import { toPosition, toTimelineEntry } from './sos-rows.ts'

export interface NewTimelineEntry {
  readonly sosId: string
  readonly atMs: number
  readonly actor: string
  readonly action: SosAction
  readonly from?: SosState | undefined
  readonly to?: SosState | undefined
  readonly note?: string | undefined
  /** No secrets and no positions. */
  readonly detail?: Readonly<Record<string, unknown>>
}

/** What happened to each SOS, and where the person went. Lines are added, never changed. */
export interface SosHistoryRecords {
  note(entry: NewTimelineEntry): Promise<void>
  /** Oldest first, the newest 1,000. */
  timeline(sosId: string): Promise<readonly SosTimelineEntry[]>
  addPosition(position: SosPosition): Promise<void>
  /** Oldest first, the newest `countMax` of those received until `untilMs`. */
  trail(
    sosId: string,
    options: { readonly countMax: number; readonly untilMs?: number | undefined },
  ): Promise<readonly SosPosition[]>
}

const entryCountMax = 1000

export function createSosHistoryRecords({ db, makeId }: Scope): SosHistoryRecords {
  return {
    async note({ sosId, atMs, actor, action, from, to, note, detail = {} }) {
      await db
        .insertInto('sos_timeline')
        .values({
          id: makeId(),
          sos_id: sosId,
          at_ms: atMs,
          actor,
          action,
          from_state: from ?? null,
          to_state: to ?? null,
          note: note ?? null,
          detail: JSON.stringify(detail),
        })
        .execute()
    },
    async timeline(sosId) {
      const rows = await db
        .selectFrom('sos_timeline')
        .selectAll()
        .where('sos_id', '=', sosId)
        .orderBy('id', 'desc')
        .limit(entryCountMax)
        .execute()
      return rows.reverse().map(toTimelineEntry)
    },
    async addPosition(position) {
      await db
        .insertInto('sos_positions')
        .values({
          id: makeId(),
          sos_id: position.sosId,
          source: position.source,
          device_id: position.deviceId ?? null,
          observed_at_ms: position.observedAtMs,
          received_at_ms: position.receivedAtMs,
          latitude: position.latitude,
          longitude: position.longitude,
          accuracy_m: position.accuracyM ?? null,
          battery_pct: position.batteryPct ?? null,
          is_plausible: position.isPlausible ? 1 : 0,
        })
        .execute()
    },
    async trail(sosId, { countMax, untilMs }) {
      let rows = db
        .selectFrom('sos_positions')
        .selectAll()
        .where('sos_id', '=', sosId)
        .orderBy('id', 'desc')
        .limit(countMax)
      if (untilMs !== undefined) rows = rows.where('received_at_ms', '<=', untilMs)
      return (await rows.execute()).reverse().map(toPosition)
    },
  }
}
