import { z } from 'zod'
import { complaintAbout, ruleConditionSchema } from './rule-condition.ts'
import { type Severity, severitySchema } from './severity.ts'

const ruleIdSchema = z.string().min(1).max(128)

export const alertRuleInputSchema = z
  .object({
    name: z.string().trim().min(1).max(120),
    severity: severitySchema,
    enabled: z.boolean().default(true),
    condition: ruleConditionSchema,
    /** Minutes after which an alert that nobody acknowledged is told again, louder. Absent: never. */
    escalateAfterMin: z.int().min(1).max(1440).nullish(),
    /** While an alert of this rule is open, those of these rules are quiet, for the same device or in the rule's area. */
    inhibits: z.array(ruleIdSchema).max(50).optional(),
  })
  .superRefine(({ condition }, context) => {
    const complaint = complaintAbout(condition)
    if (complaint) {
      context.addIssue({ code: 'custom', message: complaint.message, path: ['condition', ...complaint.path] })
    }
  })
export type AlertRuleInput = z.infer<typeof alertRuleInputSchema>

export interface AlertRule extends AlertRuleInput {
  readonly id: string
  /** True for rules that come from a kind's descriptor; they may be switched off or changed, not deleted. */
  readonly builtIn: boolean
  readonly updatedAtMs: number
}

/** A rule as the pipeline is to watch it. */
export interface WatchedRule extends AlertRule {
  /** The devices that stand in the area of its condition; absent when it has none. */
  readonly deviceIds?: readonly string[] | undefined
}

/**
 * What the pipeline saw; `safety/` makes it an alert. The same transition may be delivered twice. A `level` says that an
 * alert became graver or less grave.
 */
export interface RuleTransition {
  readonly type: 'raise' | 'clear' | 'level'
  readonly ruleId: string
  /** `areaSource` when the alert is about an area. */
  readonly deviceId: string
  readonly kind: string
  /** Event time at which the condition had held long enough, or stopped. */
  readonly atMs: number
  /** The value that decided, absent for silence. */
  readonly value: number | undefined
  /** Of a raise beyond a step of the rule, and of every level; else the rule's own. */
  readonly severity?: Severity | undefined
}

export const alertStates = ['firing', 'acknowledged', 'resolved'] as const

export interface Alert {
  readonly id: string
  readonly ruleId: string
  readonly ruleName: string
  readonly deviceId: string
  readonly kind: string
  /** May rise and fall while the alert is open. */
  readonly severity: Severity
  /** Event time of the reading that gave it its severity; undefined when that was the raise. */
  readonly severitySinceMs?: number | undefined
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
  /** Quiet until then, by this silence; both or none. */
  readonly silenceEndsAtMs?: number | undefined
  readonly silenceId?: string | undefined
  /** The open alert that makes this one quiet: it says the same, and more. */
  readonly inhibitedBy?: string | undefined
  /** When it was told again because nobody had acknowledged it. */
  readonly escalatedAtMs?: number | undefined
  /** The storm it is a member of. */
  readonly stormId?: string | undefined
  readonly updatedAtMs: number
}

/** True when people are to be called for it: it is open, nobody has it in hand, and nothing makes it quiet. */
export function isLoud({ state, silenceId, inhibitedBy }: Alert): boolean {
  return state === 'firing' && silenceId === undefined && inhibitedBy === undefined
}

/** What happened to an alert, as its notes tell it. */
export const alertNoteActions = [
  'raised',
  'acknowledged',
  'assigned',
  'commented',
  'cleared',
  'resolved',
  'severity-changed',
  'silenced',
  'silence-ended',
  'inhibited',
  'inhibition-ended',
  'escalated',
  'joined-storm',
] as const
export type AlertNoteAction = (typeof alertNoteActions)[number]

export interface AlertNote {
  readonly atMs: number
  readonly by: string
  readonly action: AlertNoteAction
  readonly text: string | undefined
}

/** Many alerts of one kind, close together in place and time: one thing to look at, with members. */
export interface AlertStorm {
  readonly id: string
  readonly kind: string
  /** Gravest severity among its open members; of all when none is open. */
  readonly severity: Severity
  readonly memberCount: number
  readonly openCount: number
  readonly startedAtMs: number
  /** When the newest member was raised. */
  readonly lastRaisedAtMs: number
  /** Middle of where it is; undefined for devices that have no place. */
  readonly position: { readonly latitude: number; readonly longitude: number } | undefined
}
