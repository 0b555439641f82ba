import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Alert, AlertRule } from '../../contracts/alert.ts'
import type { BusEvents } from '../../contracts/events.ts'
import type { Records, Repositories } from '../../store/index.ts'
import { type QuietContext, settleQuiet } from './quiet.ts'

/** Alerts settled by one commit: an SOS gets its turn in between. */
const chunkSizeMax = 200

export type AlertChange = BusEvents['alert-changed']

/**
 * Reads what may make these alerts quiet now. Where a personal device is plays no part: an area would tell of it.
 * @param inhibitors open alerts of inhibiting rules, kept up to date by whoever settles
 */
export async function readQuietContext(
  { silences, rules, alerts, devices }: Repositories,
  concerned: readonly Alert[],
  nowMs: number,
): Promise<QuietContext & { readonly inhibitors: Alert[] }> {
  const inhibitingRules = new Map<string, AlertRule>((await rules.inhibiting()).map((rule) => [rule.id, rule]))
  const places = await devices.placesOf([...new Set(concerned.map(({ deviceId }) => deviceId))])
  return {
    silences: await silences.active(nowMs),
    inhibitingRules,
    inhibitors: [...(await alerts.openOfRules([...inhibitingRules.keys()]))],
    placeOf: (deviceId) => places.get(deviceId),
    nowMs,
  }
}

/** Keeps the list of inhibitors true after an alert of theirs changed: two that inhibit each other must not both fall quiet. */
function noteInhibitor(inhibitors: Alert[], alert: Alert): void {
  const at = inhibitors.findIndex(({ id }) => id === alert.id)
  if (at !== -1) inhibitors[at] = alert
}

/**
 * Walks over every open alert and brings it in line with the silences and the alerts that inhibit it. What it does may be
 * done again at any time, so a walk that was cut short is made good by the next.
 */
export async function settleAllQuiet(
  records: Records,
  { now, publish }: { readonly now: () => number; readonly publish: (change: AlertChange) => void },
): Promise<void> {
  let cursor: string | undefined
  do {
    const { changes, next } = await records.transaction(async (repositories) => {
      const page = await repositories.alerts.list({
        states: ['firing', 'acknowledged'],
        limit: chunkSizeMax,
        cursor,
      })
      return { changes: await settlePage(repositories, page.items, now()), next: page.nextCursor }
    })
    for (const change of changes) publish(change)
    cursor = next
    await nextTurn()
  } while (cursor !== undefined)
}

async function settlePage(
  repositories: Repositories,
  page: readonly Alert[],
  nowMs: number,
): Promise<readonly AlertChange[]> {
  const context = await readQuietContext(repositories, page, nowMs)
  const told: AlertChange[] = []
  for (const alert of page) {
    const changes = settleQuiet(alert, context)
    const last = changes.at(-1)
    if (last === undefined || !(await repositories.alerts.replace(last.alert, [alert.state]))) continue
    noteInhibitor(context.inhibitors, last.alert)
    await repositories.alerts.addNotes(
      changes.map(({ action, by, text }) => ({ alertId: alert.id, atMs: nowMs, by, action, text })),
    )
    for (const change of changes) told.push({ alert: last.alert, change: change.action })
  }
  return told
}
