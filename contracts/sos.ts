import { z } from 'zod'
import { positionSchema } from './geo.ts'

export const sosTriggers = ['manual', 'shake', 'voice', 'ai', 'fall'] as const

/** An SOS must get through: what cannot be understood is dropped from the record, never the press itself. */
export const sosPayloadSchema = z.object({
  ts: z.union([z.number(), z.string()]).optional().catch(undefined),
  seq: z.number().int().nonnegative().optional().catch(undefined),
  trigger: z.enum(sosTriggers).catch('manual'),
  location: positionSchema
    .extend({ accuracyM: z.number().nonnegative().optional().catch(undefined) })
    .optional()
    .catch(undefined),
  batteryPct: z.number().min(0).max(100).optional().catch(undefined),
})

export interface SosPress {
  readonly deviceId: string
  readonly receivedAtMs: number
  readonly observedAtMs: number
  readonly seq: number | undefined
  readonly trigger: (typeof sosTriggers)[number]
  readonly location:
    | { readonly latitude: number; readonly longitude: number; readonly accuracyM?: number | undefined }
    | undefined
  readonly batteryPct: number | undefined
}

export interface SosRecord extends SosPress {
  readonly id: string
  /** The person whose device it was when it was pressed. */
  readonly ownerId?: string | undefined
  readonly state: 'active' | 'resolved'
  /** Presses that joined this one, itself included. */
  readonly pressCount: number
  readonly updatedAtMs: number
}
