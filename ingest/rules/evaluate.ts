import type { RuleCondition } from '../../contracts/alert.ts'

/** Where one rule stands for one source. `firing` is known to the alert desk; the rest is only remembered here. */
export type RuleState =
  | { readonly phase: 'clear' }
  | { readonly phase: 'pending'; readonly sinceMs: number }
  | { readonly phase: 'firing' }
  /** A frozen rule's memory of the value that has not moved. */
  | { readonly phase: 'still'; readonly sinceMs: number; readonly value: number; readonly isFiring: boolean }

export const clearState: RuleState = { phase: 'clear' }
export const firingState: RuleState = { phase: 'firing' }

export type RuleEdge = 'raise' | 'clear' | undefined

export interface RuleStep {
  readonly state: RuleState
  readonly edge: RuleEdge
}

type ThresholdCondition = Extract<RuleCondition, { type: 'above' | 'below' }>
type FrozenCondition = Extract<RuleCondition, { type: 'frozen' }>

/** Nothing changed: callers compare by identity and allocate nothing for the ordinary reading. */
export const noStep: RuleStep = { state: clearState, edge: undefined }

/**
 * Hysteresis with a hold: raises once the value has been beyond `raise` for `holdS` of event time, clears as soon as
 * it is back past `clear`. Between the two nothing changes, except that an unfinished hold starts over.
 * @returns `noStep` when nothing changed
 */
export function stepThreshold(c: ThresholdCondition, state: RuleState, atMs: number, value: number): RuleStep {
  const isBeyond = c.type === 'above' ? value > c.raise : value < c.raise
  switch (state.phase) {
    case 'firing':
      if (c.type === 'above' ? value >= c.clear : value <= c.clear) return noStep
      return { state: clearState, edge: 'clear' }
    case 'pending':
      if (!isBeyond) return { state: clearState, edge: undefined }
      return atMs - state.sinceMs >= c.holdS * 1000 ? { state: firingState, edge: 'raise' } : noStep
    default:
      if (!isBeyond) return noStep
      if (c.holdS === 0) return { state: firingState, edge: 'raise' }
      return { state: { phase: 'pending', sinceMs: atMs }, edge: undefined }
  }
}

/** Raises when the value has not moved at all for `afterS` of event time; any movement clears. */
export function stepFrozen(c: FrozenCondition, state: RuleState, atMs: number, value: number): RuleStep {
  const isFiring = state.phase === 'firing' || (state.phase === 'still' && state.isFiring)
  if (state.phase !== 'still' || state.value !== value) {
    // Right after a restart only `firing` is known, not the value that stood still: wait for a movement we can see.
    const isMove = state.phase === 'still'
    return {
      state: { phase: 'still', sinceMs: atMs, value, isFiring: isFiring && !isMove },
      edge: isFiring && isMove ? 'clear' : undefined,
    }
  }
  if (!isFiring && atMs - state.sinceMs >= c.afterS * 1000) {
    return { state: { ...state, isFiring: true }, edge: 'raise' }
  }
  return noStep
}

/** Silence is measured on our clock: the device's says nothing while it is silent. */
export function stepSilence(afterS: number, state: RuleState, silentMs: number): RuleStep {
  const isSilent = silentMs >= afterS * 1000
  if (state.phase === 'firing') return isSilent ? noStep : { state: clearState, edge: 'clear' }
  return isSilent ? { state: firingState, edge: 'raise' } : noStep
}

export function isFiringState(state: RuleState): boolean {
  return state.phase === 'firing' || (state.phase === 'still' && state.isFiring)
}
