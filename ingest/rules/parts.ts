import type { RuleCondition } from '../../contracts/rule-condition.ts'
import { clearState, noStep, type RuleState, type RuleStep, stepThreshold } from './evaluate.ts'

export type PartsCondition = Extract<RuleCondition, { type: 'all' | 'any' }>

/**
 * AND and OR over the fields of one device. Each part has its own hysteresis; one whose field a reading does not have
 * stays as it was. Raises once all (or any) have held for `holdS`, clears as soon as they no longer do.
 * @param fields place of each part's field in `values`
 */
export function stepParts(
  c: PartsCondition,
  fields: readonly number[],
  state: RuleState,
  atMs: number,
  values: Float64Array,
): RuleStep {
  const everyBit = 2 ** c.parts.length - 1
  // Right after a restart only `firing` is known: then each part holds until it is seen past its clear.
  const known = state.phase === 'parts' ? state.bits : state.phase === 'firing' ? everyBit : 0
  const inner = state.phase === 'parts' ? state.inner : state.phase === 'firing' ? state : clearState
  let bits = known
  for (let i = 0; i < fields.length; i++) {
    const value = values[fields[i]!]!
    if (Number.isNaN(value)) continue
    const { type, raise, clear } = c.parts[i]!
    const bit = 1 << i
    if (bits & bit) {
      if (type === 'above' ? value < clear : value > clear) bits &= ~bit
    } else if (type === 'above' ? value > raise : value < raise) {
      bits |= bit
    }
  }
  const holds = c.type === 'all' ? bits === everyBit : bits !== 0
  const step = stepThreshold({ type: 'above', raise: 0.5, clear: 0.5, holdS: c.holdS }, inner, atMs, holds ? 1 : 0)
  if (step === noStep && bits === known && state.phase === 'parts') return noStep
  if (step === noStep && bits === 0 && state === clearState) return noStep
  const value = firstPresent(fields, values)
  return {
    state: { phase: 'parts', bits, inner: step === noStep ? inner : step.state },
    edge: step.edge,
    ...(value !== undefined && { value }),
  }
}

function firstPresent(fields: readonly number[], values: Float64Array): number | undefined {
  for (const field of fields) {
    const value = values[field]!
    if (!Number.isNaN(value)) return value
  }
  return undefined
}
