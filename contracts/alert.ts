import { z } from 'zod'
import { deviceIdSchema } from './device.ts'
import { severitySchema } from './severity.ts'

const scope = {
  /** One device, or every device of the kind when absent. */
  deviceId: deviceIdSchema.nullish(),
  kind: z.string().min(1).max(32),
}
const field = z.string().min(1).max(40)
const seconds = z.number().int().min(0).max(86_400)

/** What a rule watches. Times are event time for thresholds and server time for silence. */
export const ruleConditionSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('above'), ...scope, field, raise: z.number(), clear: z.number(), holdS: seconds }),
  z.object({ type: z.literal('below'), ...scope, field, raise: z.number(), clear: z.number(), holdS: seconds }),
  z.object({ type: z.literal('no-data'), ...scope, afterS: seconds.min(1) }),
  z.object({ type: z.literal('frozen'), ...scope, field, afterS: seconds.min(1) }),
])
export type RuleCondition = z.infer<typeof ruleConditionSchema>

export const alertRuleInputSchema = z
  .object({
    name: z.string().trim().min(1).max(120),
    severity: severitySchema,
    enabled: z.boolean().default(true),
    condition: ruleConditionSchema,
  })
  .refine(({ condition: c }) => c.type !== 'above' || c.clear <= c.raise, {
    message: 'an "above" rule clears at or below the value that raises it',
    path: ['condition', 'clear'],
  })
  .refine(({ condition: c }) => c.type !== 'below' || c.clear >= c.raise, {
    message: 'a "below" rule clears at or above the value that raises it',
    path: ['condition', 'clear'],
  })
export type AlertRuleInput = z.infer<typeof alertRuleInputSchema>

export interface AlertRule extends AlertRuleInput {
  readonly id: string
  /** True for rules that come from a kind's descriptor; they may be switched off or changed, not deleted. */
  readonly builtIn: boolean
  readonly updatedAtMs: number
}

/** What the pipeline saw; `safety/` makes it an alert. The same transition may be delivered twice. */
export interface RuleTransition {
  readonly type: 'raise' | 'clear'
  readonly ruleId: string
  readonly deviceId: string
  readonly kind: string
  /** Event time at which the condition had held long enough, or stopped. */
  readonly atMs: number
  /** The value that decided, absent for silence. */
  readonly value: number | undefined
}

export const alertStates = ['firing', 'acknowledged', 'resolved'] as const

export interface Alert {
  readonly id: string
  readonly ruleId: string
  readonly ruleName: string
  readonly deviceId: string
  readonly kind: string
  readonly severity: z.infer<typeof severitySchema>
  readonly state: (typeof alertStates)[number]
  readonly message: string
  readonly value: number | undefined
  readonly raisedAtMs: number
  readonly acknowledgedAtMs: number | undefined
  readonly acknowledgedBy: string | undefined
  readonly resolvedAtMs: number | undefined
  /** `rule` when the condition cleared by itself, else the user's id. */
  readonly resolvedBy: string | undefined
  readonly assignedTo: string | undefined
  readonly updatedAtMs: number
}

export interface AlertNote {
  readonly atMs: number
  readonly by: string
  readonly action: 'raised' | 'acknowledged' | 'assigned' | 'commented' | 'cleared' | 'resolved'
  readonly text: string | undefined
}
