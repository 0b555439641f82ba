import type { Logger } from 'pino'
import type { Bus } from '../../contracts/bus.ts'
import type { Records } from '../../store/index.ts'
import { takeStep } from './life-cycle.ts'
import { type AlertChange, settleAllQuiet } from './quiet-keeper.ts'

/** What happens to alerts by the clock: silences begin and end, and what nobody acknowledges is told again. */
export interface AlertWatch {
  start(): void
  stop(): Promise<void>
  /** Looks at the clock now. */
  tick(): Promise<void>
  /** Brings every open alert in line with silences and inhibiting alerts; one walk at a time, and never one too few. */
  settle(): Promise<void>
  /** Settles when these changes were of alerts that inhibit others. */
  noteChanges(changes: readonly AlertChange[]): Promise<void>
}

interface AlertWatchDeps {
  readonly records: Records
  readonly bus: Bus
  readonly now: () => number
  readonly log: Pick<Logger, 'error'>
  readonly tickIntervalMs?: number
}

/** Alerts escalated in one commit. */
const escalationsMax = 200
const tickIntervalMsUsual = 5000

export function createAlertWatch({
  records,
  bus,
  now,
  log,
  tickIntervalMs = tickIntervalMsUsual,
}: AlertWatchDeps): AlertWatch {
  let timer: NodeJS.Timeout | undefined
  let walk: Promise<void> | undefined
  let next: Promise<void> | undefined
  let ticking: Promise<void> | undefined
  let inForce = ''

  const publish = (change: AlertChange) => bus.publish('alert-changed', change)
  const walkOnce = () => settleAllQuiet(records, { now, publish })

  function settle(): Promise<void> {
    if (walk === undefined) {
      const started = walkOnce()
      walk = started
      const over = () => {
        if (walk === started) walk = undefined
      }
      started.then(over, over)
      return started
    }
    // The walk under way may have passed what has just changed.
    next ??= walk
      .catch(() => undefined)
      .then(() => {
        next = undefined
        return settle()
      })
    return next
  }

  async function escalate(): Promise<void> {
    for (const rule of await records.rules.escalating()) {
      const raisedBeforeMs = now() - rule.escalateAfterMin! * 60_000
      const due = { ruleId: rule.id, raisedBeforeMs, limit: escalationsMax }
      const escalated = await records.transaction(async ({ alerts }) => {
        const nowMs = now()
        const told = []
        for (const alert of await alerts.unansweredOf(due)) {
          const after = takeStep(alert, { type: 'escalate' }, { atMs: nowMs, nowMs })
          if (await alerts.replace(after, [alert.state])) told.push(after)
        }
        const text = `nobody acknowledged it for ${rule.escalateAfterMin} min`
        await alerts.addNotes(
          told.map(({ id }) => ({ alertId: id, atMs: nowMs, by: 'system', action: 'escalated', text })),
        )
        return told
      })
      for (const alert of escalated) publish({ alert, change: 'escalated' })
    }
  }

  async function tick(): Promise<void> {
    // A walk over all alerts is made only when other silences are in force than at the tick before.
    const active = (await records.silences.active(now())).map(({ id, untilMs }) => `${id} ${untilMs}`).join()
    if (active !== inForce) {
      await settle()
      inForce = active
    }
    await escalate()
  }

  return {
    start() {
      // What was cut short by the end of the process is made good.
      inForce = 'unknown'
      timer ??= setInterval(() => {
        ticking ??= tick()
          .catch((error: unknown) => log.error({ err: error }, 'alerts could not be looked after; trying again'))
          .finally(() => {
            ticking = undefined
          })
      }, tickIntervalMs)
      timer.unref()
    },
    async stop() {
      clearInterval(timer)
      timer = undefined
      await Promise.allSettled([ticking, walk, next])
    },
    tick,
    settle,
    async noteChanges(changes) {
      const ruleIds = new Set(changes.map(({ alert }) => alert.ruleId))
      if (ruleIds.size === 0) return
      const inhibiting = await records.rules.inhibiting()
      if (inhibiting.some(({ id }) => ruleIds.has(id))) await settle()
    },
  }
}
