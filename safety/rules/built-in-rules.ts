import type { AlertRule } from '../../contracts/alert.ts'
import type { DefaultThreshold, Kind } from '../../contracts/kinds/kind.ts'
import type { RuleCondition } from '../../contracts/rule-condition.ts'
import type { Severity } from '../../contracts/severity.ts'

export type BuiltInRule = Omit<AlertRule, 'updatedAtMs'>

/** A device that missed this many reports in a row is silent. */
const missedReportsMax = 5
const afterSMax = 86_400

/**
 * The rules every installation starts with, out of the descriptors of the kinds.
 * Their ids are made of what they watch, so that a new version finds its own again.
 */
export function deriveBuiltInRules(kinds: readonly Kind[]): readonly BuiltInRule[] {
  return kinds.flatMap((kind) => [
    ...kind.thresholds.flatMap((threshold) => thresholdRules(kind, threshold)),
    silenceRule(kind),
    ...(kind.frozenAfterS === undefined ? [] : [frozenRule(kind, kind.frozenAfterS)]),
  ])
}

function thresholdRules(kind: Kind, threshold: DefaultThreshold): readonly BuiltInRule[] {
  const { field, severity, holdS, raiseAbove, clearBelow, raiseBelow, clearAbove } = threshold
  const { label, unit } = kind.fields[field]!
  const rules: BuiltInRule[] = []
  const add = (type: 'above' | 'below', raise: number, clear: number) =>
    rules.push(
      builtIn({
        id: `${kind.id}.${field}.${type}.${severity}`,
        name: `${kind.label}: ${label} ${type} ${raise} ${unit}`.trim(),
        severity,
        condition: { type, kind: kind.id, field, raise, clear, holdS },
      }),
    )
  if (raiseAbove !== undefined) add('above', raiseAbove, clearBelow ?? raiseAbove)
  if (raiseBelow !== undefined) add('below', raiseBelow, clearAbove ?? raiseBelow)
  return rules
}

function silenceRule(kind: Kind): BuiltInRule {
  const afterS = Math.min(kind.reportEveryS * missedReportsMax, afterSMax)
  return builtIn({
    id: `${kind.id}.no-data`,
    name: `${kind.label}: no data`,
    severity: 'low',
    condition: { type: 'no-data', kind: kind.id, afterS },
  })
}

function frozenRule(kind: Kind, frozenAfterS: number): BuiltInRule {
  const field = kind.card.primary
  return builtIn({
    id: `${kind.id}.${field}.frozen`,
    name: `${kind.label}: ${kind.fields[field]!.label} does not move`,
    severity: 'low',
    condition: { type: 'frozen', kind: kind.id, field, afterS: Math.min(frozenAfterS, afterSMax) },
  })
}

function builtIn(rule: {
  readonly id: string
  readonly name: string
  readonly severity: Severity
  readonly condition: RuleCondition
}): BuiltInRule {
  return { ...rule, enabled: true, builtIn: true }
}
