import { z } from 'zod'
import { areaSchema } from '../area.ts'
import { positionSchema } from '../geo.ts'
import { severitySchema } from '../severity.ts'
import { timeSchema } from './common.ts'

export const silenceResourceSchema = z
  .strictObject({
    id: z.string(),
    ruleId: z.string().nullable(),
    deviceId: z.string().nullable(),
    kind: z.string().nullable(),
    area: areaSchema.nullable(),
    startsAt: timeSchema,
    endsAt: timeSchema,
    reason: z.string(),
    createdBy: z.string(),
    createdAt: timeSchema,
    endedAt: timeSchema.nullable().describe('Set when somebody ended it before its time'),
    endedBy: z.string().nullable(),
  })
  .meta({ id: 'Silence' })
export type SilenceResource = z.infer<typeof silenceResourceSchema>

export const stormResourceSchema = z
  .strictObject({
    id: z.string(),
    kind: z.string(),
    severity: severitySchema.describe('The gravest of its open members'),
    memberCount: z.int(),
    openCount: z.int(),
    startedAt: timeSchema,
    lastRaisedAt: timeSchema,
    position: positionSchema.nullable().describe('Middle of where it is; null when its devices have no place'),
  })
  .meta({ id: 'AlertStorm' })
export type StormResource = z.infer<typeof stormResourceSchema>
