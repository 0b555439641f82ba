import type { Alert, AlertNote, AlertRule, RuleTransition } from '../../contracts/alert.ts'
import type { TransitionProgress } from '../../store/index.ts'
import { takeStep } from './life-cycle.ts'
import { describeAlert } from './message.ts'

export interface TransitionContext {
  readonly rules: ReadonlyMap<string, AlertRule>
  /** The open alerts of the rules and devices concerned. */
  readonly open: readonly Alert[]
  /** What was applied before to the rules and devices concerned. */
  readonly progress: readonly TransitionProgress[]
  readonly nowMs: number
  readonly makeId: () => string
}

/** What a batch of transitions comes to. */
export interface TransitionOutcome {
  /** Alerts that were open before and are resolved now. */
  readonly cleared: readonly Alert[]
  /** Alerts that are new; one that cleared within the batch is resolved already. */
  readonly raised: readonly Alert[]
  /** Alerts that stay open and are of another severity now. */
  readonly changed: readonly Alert[]
  readonly notes: readonly (AlertNote & { readonly alertId: string })[]
  readonly progress: readonly TransitionProgress[]
}

/**
 * Decides what transitions do to alerts. They may come twice and out of order.
 *
 * Per rule and device, time only goes forward: what is older than the newest applied transition, or equals one of its
 * own type, has been seen or overtaken. So a raise that is delivered again cannot reopen an alert, whoever resolved it.
 */
export function decideTransitions(
  transitions: readonly RuleTransition[],
  { rules, open, progress, nowMs, makeId }: TransitionContext,
): TransitionOutcome {
  const openNow = new Map(open.map((alert) => [pairKey(alert), alert]))
  const progressNow = new Map(progress.map((of) => [pairKey(of), of]))
  const moved = new Set<string>()
  const raised = new Map<string, Alert>()
  const changed = new Map<string, Alert>()
  const cleared: Alert[] = []
  const notes: (AlertNote & { alertId: string })[] = []

  for (const transition of transitions) {
    const key = pairKey(transition)
    const rule = rules.get(transition.ruleId)
    const before = progressNow.get(key)
    if (transition.type === 'level') {
      const alert = openNow.get(key)
      const next = alert && levelled(alert, transition, before, nowMs)
      if (!next) continue
      openNow.set(key, next)
      ;(raised.has(next.id) ? raised : changed).set(next.id, next)
      notes.push(noteOf(next, transition, 'severity-changed', `${alert.severity} to ${next.severity}`))
      continue
    }
    if (!isNews(transition, before)) continue
    if (transition.type === 'raise') {
      // Seen by the pipeline before it heard that the rule was switched off.
      if (!rule?.enabled) continue
      if (!openNow.has(key)) {
        const alert = openAlert({ transition, rule, id: makeId(), nowMs })
        openNow.set(key, alert)
        raised.set(alert.id, alert)
        notes.push(noteOf(alert, transition, 'raised', alert.message))
      }
    } else {
      const alert = openNow.get(key)
      if (alert) {
        const resolved = takeStep(alert, { type: 'clear' }, { atMs: transition.atMs, nowMs })
        openNow.delete(key)
        changed.delete(alert.id)
        if (raised.has(alert.id)) raised.set(alert.id, resolved)
        else cleared.push(resolved)
        notes.push(noteOf(alert, transition, 'cleared', undefined))
      }
    }
    progressNow.set(key, progressAfter(transition, before))
    moved.add(key)
  }
  return {
    cleared,
    raised: [...raised.values()],
    changed: [...changed.values()],
    notes,
    progress: [...moved].map((key) => progressNow.get(key)!),
  }
}

/** @returns undefined when the level is known or overtaken, or is of an alert before this one */
function levelled(
  alert: Alert,
  { severity, atMs }: RuleTransition,
  before: TransitionProgress | undefined,
  nowMs: number,
): Alert | undefined {
  if (severity === undefined || severity === alert.severity) return undefined
  if (atMs < (alert.severitySinceMs ?? alert.raisedAtMs) || atMs < (before?.clearedAtMs ?? 0)) return undefined
  return takeStep(alert, { type: 'change-severity', to: severity }, { atMs, nowMs })
}

function isNews({ type, atMs }: RuleTransition, before: TransitionProgress | undefined): boolean {
  const raisedAtMs = before?.raisedAtMs ?? Number.NEGATIVE_INFINITY
  const clearedAtMs = before?.clearedAtMs ?? Number.NEGATIVE_INFINITY
  // At one and the same time a clear may follow a raise, and a raise a clear: two readings may share a time.
  return type === 'raise' ? atMs > raisedAtMs && atMs >= clearedAtMs : atMs > clearedAtMs && atMs >= raisedAtMs
}

function progressAfter(
  { type, ruleId, deviceId, atMs }: RuleTransition,
  before: TransitionProgress | undefined,
): TransitionProgress {
  return {
    ruleId,
    deviceId,
    raisedAtMs: type === 'raise' ? atMs : before?.raisedAtMs,
    clearedAtMs: type === 'clear' ? atMs : before?.clearedAtMs,
  }
}

function openAlert(options: { transition: RuleTransition; rule: AlertRule; id: string; nowMs: number }): Alert {
  const { transition, rule, id, nowMs } = options
  return {
    id,
    ruleId: rule.id,
    ruleName: rule.name,
    deviceId: transition.deviceId,
    kind: transition.kind,
    severity: transition.severity ?? rule.severity,
    state: 'firing',
    message: describeAlert(rule.condition, transition.value),
    value: transition.value,
    raisedAtMs: transition.atMs,
    acknowledgedAtMs: undefined,
    acknowledgedBy: undefined,
    resolvedAtMs: undefined,
    resolvedBy: undefined,
    assignedTo: undefined,
    updatedAtMs: nowMs,
  }
}

function noteOf(
  alert: Alert,
  { atMs }: RuleTransition,
  action: 'raised' | 'cleared' | 'severity-changed',
  text: string | undefined,
) {
  return { alertId: alert.id, atMs, by: 'rule', action, text }
}

/** Ids hold no control characters, so a NUL keeps pairs apart. */
function pairKey({ ruleId, deviceId }: { readonly ruleId: string; readonly deviceId: string }): string {
  return `${ruleId}\0${deviceId}`
}
