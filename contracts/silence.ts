import { z } from 'zod'
import type { Area } from './area.ts'
import { areaSchema } from './area.ts'
import { deviceIdSchema } from './device.ts'

const durationSMax = 30 * 86_400
const reasonSchema = z.string().trim().min(1).max(500)

/** How long an alert is to be quiet, and why. */
export const silencePeriodSchema = z.strictObject({
  durationS: z.int().min(60).max(durationSMax),
  reason: reasonSchema,
})

/** What a silence is about: alerts that fit all that is named. */
export const silenceMatchSchema = z
  .strictObject({
    ruleId: z.string().min(1).max(128).optional(),
    deviceId: deviceIdSchema.optional(),
    kind: z.string().min(1).max(32).optional(),
    area: areaSchema.optional(),
  })
  .refine((match) => Object.values(match).some((value) => value !== undefined), {
    message: 'names a rule, a device, a kind or an area: nobody silences everything',
  })
export type SilenceMatch = z.infer<typeof silenceMatchSchema>

/** Alerts that fit are stored and shown, and nobody is called for them, until the clock or somebody ends it. */
export interface Silence {
  readonly id: string
  readonly ruleId: string | undefined
  readonly deviceId: string | undefined
  readonly kind: string | undefined
  readonly area: Area | undefined
  readonly fromMs: number
  readonly untilMs: number
  readonly reason: string
  readonly createdBy: string
  readonly createdAtMs: number
  /** Set when somebody ended it before its time. */
  readonly endedAtMs: number | undefined
  readonly endedBy: string | undefined
}

export function isActive({ fromMs, untilMs, endedAtMs }: Silence, nowMs: number): boolean {
  return endedAtMs === undefined && fromMs <= nowMs && nowMs < untilMs
}
