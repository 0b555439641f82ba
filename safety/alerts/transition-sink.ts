import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Alert, AlertNote, AlertRule, RuleTransition } from '../../contracts/alert.ts'
import type { Bus } from '../../contracts/bus.ts'
import type { TransitionSink } from '../../contracts/ports/telemetry.ts'
import { createIdMaker, type Records, type Repositories, type Storm } from '../../store/index.ts'
import { settleQuiet } from './quiet.ts'
import { type AlertChange, readQuietContext } from './quiet-keeper.ts'
import { cellOf, gatherStorms } from './storms.ts'
import { decideTransitions } from './transitions.ts'

/** Transitions applied by one commit: when ten thousand devices fall silent at once, an SOS still gets its turn. */
const chunkSizeMax = 200

export interface TransitionSinkDeps {
  readonly records: Records
  readonly bus: Bus
  readonly now: () => number
  /** Told of what may have made other alerts quiet, or loud again. */
  readonly onChanges: (changes: readonly AlertChange[]) => Promise<void>
}

/** Makes alerts of the pipeline's transitions: a chunk is one durable step, and is published after it. */
export function createTransitionSink({ records, bus, now, onChanges }: TransitionSinkDeps): TransitionSink {
  const makeId = createIdMaker(now)
  // One batch after the other, in the order they came.
  let tail: Promise<unknown> = Promise.resolve()

  async function applyAll(transitions: readonly RuleTransition[]) {
    for (let from = 0; from < transitions.length; from += chunkSizeMax) {
      if (from > 0) await nextTurn()
      const chunk = transitions.slice(from, from + chunkSizeMax)
      const { changes, storms } = await records.transaction((repositories) =>
        applyChunk(repositories, chunk, now(), makeId),
      )
      for (const change of changes) bus.publish('alert-changed', change)
      for (const { id } of storms) bus.publish('storm-started', { stormId: id })
      await onChanges(changes)
    }
  }

  return {
    apply(transitions) {
      const applied = tail.then(() => applyAll(transitions))
      tail = applied.catch(() => undefined)
      return applied
    },
  }
}

async function applyChunk(
  repositories: Repositories,
  chunk: readonly RuleTransition[],
  nowMs: number,
  makeId: () => string,
): Promise<{ readonly changes: readonly AlertChange[]; readonly storms: readonly Storm[] }> {
  const { alerts, rules } = repositories
  const outcome = decideTransitions(chunk, {
    rules: await findRules(rules, chunk),
    open: await alerts.openOf(chunk),
    progress: await alerts.progressOf(chunk),
    nowMs,
    makeId,
  })
  // Cleared first: a new alert of the same rule and device needs the place.
  const cleared: Alert[] = []
  for (const alert of outcome.cleared) {
    if (await alerts.replace(alert, ['firing', 'acknowledged'])) cleared.push(alert)
  }
  const changed: Alert[] = []
  for (const alert of outcome.changed) if (await alerts.replace(alert, [alert.state])) changed.push(alert)
  const raised = await insertRaised(repositories, outcome.raised, nowMs)

  const kept = new Set([...cleared, ...changed, ...raised.alerts].map((alert) => alert.id))
  await alerts.addNotes([...outcome.notes, ...raised.notes].filter((note) => kept.has(note.alertId)))
  await alerts.saveProgress(outcome.progress)
  const { joined, started } = await gatherStorms(repositories, raised.alerts, { cells: raised.cells, nowMs, makeId })
  const members = new Map(joined.map((alert) => [alert.id, alert]))
  const ownIds = new Set(raised.alerts.map(({ id }) => id))
  return {
    changes: [
      ...cleared.map((alert) => ({ alert, change: 'cleared' as const })),
      ...changed.map((alert) => ({ alert, change: 'severity-changed' as const })),
      ...raised.alerts.map((alert) => ({
        alert: members.get(alert.id) ?? alert,
        change: alert.state === 'resolved' ? ('cleared' as const) : ('raised' as const),
      })),
      ...joined.filter(({ id }) => !ownIds.has(id)).map((alert) => ({ alert, change: 'joined-storm' as const })),
    ],
    storms: started,
  }
}

type Note = AlertNote & { readonly alertId: string }

/** New alerts, quiet from the start where something makes them so. */
async function insertRaised(repositories: Repositories, raised: readonly Alert[], nowMs: number) {
  const cells = new Map<string, string>()
  const notes: Note[] = []
  if (raised.length === 0) return { alerts: [], cells, notes }
  const context = await readQuietContext(repositories, raised, nowMs)
  const settled = raised.map((alert) => {
    cells.set(alert.id, cellOf(context.placeOf(alert.deviceId)))
    if (alert.state === 'resolved') return alert
    const changes = settleQuiet(alert, context)
    for (const { action, by, text } of changes) notes.push({ alertId: alert.id, atMs: nowMs, by, action, text })
    const last = changes.at(-1)?.alert ?? alert
    // One of this chunk may inhibit another; those of before are settled after it.
    if (context.inhibitingRules.has(alert.ruleId)) context.inhibitors.push(last)
    return last
  })
  const added = await repositories.alerts.insertOpen(settled, cells)
  return { alerts: settled.filter((alert) => added.has(alert.id)), cells, notes }
}

async function findRules(rules: Repositories['rules'], chunk: readonly RuleTransition[]) {
  const found = new Map<string, AlertRule>()
  for (const ruleId of new Set(chunk.map((transition) => transition.ruleId))) {
    const rule = await rules.get(ruleId)
    if (rule) found.set(ruleId, rule)
  }
  return found
}
