import type { AlertRule } from '../../contracts/alert.ts'
import { findKind } from '../../contracts/kinds/index.ts'
import { fieldNames } from '../../contracts/kinds/kind.ts'

/** A rule made ready for the hot path: the field is an index, not a name. */
export interface CompiledRule {
  readonly rule: AlertRule
  readonly fieldIndex: number
}

/** The enabled rules, found by what they apply to. */
export interface RuleBook {
  forSource(deviceId: string, kindId: string): readonly CompiledRule[]
}

export const emptyRuleBook: RuleBook = { forSource: () => [] }

export function createRuleBook(rules: readonly AlertRule[]): RuleBook {
  const byKind = new Map<string, CompiledRule[]>()
  const byDevice = new Map<string, CompiledRule[]>()
  for (const rule of rules) {
    if (!rule.enabled) continue
    const kind = findKind(rule.condition.kind)
    if (!kind) continue
    const fieldIndex = 'field' in rule.condition ? fieldNames(kind).indexOf(rule.condition.field) : -1
    if ('field' in rule.condition && fieldIndex < 0) continue
    const { deviceId } = rule.condition
    const index = deviceId ? byDevice : byKind
    const key = deviceId ? `${deviceId}/${kind.id}` : kind.id
    const list = index.get(key) ?? []
    index.set(key, list)
    list.push({ rule, fieldIndex })
  }
  return {
    forSource(deviceId, kindId) {
      const own = byDevice.get(`${deviceId}/${kindId}`)
      const shared = byKind.get(kindId) ?? []
      return own ? [...shared, ...own] : shared
    },
  }
}
