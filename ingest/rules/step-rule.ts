import { noStep, type RuleState, type RuleStep, stepFrozen, stepOutside, stepThreshold } from './evaluate.ts'
import { stepParts } from './parts.ts'
import { stepRate } from './rate.ts'
import type { CompiledRule } from './rule-book.ts'

/**
 * What a reading does to a rule. The same for live readings and for a replay of history.
 * @returns `noStep` when nothing changed, as for most readings
 */
export function stepRule(compiled: CompiledRule, state: RuleState, atMs: number, values: Float64Array): RuleStep {
  const { rule, fieldIndex, isOpenAt, threshold } = compiled
  if (threshold !== undefined && isOpenAt === undefined) {
    const value = values[fieldIndex]!
    return Number.isNaN(value) ? noStep : stepThreshold(threshold, state, atMs, value, rule.severity)
  }
  const { condition } = rule
  if (condition.type === 'no-data') return noStep
  if (isOpenAt !== undefined && !isOpenAt(atMs)) return stepOutside(state)
  switch (condition.type) {
    case 'above':
    case 'below': {
      const value = values[fieldIndex]!
      return Number.isNaN(value) ? noStep : stepThreshold(condition, state, atMs, value, rule.severity)
    }
    case 'frozen': {
      const value = values[fieldIndex]!
      return Number.isNaN(value) ? noStep : stepFrozen(condition, state, atMs, value)
    }
    case 'rate': {
      const value = values[fieldIndex]!
      return Number.isNaN(value) ? noStep : stepRate(condition, state, atMs, value)
    }
    case 'all':
    case 'any':
      return stepParts(condition, compiled.partFields, state, atMs, values)
    default:
      // An area has a watch of its own.
      return noStep
  }
}
