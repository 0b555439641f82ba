import type { Alert, AlertStorm } from '../../contracts/alert.ts'
import type { Position } from '../../contracts/geo.ts'
import { severities } from '../../contracts/severity.ts'
import type { Repositories, Storm, StormCounts } from '../../store/index.ts'
import { takeStep } from './life-cycle.ts'

/** So many open alerts of one kind, in one cell, raised within the window, are one storm. */
const membersMin = 10
const windowMs = 5 * 60_000
/** Edge of a cell: some two kilometres from south to north. */
const cellDegrees = 0.02
/** All devices that have no place share one: ten thousand of them that fall silent at once are one thing, too. */
const nowhere = 'nowhere'

/** @returns the name of the cell a device is in */
export function cellOf(position: Position | undefined): string {
  if (position === undefined) return nowhere
  return `${Math.floor(position.latitude / cellDegrees)}:${Math.floor(position.longitude / cellDegrees)}`
}

function middleOf(cell: string): Position | undefined {
  if (cell === nowhere) return undefined
  const [row, column] = cell.split(':').map(Number) as [number, number]
  return { latitude: (row + 0.5) * cellDegrees, longitude: (column + 0.5) * cellDegrees }
}

export interface StormOutcome {
  /** Alerts that have become members. */
  readonly joined: readonly Alert[]
  readonly started: readonly Storm[]
}

/** Puts alerts that were just raised into storms, and starts one where they have become many. */
export async function gatherStorms(
  { storms, alerts }: Pick<Repositories, 'storms' | 'alerts'>,
  raised: readonly Alert[],
  { cells, nowMs, makeId }: { cells: ReadonlyMap<string, string>; nowMs: number; makeId: () => string },
): Promise<StormOutcome> {
  const joined: Alert[] = []
  const started: Storm[] = []
  for (const [place, own] of byPlace(raised, cells)) {
    const { kind } = own[0]!
    const cell = place.slice(kind.length + 1)
    const newestMs = Math.max(...own.map(({ raisedAtMs }) => raisedAtMs))
    let storm = await storms.openOf({ kind, cell })
    if (storm && newestMs - storm.lastRaisedAtMs > windowMs) {
      await storms.close(storm.id, nowMs)
      storm = undefined
    }
    const candidates = await storms.lonelyIn({ kind, cell, sinceMs: newestMs - windowMs })
    if (storm === undefined) {
      if (candidates.length < membersMin) continue
      const startedAtMs = Math.min(...candidates.map(({ raisedAtMs }) => raisedAtMs))
      storm = { id: makeId(), kind, cell, startedAtMs, lastRaisedAtMs: newestMs }
      await storms.insert(storm)
      started.push(storm)
    } else {
      await storms.touch(storm.id, newestMs)
    }
    for (const alert of candidates) {
      const member = takeStep(alert, { type: 'join-storm', stormId: storm.id }, { atMs: nowMs, nowMs })
      if (await alerts.replace(member, [alert.state])) joined.push(member)
    }
  }
  await alerts.addNotes(
    joined.map(({ id }) => ({ alertId: id, atMs: nowMs, by: 'system', action: 'joined-storm', text: undefined })),
  )
  return { joined, started }
}

function byPlace(raised: readonly Alert[], cells: ReadonlyMap<string, string>): ReadonlyMap<string, Alert[]> {
  const places = new Map<string, Alert[]>()
  for (const alert of raised) {
    const cell = cells.get(alert.id)
    if (cell === undefined || alert.state === 'resolved') continue
    const place = `${alert.kind}/${cell}`
    const own = places.get(place) ?? []
    places.set(place, own)
    own.push(alert)
  }
  return places
}

export function toAlertStorm({ severities: own, cell, ...storm }: StormCounts): AlertStorm {
  return {
    ...storm,
    severity: severities.findLast((severity) => own.includes(severity)) ?? 'low',
    position: middleOf(cell),
  }
}
