import { z } from 'zod'
import { alertRuleInputSchema } from '../../contracts/alert.ts'
import { ruleResourceSchema } from '../../contracts/http/alert.ts'
import { ruleConditionSchema } from '../../contracts/rule-condition.ts'
import { severitySchema } from '../../contracts/severity.ts'
import type { AlertDesk } from '../../safety/index.ts'
import { empty, json } from '../http/answer.ts'
import { idParamsSchema } from '../http/inputs.ts'
import { defineRoute, type Route } from '../http/route.ts'
import { presentRule } from './present-alert.ts'

// That a changed condition holds together is for the rule desk to say, which sees the whole rule.
const patchSchema = z
  .strictObject({
    name: z.string().trim().min(1).max(120).optional(),
    severity: severitySchema.optional(),
    enabled: z.boolean().optional(),
    condition: ruleConditionSchema.optional(),
    escalateAfterMin: alertRuleInputSchema.shape.escalateAfterMin,
    inhibits: alertRuleInputSchema.shape.inhibits,
  })
  .refine((patch) => Object.keys(patch).length > 0, { message: 'nothing to change' })

const unknownRule = { 404: 'There is no such rule' }

export function createRuleRoutes({ alertDesk }: { readonly alertDesk: AlertDesk }): Route[] {
  const { rules } = alertDesk
  return [
    defineRoute({
      method: 'get',
      path: '/api/alert-rules',
      area: 'Alerts',
      summary: 'All rules, those of the kinds and those made here',
      access: 'rules.read',
      answer: { description: 'The rules', schema: z.strictObject({ items: z.array(ruleResourceSchema) }) },
      handler: async () => json({ items: (await rules.all()).map(presentRule) }),
    }),
    defineRoute({
      method: 'post',
      path: '/api/alert-rules',
      area: 'Alerts',
      summary: 'Make a rule; it is watched from now on',
      access: 'rules.manage',
      body: alertRuleInputSchema,
      answer: { status: 201, description: 'The rule', schema: ruleResourceSchema },
      handler: async ({ body, principal }) => {
        const rule = await rules.create({ input: body, by: principal.userId })
        const headers = { Location: `/api/alert-rules/${encodeURIComponent(rule.id)}` }
        return json(presentRule(rule), { headers })
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/alert-rules/:id',
      area: 'Alerts',
      summary: 'One rule',
      access: 'rules.read',
      params: idParamsSchema,
      answer: { description: 'The rule', schema: ruleResourceSchema },
      faults: unknownRule,
      handler: async ({ params }) => json(presentRule(await rules.get(params.id))),
    }),
    defineRoute({
      method: 'patch',
      path: '/api/alert-rules/:id',
      area: 'Alerts',
      summary: 'Change what is named of a rule',
      access: 'rules.manage',
      params: idParamsSchema,
      body: patchSchema,
      answer: { description: 'The rule as it now is', schema: ruleResourceSchema },
      faults: unknownRule,
      handler: async ({ params, body, principal }) =>
        json(presentRule(await rules.update({ ruleId: params.id, patch: body, by: principal.userId }))),
    }),
    defineRoute({
      method: 'delete',
      path: '/api/alert-rules/:id',
      area: 'Alerts',
      summary: 'Delete a rule; its open alerts end',
      access: 'rules.manage',
      params: idParamsSchema,
      answer: { status: 204, description: 'Deleted' },
      faults: { ...unknownRule, 409: 'A rule of a kind can be switched off, not deleted' },
      handler: async ({ params, principal }) => {
        await rules.delete({ ruleId: params.id, by: principal.userId })
        return empty()
      },
    }),
  ]
}
