import type { AlertRule, WatchedRule } from '../../contracts/alert.ts'
import { findKind } from '../../contracts/kinds/index.ts'
import { fieldNames } from '../../contracts/kinds/kind.ts'
import { fieldsOf, type RuleCondition } from '../../contracts/rule-condition.ts'
import type { ThresholdCondition } from './evaluate.ts'
import { createSchedule, type IsOpenAt } from './schedule.ts'

/** A rule made ready for the hot path: fields are indices, not names. */
export interface CompiledRule {
  readonly rule: AlertRule
  /** Of a rule about one limit, always of the same shape: most rules are, and most readings pass through here. */
  readonly threshold: ThresholdCondition | undefined
  /** -1 when the rule looks at no field. */
  readonly fieldIndex: number
  /** Of each part of an AND or OR. */
  readonly partFields: readonly number[]
  /** Undefined: at any time. */
  readonly isOpenAt: IsOpenAt | undefined
}

/** The enabled rules, found by what they apply to. */
export interface RuleBook {
  forSource(deviceId: string, kindId: string): readonly CompiledRule[]
}

export const emptyRuleBook: RuleBook = { forSource: () => [] }

export function createRuleBook(rules: readonly WatchedRule[]): RuleBook {
  const byKind = new Map<string, CompiledRule[]>()
  const byDevice = new Map<string, CompiledRule[]>()
  const add = (index: Map<string, CompiledRule[]>, key: string, compiled: CompiledRule) => {
    const list = index.get(key)
    if (list) list.push(compiled)
    else index.set(key, [compiled])
  }
  for (const rule of rules) {
    const { condition } = rule
    if (!rule.enabled || condition.type === 'area-mean') continue
    const compiled = compileRule(rule)
    if (compiled === undefined) continue
    const { kind, deviceId, area } = condition
    if (!area && !deviceId) {
      add(byKind, kind, compiled)
      continue
    }
    const inArea = area ? (rule.deviceIds ?? []) : [deviceId!]
    for (const id of inArea) if (!deviceId || id === deviceId) add(byDevice, `${id}/${kind}`, compiled)
  }
  return {
    forSource(deviceId, kindId) {
      const own = byDevice.get(`${deviceId}/${kindId}`)
      const shared = byKind.get(kindId) ?? []
      return own ? [...shared, ...own] : shared
    },
  }
}

/** @returns undefined when this version knows its kind or a field of it no more */
export function compileRule(rule: AlertRule): CompiledRule | undefined {
  const { condition } = rule
  const kind = findKind(condition.kind)
  if (!kind) return undefined
  const names = fieldNames(kind)
  const indices = fieldsOf(condition).map((field) => names.indexOf(field))
  if (indices.includes(-1)) return undefined
  const isParts = 'parts' in condition
  return {
    rule,
    threshold: thresholdOf(condition),
    fieldIndex: isParts ? -1 : (indices[0] ?? -1),
    partFields: isParts ? indices : [],
    isOpenAt: condition.schedule ? createSchedule(condition.schedule) : undefined,
  }
}

function thresholdOf(condition: RuleCondition): ThresholdCondition | undefined {
  if (condition.type !== 'above' && condition.type !== 'below') return undefined
  const { type, raise, clear, holdS, steps } = condition
  return { type, raise, clear, holdS, steps }
}
