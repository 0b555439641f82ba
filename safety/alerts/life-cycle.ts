import type { Alert } from '../../contracts/alert.ts'
import { AppError } from '../../contracts/errors.ts'

type State = Alert['state']

/** What may be done in which state, and what state it leads to. A step that is not listed is illegal. */
const steps = {
  firing: {
    acknowledge: 'acknowledged',
    assign: 'firing',
    comment: 'firing',
    resolve: 'resolved',
    clear: 'resolved',
  },
  acknowledged: {
    assign: 'acknowledged',
    comment: 'acknowledged',
    resolve: 'resolved',
    clear: 'resolved',
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

/** What an illegal step would have led to, in words for the error. */
const aims: Readonly<Record<AlertStep['type'], string>> = {
  acknowledge: 'acknowledged',
  assign: 'assigned',
  comment: 'commented',
  resolve: 'resolved',
  clear: 'cleared',
}

/** @returns the state that the step leads to, or undefined when it is illegal */
export function stateAfter(state: State, step: AlertStep['type']): State | undefined {
  return (steps[state] as Partial<Record<AlertStep['type'], State>>)[step]
}

/**
 * @param atMs when the step was taken; for `clear`, when the condition was gone
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
      return { ...next, resolvedAtMs: atMs, resolvedBy: step.by }
    case 'clear':
      return { ...next, resolvedAtMs: atMs, resolvedBy: 'rule' }
  }
}

function illegalStep({ id, state }: Alert, step: AlertStep['type']): AppError {
  const message = `alert ${id} is ${state} and cannot become ${aims[step]}`
  const details = [
    { path: 'from', message: state },
    { path: 'to', message: aims[step] },
  ]
  return new AppError('conflict', `alert-already-${state}`, message, { details })
}
