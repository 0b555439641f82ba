import { z } from 'zod'
import { type AlertRuleInput, alertRuleInputSchema } from '../../contracts/alert.ts'
import { AppError } from '../../contracts/errors.ts'
import { findKind } from '../../contracts/kinds/index.ts'
import { fieldsOf } from '../../contracts/rule-condition.ts'

// Without the default of `enabled`: in a patch, absent means unchanged.
const patchSchema = z.object({ ...alertRuleInputSchema.shape, enabled: z.boolean() }).partial()

/** @throws AppError `invalid-rule`, `unknown-kind`, `unknown-field` */
export function readRuleInput(input: unknown): AlertRuleInput {
  return assertWatchable(read(alertRuleInputSchema, input))
}

/**
 * @param patch whatever is to change of `rule`; a condition is changed as a whole
 * @throws AppError `invalid-rule`, `unknown-kind`, `unknown-field`
 */
export function readRulePatch(rule: AlertRuleInput, patch: unknown): AlertRuleInput {
  const { name, severity, enabled, condition, escalateAfterMin, inhibits } = read(patchSchema, patch)
  return readRuleInput({
    name: name ?? rule.name,
    severity: severity ?? rule.severity,
    enabled: enabled ?? rule.enabled,
    condition: condition ?? rule.condition,
    // Null takes it away; absent leaves it.
    escalateAfterMin: escalateAfterMin === undefined ? rule.escalateAfterMin : escalateAfterMin,
    inhibits: inhibits ?? rule.inhibits,
  })
}

function read<T>(schema: z.ZodType<T>, value: unknown): T {
  const { data, error } = schema.safeParse(value)
  if (data !== undefined) return data
  const details = error?.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message })) ?? []
  throw new AppError('invalid', 'invalid-rule', 'the rule cannot be taken as it is', { details })
}

function assertWatchable(rule: AlertRuleInput): AlertRuleInput {
  const { condition } = rule
  const kind = findKind(condition.kind)
  if (!kind) throw new AppError('invalid', 'unknown-kind', `there is no kind ${condition.kind}`)
  for (const field of fieldsOf(condition)) {
    if (!Object.hasOwn(kind.fields, field)) {
      throw new AppError('invalid', 'unknown-field', `${kind.id} has no field ${field}`)
    }
  }
  return rule
}
