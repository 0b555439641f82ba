import type { RuleCondition } from '../../contracts/rule-condition.ts'
import type { Severity } from '../../contracts/severity.ts'

/** Where one rule stands for one source. `firing` is known to the alert desk; the rest is only remembered here. */
export type RuleState =
  | { readonly phase: 'clear' }
  | { readonly phase: 'pending'; readonly sinceMs: number }
  /** `level` counts the steps that were passed; absent when nobody looked yet, as after a restart. */
  | { readonly phase: 'firing'; readonly level?: number }
  /** A frozen rule's memory of the value that has not moved. */
  | { readonly phase: 'still'; readonly sinceMs: number; readonly value: number; readonly isFiring: boolean }
  /** A rate rule's memory of the window: times and values in turn, oldest first. */
  | { readonly phase: 'rate'; readonly samples: readonly number[]; readonly inner: RuleState }
  /** Which parts of an AND or OR hold, one bit each. */
  | { readonly phase: 'parts'; readonly bits: number; readonly inner: RuleState }

export const clearState: RuleState = { phase: 'clear' }
export const firingState: RuleState = { phase: 'firing' }

export type RuleEdge = 'raise' | 'clear' | 'level' | undefined

export interface RuleStep {
  readonly state: RuleState
  readonly edge: RuleEdge
  /** What decided, where it is not the value of the rule's field. */
  readonly value?: number
  /** Of a level, and of a raise beyond a step. */
  readonly severity?: Severity
}

export interface ThresholdCondition {
  readonly type: 'above' | 'below'
  readonly raise: number
  readonly clear: number
  readonly holdS: number
  readonly steps?: readonly { readonly raise: number; readonly severity: Severity }[] | undefined
}
type FrozenCondition = Extract<RuleCondition, { type: 'frozen' }>

/** Nothing changed: callers compare by identity and allocate nothing for the ordinary reading. */
export const noStep: RuleStep = { state: clearState, edge: undefined }

/**
 * Hysteresis with a hold: raises once the value has been beyond `raise` for `holdS` of event time, clears as soon as
 * it is back past `clear`. Between the two nothing changes, except that an unfinished hold starts over.
 * @param base severity below the first step, for rules that have steps
 * @returns `noStep` when nothing changed
 */
export function stepThreshold(
  c: ThresholdCondition,
  state: RuleState,
  atMs: number,
  value: number,
  base?: Severity,
): RuleStep {
  const isBeyond = c.type === 'above' ? value > c.raise : value < c.raise
  switch (state.phase) {
    case 'firing':
      if (c.type === 'above' ? value >= c.clear : value <= c.clear) {
        return c.steps === undefined ? noStep : stepLevel(c, c.steps, state.level, value, base)
      }
      return { state: clearState, edge: 'clear' }
    case 'pending':
      if (!isBeyond) return { state: clearState, edge: undefined }
      return atMs - state.sinceMs >= c.holdS * 1000 ? raise(c, value) : noStep
    default:
      if (!isBeyond) return noStep
      if (c.holdS === 0) return raise(c, value)
      return { state: { phase: 'pending', sinceMs: atMs }, edge: undefined }
  }
}

function raise({ type, steps }: ThresholdCondition, value: number): RuleStep {
  if (steps === undefined) return { state: firingState, edge: 'raise' }
  const level = levelUp(type, steps, 0, value)
  const severity = steps[level - 1]?.severity
  return { state: { phase: 'firing', level }, edge: 'raise', ...(severity && { severity }) }
}

/** Up past a step's own limit; down once the value is back by as much as between raise and clear. */
function stepLevel(
  { type, raise, clear }: ThresholdCondition,
  steps: NonNullable<ThresholdCondition['steps']>,
  known: number | undefined,
  value: number,
  base: Severity | undefined,
): RuleStep {
  let level = levelUp(type, steps, known ?? 0, value)
  while (level > 0) {
    const limit = steps[level - 1]!.raise + (clear - raise)
    if (type === 'above' ? value >= limit : value <= limit) break
    level--
  }
  if (level === known) return noStep
  const severity = steps[level - 1]?.severity ?? base
  return { state: { phase: 'firing', level }, edge: 'level', ...(severity && { severity }) }
}

function levelUp(
  type: ThresholdCondition['type'],
  steps: NonNullable<ThresholdCondition['steps']>,
  from: number,
  value: number,
): number {
  let level = from
  while (level < steps.length && (type === 'above' ? value > steps[level]!.raise : value < steps[level]!.raise)) level++
  return level
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

/** Outside of its hours a condition counts as not met. */
export function stepOutside(state: RuleState): RuleStep {
  if (isFiringState(state)) return { state: clearState, edge: 'clear' }
  return state.phase === 'clear' ? noStep : { state: clearState, edge: undefined }
}

export function isFiringState(state: RuleState): boolean {
  switch (state.phase) {
    case 'firing':
      return true
    case 'still':
      return state.isFiring
    case 'rate':
    case 'parts':
      return isFiringState(state.inner)
    default:
      return false
  }
}
