import type { Logger } from 'pino'
import type { Alert, AlertNote, AlertStorm } from '../../contracts/alert.ts'
import type { Bus } from '../../contracts/bus.ts'
import { AppError } from '../../contracts/errors.ts'
import type { BusEvents } from '../../contracts/events.ts'
import { kinds as knownKinds } from '../../contracts/kinds/index.ts'
import type { Kind } from '../../contracts/kinds/kind.ts'
import type { TransitionSink } from '../../contracts/ports/telemetry.ts'
import type { Service } from '../../contracts/service.ts'
import type { AlertQuery, AlertSummary, Page, Records, Repositories } from '../../store/index.ts'
import { createRuleDesk, type RuleDesk } from '../rules/rule-desk.ts'
import { type AlertWatch, createAlertWatch } from './alert-watch.ts'
import { type AlertStep, takeStep } from './life-cycle.ts'
import { createSilenceDesk, type SilenceDesk } from './silence-desk.ts'
import { toAlertStorm } from './storms.ts'
import { createTransitionSink } from './transition-sink.ts'

/** Who asks, and for which alert. `by` is a user's id. */
interface AlertAction {
  readonly alertId: string
  readonly by: string
  readonly note?: string
}

/**
 * Alerts and the rules that raise them. `start` brings the built-in rules up to date and publishes `rules-changed`.
 * @throws AppError `alert-not-found`, `alert-already-acknowledged`, `alert-already-resolved`, `user-not-found`
 */
export interface AlertDesk extends TransitionSink, Service {
  acknowledge(action: AlertAction): Promise<Alert>
  assign(action: AlertAction & { readonly to: string }): Promise<Alert>
  comment(action: AlertAction & { readonly note: string }): Promise<Alert>
  resolve(action: AlertAction): Promise<Alert>
  get(alertId: string): Promise<Alert>
  /** Newest first. */
  list(query: AlertQuery): Promise<Page<Alert>>
  notes(alertId: string): Promise<readonly AlertNote[]>
  summary(): Promise<AlertSummary>
  /** Makes the alerts of its rule and device quiet for a while, this one and those that follow. */
  silence(action: {
    readonly alertId: string
    readonly by: string
    readonly durationS: number
    readonly reason: string
  }): Promise<Alert>
  /** Those with open members, newest first. */
  storms(): Promise<readonly AlertStorm[]>
  readonly silences: SilenceDesk
  readonly rules: RuleDesk
  /** What is done by the clock. */
  readonly tick: AlertWatch['tick']
}

interface AlertDeskDeps {
  readonly records: Records
  readonly bus: Bus
  readonly now: () => number
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>
  /** The kinds whose descriptors give the built-in rules; all of them unless told. */
  readonly kinds?: readonly Kind[]
}

export function createAlertDesk(deps: AlertDeskDeps): AlertDesk {
  const { records, bus, now, log, kinds = knownKinds } = deps
  const { seed, ...rules } = createRuleDesk({ records, bus, now, kinds })
  const watch = createAlertWatch({ records, bus, now, log })
  const silences = createSilenceDesk({ records, now, settle: watch.settle })
  let unsubscribe: (() => void) | undefined

  async function act({ alertId, note }: AlertAction, step: HumanStep): Promise<Alert> {
    const alert = await records.transaction((repositories) =>
      takeStepDurably(repositories, { alertId, step, note, nowMs: now() }),
    )
    bus.publish('alert-changed', { alert, change: changeOf[step.type] })
    if (alert.state === 'resolved') await watch.noteChanges([{ alert, change: 'resolved' }])
    return alert
  }

  return {
    name: 'alert-desk',
    async start() {
      await seed()
      watch.start()
      unsubscribe ??= bus.subscribe('rules-changed', () => {
        // Rules may inhibit others now, or no longer.
        watch.settle().catch((error: unknown) => log.error({ err: error }, 'alerts could not be settled'))
      })
      log.info({ ruleCount: (await rules.all()).length }, 'alert rules ready')
    },
    async stop() {
      unsubscribe?.()
      unsubscribe = undefined
      await watch.stop()
    },
    ...createTransitionSink({ records, bus, now, onChanges: watch.noteChanges }),
    acknowledge: (action) => act(action, { type: 'acknowledge', by: action.by }),
    assign: (action) => act(action, { type: 'assign', by: action.by, to: action.to }),
    comment: (action) => act(action, { type: 'comment', by: action.by }),
    resolve: (action) => act(action, { type: 'resolve', by: action.by }),
    get: (alertId) => findAlert(records, alertId),
    list: records.alerts.list,
    async notes(alertId) {
      await findAlert(records, alertId)
      return records.alerts.notes(alertId)
    },
    summary: records.alerts.summary,
    async silence({ alertId, by, durationS, reason }) {
      const alert = await findAlert(records, alertId)
      if (alert.state === 'resolved') {
        throw new AppError('conflict', 'alert-already-resolved', `alert ${alertId} is resolved and cannot be silenced`)
      }
      const fromMs = now()
      await silences.create({
        match: { ruleId: alert.ruleId, deviceId: alert.deviceId },
        period: { fromMs, untilMs: fromMs + durationS * 1000 },
        reason,
        by,
      })
      return findAlert(records, alertId)
    },
    async storms() {
      return (await records.storms.withOpenMembers()).map(toAlertStorm)
    },
    silences,
    rules,
    tick: watch.tick,
  }
}

type HumanStep = Extract<AlertStep, { by: string }> & { type: keyof typeof changeOf }

const changeOf = {
  acknowledge: 'acknowledged',
  assign: 'assigned',
  comment: 'commented',
  resolve: 'resolved',
} as const satisfies Partial<Record<AlertStep['type'], BusEvents['alert-changed']['change']>>

async function takeStepDurably(
  { alerts, users, audit }: Repositories,
  { alertId, step, note, nowMs }: { alertId: string; step: HumanStep; note: string | undefined; nowMs: number },
): Promise<Alert> {
  const before = await findAlert({ alerts }, alertId)
  const after = takeStep(before, step, { atMs: nowMs, nowMs })
  if (step.type === 'assign') await assertUser(users, step.to)
  if (!(await alerts.replace(after, [before.state]))) {
    throw new AppError('conflict', 'alert-changed', `alert ${alertId} was changed by somebody else just now`)
  }
  await alerts.addNotes([
    { alertId, atMs: nowMs, by: step.by, action: changeOf[step.type], text: noteText(step, note) },
  ])
  await audit.append({
    actor: step.by,
    action: `alert-${changeOf[step.type]}`,
    subject: `alert:${alertId}`,
    // What was written stays with the alert, and goes with it.
    detail: { deviceId: after.deviceId, ...(step.type === 'assign' && { to: step.to }) },
  })
  return after
}

function noteText(step: HumanStep, note: string | undefined): string | undefined {
  if (step.type !== 'assign') return note
  return note === undefined ? `to ${step.to}` : `to ${step.to}: ${note}`
}

async function assertUser(users: Repositories['users'], userId: string): Promise<void> {
  const user = await users.get(userId)
  if (user?.state !== 'active') throw new AppError('not-found', 'user-not-found', `no active user ${userId}`)
}

async function findAlert({ alerts }: Pick<Repositories, 'alerts'>, alertId: string): Promise<Alert> {
  const alert = await alerts.get(alertId)
  if (!alert) throw new AppError('not-found', 'alert-not-found', `no alert ${alertId}`)
  return alert
}
