import { z } from 'zod'
import { type AlertRule, alertRuleInputSchema } from '../../contracts/alert.ts'
import { deviceIdSchema } from '../../contracts/device.ts'
import { AppError } from '../../contracts/errors.ts'
import { ruleReplayResourceSchema, ruleResourceSchema } from '../../contracts/http/alert.ts'
import { ruleConditionSchema } from '../../contracts/rule-condition.ts'
import { severitySchema } from '../../contracts/severity.ts'
import { scopeRule } from '../../safety/index.ts'
import type { ApiDeps } from '../deps.ts'
import { empty, json } from '../http/answer.ts'
import { idParamsSchema } from '../http/inputs.ts'
import { defineRoute, type Route } from '../http/route.ts'
import { presentReplay, presentRule } from './present-alert.ts'

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

const periodDaysMax = 31
const testSchema = z
  .strictObject({
    from: z.iso.datetime({ offset: true }),
    to: z.iso.datetime({ offset: true }).optional().describe('Now when absent'),
    deviceIds: z.array(deviceIdSchema).min(1).max(100).optional().describe('All that the rule is about when absent'),
  })
  .describe(`A period of at most ${periodDaysMax} days`)
const draftSchema = z.strictObject({ ...testSchema.shape, rule: alertRuleInputSchema })

const tested = {
  description: 'What the rule would have done, had it been watched',
  schema: ruleReplayResourceSchema,
}
const testFaults = { 429: 'Others are replaying rules just now' }

const unknownRule = { 404: 'There is no such rule' }

type RuleDeps = Pick<ApiDeps, 'alertDesk' | 'directory' | 'ingest' | 'now'>

export function createRuleRoutes({ alertDesk, directory, ingest, now }: RuleDeps): Route[] {
  const { rules } = alertDesk

  async function replay(rule: AlertRule, { from, to, deviceIds }: z.output<typeof testSchema>) {
    const fromMs = Date.parse(from)
    const toMs = to === undefined ? now() : Date.parse(to)
    if (toMs <= fromMs || toMs - fromMs > periodDaysMax * 86_400_000) {
      throw new AppError('invalid', 'bad-time-range', `"to" is after "from", by at most ${periodDaysMax} days`)
    }
    return json(
      presentReplay(await ingest.replayRule({ rule: scopeRule(rule, directory.all()), fromMs, toMs, deviceIds })),
    )
  }

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
      method: 'post',
      path: '/api/alert-rules/test',
      area: 'Alerts',
      summary: 'Try a rule that does not exist yet on what was stored',
      access: 'rules.manage',
      body: draftSchema,
      answer: tested,
      faults: testFaults,
      handler: async ({ body: { rule, ...period } }) => replay(rules.draft(rule), period),
    }),
    defineRoute({
      method: 'post',
      path: '/api/alert-rules/:id/test',
      area: 'Alerts',
      summary: 'Try a rule on what was stored, before it is switched on',
      access: 'rules.manage',
      params: idParamsSchema,
      body: testSchema,
      answer: tested,
      faults: { ...unknownRule, ...testFaults },
      handler: async ({ params, body }) => replay(await rules.get(params.id), body),
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
