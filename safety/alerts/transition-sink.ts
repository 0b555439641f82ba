import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Alert, AlertRule, RuleTransition } from '../../contracts/alert.ts'
import type { Bus } from '../../contracts/bus.ts'
import type { BusEvents } from '../../contracts/events.ts'
import type { TransitionSink } from '../../contracts/ports/telemetry.ts'
import { createIdMaker, type Records, type Repositories } from '../../store/index.ts'
import { decideTransitions } from './transitions.ts'

/** Transitions applied by one commit: when ten thousand devices fall silent at once, an SOS still gets its turn. */
const chunkSizeMax = 200

export interface TransitionSinkDeps {
  readonly records: Records
  readonly bus: Bus
  readonly now: () => number
}

/** Makes alerts of the pipeline's transitions: a chunk is one durable step, and is published after it. */
export function createTransitionSink({ records, bus, now }: TransitionSinkDeps): TransitionSink {
  const makeId = createIdMaker(now)
  // One batch after the other, in the order they came.
  let tail: Promise<unknown> = Promise.resolve()

  async function applyAll(transitions: readonly RuleTransition[]) {
    for (let from = 0; from < transitions.length; from += chunkSizeMax) {
      if (from > 0) await nextTurn()
      const chunk = transitions.slice(from, from + chunkSizeMax)
      const changes = await records.transaction((repositories) => applyChunk(repositories, chunk, now(), makeId))
      for (const change of changes) bus.publish('alert-changed', change)
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
  { alerts, rules }: Repositories,
  chunk: readonly RuleTransition[],
  nowMs: number,
  makeId: () => string,
): Promise<readonly BusEvents['alert-changed'][]> {
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
  const added = await alerts.insertOpen(outcome.raised)
  const raised = outcome.raised.filter((alert) => added.has(alert.id))

  const kept = new Set([...cleared, ...raised].map((alert) => alert.id))
  await alerts.addNotes(outcome.notes.filter((note) => kept.has(note.alertId)))
  await alerts.saveProgress(outcome.progress)
  return [
    ...cleared.map((alert) => ({ alert, change: 'cleared' as const })),
    ...raised.map((alert) => ({
      alert,
      change: alert.state === 'resolved' ? ('cleared' as const) : ('raised' as const),
    })),
  ]
}

async function findRules(rules: Repositories['rules'], chunk: readonly RuleTransition[]) {
  const found = new Map<string, AlertRule>()
  for (const ruleId of new Set(chunk.map((transition) => transition.ruleId))) {
    const rule = await rules.get(ruleId)
    if (rule) found.set(ruleId, rule)
  }
  return found
}
