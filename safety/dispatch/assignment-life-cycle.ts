import type { Assignment, AssignmentState } from '../../contracts/dispatch.ts'
import { AppError } from '../../contracts/errors.ts'
import type { UnitStep } from './unit-life-cycle.ts'

/** What is said or done about an assignment. `by` is a user's id, or `system`. */
export interface AssignmentStep {
  readonly type: 'confirm' | 'decline' | 'set-out' | 'arrive' | 'complete' | 'release'
  readonly by: string
  readonly reason?: string | undefined
}

type StepType = AssignmentStep['type']

/** What may be done in which state. */
const allowed: Readonly<Record<AssignmentState, readonly StepType[]>> = {
  assigned: ['confirm', 'decline', 'set-out', 'arrive', 'release'],
  // Who has said yes and cannot come after all, says so too.
  confirmed: ['decline', 'set-out', 'arrive', 'release'],
  'en-route': ['decline', 'arrive', 'complete', 'release'],
  'on-scene': ['complete', 'release'],
  declined: [],
  completed: [],
  released: [],
}

const aims = {
  confirm: 'confirmed',
  decline: 'declined',
  'set-out': 'en-route',
  arrive: 'on-scene',
  complete: 'completed',
  release: 'released',
} as const satisfies Record<StepType, AssignmentState>

/** What the step does to the unit; nothing when it only answers. */
export const unitStepOf: Readonly<Record<StepType, UnitStep | undefined>> = {
  confirm: undefined,
  decline: 'let-go',
  'set-out': 'set-out',
  arrive: 'arrive',
  complete: 'finish',
  release: 'let-go',
}

/** @returns undefined when the step is illegal */
export function assignmentStateAfter(state: AssignmentState, type: StepType): AssignmentState | undefined {
  return allowed[state].includes(type) ? aims[type] : undefined
}

/**
 * A step that has been taken already changes nothing: radios lose answers, and phones send again.
 * @returns the very assignment when there is nothing to change
 * @throws AppError `assignment-illegal-transition`, naming both states
 */
export function takeAssignmentStep(assignment: Assignment, step: AssignmentStep, nowMs: number): Assignment {
  const { id, state } = assignment
  const aim = aims[step.type]
  if (state === aim) return assignment
  if (assignmentStateAfter(state, step.type) === undefined) throw illegalStep({ id, from: state, to: aim })
  const next: Assignment = { ...assignment, state: aim, updatedAtMs: nowMs, reason: step.reason ?? assignment.reason }
  const answered = {
    answeredAtMs: assignment.answeredAtMs ?? nowMs,
    answeredBy: assignment.answeredBy ?? step.by,
  }
  switch (step.type) {
    case 'confirm':
      return { ...next, ...answered }
    case 'decline':
      return { ...next, answeredAtMs: nowMs, answeredBy: step.by, endedAtMs: nowMs }
    case 'set-out':
      return { ...next, ...answered, enRouteAtMs: nowMs }
    case 'arrive':
      return { ...next, ...answered, onSceneAtMs: nowMs }
    case 'complete':
    case 'release':
      return { ...next, endedAtMs: nowMs }
  }
}

function illegalStep({ id, from, to }: { id: string; from: AssignmentState; to: AssignmentState }): AppError {
  const details = [
    { path: 'from', message: from },
    { path: 'to', message: to },
  ]
  const message = `assignment ${id} is ${from} and cannot become ${to}`
  return new AppError('conflict', 'assignment-illegal-transition', message, { details })
}
