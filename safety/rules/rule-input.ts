import { z } from 'zod'
import { type AlertRuleInput, alertRuleInputSchema } from '../../contracts/alert.ts'
import { AppError } from '../../contracts/errors.ts'
import { findKind } from '../../contracts/kinds/index.ts'

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
  const { name, severity, enabled, condition } = read(patchSchema, patch)
  return readRuleInput({
    name: name ?? rule.name,
    severity: severity ?? rule.severity,
    enabled: enabled ?? rule.enabled,
    condition: condition ?? rule.condition,
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
  if ('field' in condition && !Object.hasOwn(kind.fields, condition.field)) {
    throw new AppError('invalid', 'unknown-field', `${kind.id} has no field ${condition.field}`)
  }
  return rule
}
