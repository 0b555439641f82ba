import { type IdleUnitState, idleUnitStates, type UnitState } from '../../contracts/dispatch.ts'
import { AppError } from '../../contracts/errors.ts'

/** What happens to a unit through what it is assigned to. */
export type UnitStep = 'commit' | 'set-out' | 'arrive' | 'finish' | 'let-go'

/** What may happen in which state, and what state it leads to. A step that is not listed is illegal. */
const steps: Readonly<Record<UnitState, Partial<Record<UnitStep, UnitState>>>> = {
  available: { commit: 'committed' },
  // On its way back it can be sent on.
  returning: { commit: 'committed' },
  committed: { 'set-out': 'en-route', arrive: 'on-scene', finish: 'returning', 'let-go': 'available' },
  'en-route': { arrive: 'on-scene', finish: 'returning', 'let-go': 'returning' },
  'on-scene': { finish: 'returning', 'let-go': 'returning' },
  'off-duty': {},
  'out-of-service': {},
}

/** @returns undefined when the step is illegal */
export function unitStateAfter(state: UnitState, step: UnitStep): UnitState | undefined {
  return steps[state][step]
}

export function mayBeCommitted(state: UnitState): boolean {
  return unitStateAfter(state, 'commit') !== undefined
}

/** True for states that people set; a unit in another one is bound by an assignment. */
export function isIdle(state: UnitState): state is IdleUnitState {
  return (idleUnitStates as readonly UnitState[]).includes(state)
}

/** @throws AppError `unit-not-available`, naming the state it is in */
export function assertMayBeCommitted({
  unitNumber,
  state,
}: {
  readonly unitNumber: string
  readonly state: UnitState
}): void {
  if (mayBeCommitted(state)) return
  const details = [{ path: 'state', message: state }]
  throw new AppError('conflict', 'unit-not-available', `unit ${unitNumber} is ${state}`, { details })
}
