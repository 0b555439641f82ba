import type { Alert } from '../../contracts/alert.ts'
import { AppError } from '../../contracts/errors.ts'
import type { Severity } from '../../contracts/severity.ts'

type State = Alert['state']

/**
 * What the house itself does to an open alert. Being quiet is no state of its own: an alert that is acknowledged while it
 * is silenced is acknowledged when the silence ends.
 */
const whileOpen = (state: State) =>
  ({
    'change-severity': state,
    silence: state,
    'end-silence': state,
    inhibit: state,
    'end-inhibition': state,
    'join-storm': state,
  }) as const

/** What may be done in which state, and what state it leads to. A step that is not listed is illegal. */
const steps = {
  firing: {
    acknowledge: 'acknowledged',
    assign: 'firing',
    comment: 'firing',
    resolve: 'resolved',
    clear: 'resolved',
    escalate: 'firing',
    ...whileOpen('firing'),
  },
  acknowledged: {
    assign: 'acknowledged',
    comment: 'acknowledged',
    resolve: 'resolved',
    clear: 'resolved',
    ...whileOpen('acknowledged'),
  },
  resolved: {
    comment: 'resolved',
  },
} as const satisfies Record<State, Partial<Record<string, State>>>

export type AlertStep =
  | { readonly type: 'acknowledge'; readonly by: string }
  | { readonly type: 'assign'; readonly by: string; readonly to: string }
  | { readonly type: 'comment'; readonly by: string }
  | { readonly type: 'resolve'; readonly by: string }
  /** The condition is gone; the rule ends its own alert. */
  | { readonly type: 'clear' }
  /** The value passed a step of the rule. */
  | { readonly type: 'change-severity'; readonly to: Severity }
  | { readonly type: 'silence'; readonly silenceId: string; readonly untilMs: number }
  | { readonly type: 'end-silence' }
  | { readonly type: 'inhibit'; readonly by: string }
  | { readonly type: 'end-inhibition' }
  /** Nobody acknowledged it in time. */
  | { readonly type: 'escalate' }
  | { readonly type: 'join-storm'; readonly stormId: string }

/** What an illegal step would have led to, in words for the error. */
const aims: Readonly<Record<AlertStep['type'], string>> = {
  acknowledge: 'acknowledged',
  assign: 'assigned',
  comment: 'commented',
  resolve: 'resolved',
  clear: 'cleared',
  'change-severity': 'of another severity',
  silence: 'silenced',
  'end-silence': 'loud',
  inhibit: 'inhibited',
  'end-inhibition': 'loud',
  escalate: 'escalated',
  'join-storm': 'a member of a storm',
}

/** @returns the state that the step leads to, or undefined when it is illegal */
export function stateAfter(state: State, step: AlertStep['type']): State | undefined {
  return (steps[state] as Partial<Record<AlertStep['type'], State>>)[step]
}

/**
 * @param atMs when the step was taken; for `clear` and `change-severity`, the time of the reading
 * @throws AppError `alert-already-acknowledged`, `alert-already-resolved`
 */
export function takeStep(alert: Alert, step: AlertStep, { atMs, nowMs }: { atMs: number; nowMs: number }): Alert {
  const state = stateAfter(alert.state, step.type)
  if (state === undefined) throw illegalStep(alert, step.type)
  const next: Alert = { ...alert, state, updatedAtMs: nowMs }
  switch (step.type) {
    case 'acknowledge':
      return { ...next, acknowledgedAtMs: atMs, acknowledgedBy: step.by }
    case 'assign':
      return { ...next, assignedTo: step.to }
    case 'comment':
      return next
    case 'resolve':
      return { ...next, ...loud, resolvedAtMs: atMs, resolvedBy: step.by }
    case 'clear':
      return { ...next, ...loud, resolvedAtMs: atMs, resolvedBy: 'rule' }
    case 'change-severity':
      return { ...next, severity: step.to, severitySinceMs: atMs }
    case 'silence':
      return { ...next, silenceId: step.silenceId, silenceEndsAtMs: step.untilMs }
    case 'end-silence':
      return { ...next, silenceId: undefined, silenceEndsAtMs: undefined }
    case 'inhibit':
      return { ...next, inhibitedBy: step.by }
    case 'end-inhibition':
      return { ...next, inhibitedBy: undefined }
    case 'escalate':
      return { ...next, escalatedAtMs: atMs }
    case 'join-storm':
      return { ...next, stormId: step.stormId }
  }
}

/** Nothing makes an alert quiet that is over. */
const loud = { silenceId: undefined, silenceEndsAtMs: undefined, inhibitedBy: undefined } as const

function illegalStep({ id, state }: Alert, step: AlertStep['type']): AppError {
  const message = `alert ${id} is ${state} and cannot become ${aims[step]}`
  const details = [
    { path: 'from', message: state },
    { path: 'to', message: aims[step] },
  ]
  return new AppError('conflict', `alert-already-${state}`, message, { details })
}
