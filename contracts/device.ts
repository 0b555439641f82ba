import { z } from 'zod'
import { positionSchema } from './geo.ts'
import { deviceIdPattern } from './topics.ts'

export const deviceIdSchema = z.string().regex(deviceIdPattern, 'letters, digits and . _ : - only, 1 to 64 of them')

/** `registered` may connect, `revoked` may not until its credentials are rotated, `decommissioned` never again. */
export const deviceStates = ['registered', 'revoked', 'decommissioned'] as const

const labelsMax = 32
/** What an operator wants to find a device by. */
export const deviceLabelsSchema = z
  .record(z.string().max(40), z.string().max(120))
  .refine((labels) => Object.keys(labels).length <= labelsMax, { message: `at most ${labelsMax} labels` })
/** Id of the account of a person. */
export const deviceOwnerSchema = z.string().min(1).max(64)

/** What a client may say of a device; the rest is the server's. */
export const deviceInputSchema = z.object({
  id: deviceIdSchema,
  name: z.string().trim().min(1).max(120).optional(),
  /** Kinds of reading it is expected to send; others are accepted too. */
  kinds: z.array(z.string().min(1).max(32)).max(16).default([]),
  position: positionSchema.nullish(),
  /** The device that speaks for it. */
  gatewayId: deviceIdSchema.nullish(),
  ownerId: deviceOwnerSchema.nullish(),
  labels: deviceLabelsSchema.default({}),
})
export type DeviceInput = z.infer<typeof deviceInputSchema>

export interface Device {
  readonly id: string
  readonly name: string
  readonly kinds: readonly string[]
  readonly position: { readonly latitude: number; readonly longitude: number } | undefined
  readonly gatewayId: string | undefined
  /** Whom it belongs to. */
  readonly ownerId: string | undefined
  /** When it was given to its owner. What was before is not for them to know. */
  readonly ownedSinceMs: number | undefined
  /**
   * Where it is says where a person is. True from its first owner on, also when it has none any more: it may still be worn
   * until an administrator says that it is the city's again.
   */
  readonly isPersonal: boolean
  readonly labels: Readonly<Record<string, string>>
  readonly state: (typeof deviceStates)[number]
  /** True for devices of the demo city: everything about them is made up, and screens say so. */
  readonly simulated: boolean
  /** When its credentials were last rotated or revoked. Certificates from before are not accepted any more. */
  readonly credentialsSinceMs: number | undefined
  readonly createdAtMs: number
  readonly updatedAtMs: number
}

/** What a device last said of itself, each value from the last time it said it. */
export interface DeviceStatus {
  readonly deviceId: string
  readonly batteryPct: number | undefined
  readonly firmware: string | undefined
  /** When the newest of them came. */
  readonly receivedAtMs: number
}

export const commandStates = ['queued', 'delivered', 'done', 'failed', 'expired'] as const

export interface DeviceCommand {
  readonly id: string
  readonly deviceId: string
  readonly name: string
  readonly body: Readonly<Record<string, unknown>>
  readonly state: (typeof commandStates)[number]
  readonly queuedAtMs: number
  readonly deliveredAtMs: number | undefined
  readonly finishedAtMs: number | undefined
  readonly result: Readonly<Record<string, unknown>> | undefined
}

export interface DevicePresence {
  readonly deviceId: string
  readonly online: boolean
  readonly changedAtMs: number
  readonly cause: 'connect' | 'disconnect' | 'keepalive' | 'takeover' | 'revoked' | 'last-will' | 'shutdown'
}
