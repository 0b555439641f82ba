import { sql } from 'kysely'
import type { Alert } from '../../contracts/alert.ts'
import { toAlert } from './alert-rows.ts'
import type { Scope } from './scope.ts'

export interface Storm {
  readonly id: string
  readonly kind: string
  readonly cell: string
  readonly startedAtMs: number
  readonly lastRaisedAtMs: number
}

export interface StormCounts extends Storm {
  readonly memberCount: number
  readonly openCount: number
  /** Severities of its open members, of all when none is open. */
  readonly severities: readonly Alert['severity'][]
}

/** Storms of alerts; their members are alerts that name them. At most one of a kind and cell takes new members. */
export interface StormRecords {
  openOf(place: { readonly kind: string; readonly cell: string }): Promise<Storm | undefined>
  /** Open alerts of a kind and cell that are in no storm and were raised since; the newest 1,000. */
  lonelyIn(place: { readonly kind: string; readonly cell: string; readonly sinceMs: number }): Promise<readonly Alert[]>
  insert(storm: Storm): Promise<void>
  touch(stormId: string, lastRaisedAtMs: number): Promise<void>
  close(stormId: string, atMs: number): Promise<void>
  /** Those with open members, newest first; the newest 200. */
  withOpenMembers(): Promise<readonly StormCounts[]>
}

const lonelyMax = 1000
const listedMax = 200
/** Spelt out, not bound: only then can the partial index be used. */
const resolved = sql.lit('resolved' as const)

export function createStormRecords({ db }: Scope): StormRecords {
  return {
    async openOf({ kind, cell }) {
      const row = await db
        .selectFrom('alert_storms')
        .selectAll()
        .where('kind', '=', kind)
        .where('cell', '=', cell)
        .where('closed_at_ms', 'is', null)
        .executeTakeFirst()
      return row && toStorm(row)
    },
    async lonelyIn({ kind, cell, sinceMs }) {
      const rows = await db
        .selectFrom('alerts')
        .selectAll()
        .where('state', '<>', resolved)
        .where('kind', '=', kind)
        .where('cell', '=', cell)
        .where('raised_at_ms', '>=', sinceMs)
        .where('storm_id', 'is', null)
        .orderBy('raised_at_ms', 'desc')
        .limit(lonelyMax)
        .execute()
      return rows.map(toAlert)
    },
    async insert({ id, kind, cell, startedAtMs, lastRaisedAtMs }) {
      await db
        .insertInto('alert_storms')
        .values({ id, kind, cell, started_at_ms: startedAtMs, last_raised_at_ms: lastRaisedAtMs, closed_at_ms: null })
        .execute()
    },
    async touch(stormId, lastRaisedAtMs) {
      await db
        .updateTable('alert_storms')
        .set({ last_raised_at_ms: lastRaisedAtMs })
        .where('id', '=', stormId)
        .where('last_raised_at_ms', '<', lastRaisedAtMs)
        .execute()
    },
    async close(stormId, atMs) {
      await db.updateTable('alert_storms').set({ closed_at_ms: atMs }).where('id', '=', stormId).execute()
    },
    async withOpenMembers() {
      const storms = await db
        .selectFrom('alert_storms')
        .selectAll()
        .where('id', 'in', (eb) =>
          eb.selectFrom('alerts').select('storm_id').where('state', '<>', resolved).where('storm_id', 'is not', null),
        )
        .orderBy('id', 'desc')
        .limit(listedMax)
        .execute()
      if (storms.length === 0) return []
      const groups = await db
        .selectFrom('alerts')
        .select((eb) => ['storm_id', 'state', 'severity', eb.fn.countAll().as('count')])
        .where(
          'storm_id',
          'in',
          storms.map(({ id }) => id),
        )
        .groupBy(['storm_id', 'state', 'severity'])
        .execute()
      return storms.map((row) => {
        const own = groups.filter(({ storm_id }) => storm_id === row.id)
        const open = own.filter(({ state }) => state !== 'resolved')
        const sum = (of: typeof own) => of.reduce((total, { count }) => total + Number(count), 0)
        return {
          ...toStorm(row),
          memberCount: sum(own),
          openCount: sum(open),
          severities: [...new Set((open.length > 0 ? open : own).map(({ severity }) => severity))],
        }
      })
    },
  }
}

function toStorm(row: {
  id: string
  kind: string
  cell: string
  started_at_ms: number
  last_raised_at_ms: number
}): Storm {
  return {
    id: row.id,
    kind: row.kind,
    cell: row.cell,
    startedAtMs: row.started_at_ms,
    lastRaisedAtMs: row.last_raised_at_ms,
  }
}
