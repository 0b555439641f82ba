import { z } from 'zod'
import { positionSchema } from '../geo.ts'
import { severitySchema } from '../severity.ts'
import { sosActions, sosEvidenceKinds, sosOutcomes, sosSources, sosStates, sosTriggers } from '../sos.ts'
import { timeSchema } from './common.ts'

const seconds = z.number().nonnegative().nullable()

export const sosTimelineEntrySchema = z
  .strictObject({
    at: timeSchema,
    actor: z.string().describe('A user’s id, `device:` and a device’s, `anonymous`, `control-room` or `system`'),
    action: z.enum(sosActions),
    from: z.enum(sosStates).nullable(),
    to: z.enum(sosStates).nullable(),
    note: z.string().nullable(),
    detail: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'SosTimelineEntry' })

const locationSchema = z.strictObject({
  type: z.literal('Point'),
  coordinates: z.tuple([z.number(), z.number()]).describe('Longitude, latitude (RFC 7946)'),
  ...positionSchema.shape,
  accuracy: z.number().nullable().describe('Metres'),
  address: z.string().nullable(),
  city: z.string().nullable(),
})

/** Ours, and under the names clients of Pink Shield read. */
export const sosResourceSchema = z
  .strictObject({
    id: z.string(),
    _id: z.string(),
    roomId: z.string(),
    source: z.enum(sosSources),
    state: z.enum(sosStates),
    status: z.enum(['active', 'resolved', 'cancelled']).describe('The state, as coarse as earlier clients know it'),
    outcome: z.enum(sosOutcomes).nullable(),
    trigger: z.enum(sosTriggers),
    alertType: z.enum(sosTriggers),
    deviceId: z.string().nullable(),
    userId: z.string().nullable(),
    userName: z.string().nullable(),
    userPhone: z.string().nullable(),
    message: z.string().nullable(),
    severity: severitySchema,
    severityReasons: z.array(z.string()),
    isDuress: z.boolean().describe('The person was made to cancel it. Never told to the person'),
    escalation: z.int().min(0).max(2),
    pressCount: z.int().positive(),
    batteryPct: z.number().nullable(),
    location: locationSchema.nullable(),
    deviceInfo: z.strictObject({ deviceId: z.string().nullable(), batteryLevel: z.number().nullable() }).nullable(),
    policeNotified: z.boolean(),
    policeNotifiedAt: timeSchema.nullable(),
    contactsNotified: z.array(z.record(z.string(), z.unknown())),
    recording: z.strictObject({
      audio: z.string().nullable().describe('Path of the newest'),
      video: z.string().nullable(),
      photos: z.array(z.string()),
    }),
    aiAnalysis: z.record(z.string(), z.unknown()).nullable(),
    timeline: z.array(sosTimelineEntrySchema).describe('Oldest first, the newest 1,000; empty in lists'),
    countdownEndsAt: timeSchema.nullable(),
    triggeredAt: timeSchema,
    acknowledgedAt: timeSchema.nullable(),
    acknowledgedBy: z.string().nullable(),
    dispatchedAt: timeSchema.nullable(),
    onSceneAt: timeSchema.nullable(),
    resolvedAt: timeSchema.nullable(),
    cancelledAt: timeSchema.nullable(),
    closedBy: z.string().nullable(),
    mergedInto: z.string().nullable(),
    lastSeenAt: timeSchema,
    silentSince: timeSchema.nullable(),
    responseTimes: z.strictObject({
      acknowledgeS: seconds,
      dispatchS: seconds,
      onSceneS: seconds,
      closeS: seconds,
    }),
    updatedAt: timeSchema,
  })
  .meta({ id: 'Sos' })
export type SosResource = z.infer<typeof sosResourceSchema>

export const sosPositionSchema = z
  .strictObject({
    ...positionSchema.shape,
    accuracyM: z.number().nullable(),
    batteryPct: z.number().nullable(),
    source: z.enum(sosSources),
    at: timeSchema,
    receivedAt: timeSchema,
    isPlausible: z.boolean().describe('False for a jump that nobody can make'),
  })
  .meta({ id: 'SosPosition' })
export type SosPositionResource = z.infer<typeof sosPositionSchema>
export const sosTrailSchema = z.strictObject({ items: z.array(sosPositionSchema) })

export const sosEvidenceSchema = z
  .strictObject({
    id: z.string(),
    kind: z.enum(sosEvidenceKinds),
    mediaType: z.string(),
    bytes: z.int().positive(),
    sha256: z.string(),
    addedAt: timeSchema,
    addedBy: z.string(),
    path: z.string(),
  })
  .meta({ id: 'SosEvidence' })
export type SosEvidenceResource = z.infer<typeof sosEvidenceSchema>
export const sosEvidenceListSchema = z.strictObject({ items: z.array(sosEvidenceSchema) })

export const sosShareSchema = z
  .strictObject({
    id: z.string(),
    token: z.string().describe('Shown once'),
    path: z.string(),
    expiresAt: timeSchema,
  })
  .meta({ id: 'SosShare' })

/** What somebody with a link sees. */
export const sharedSosSchema = z
  .strictObject({
    name: z.string().nullable(),
    state: z.enum(sosStates),
    severity: severitySchema,
    triggeredAt: timeSchema,
    location: locationSchema.nullable().describe('Null once it is over'),
    trail: z.array(sosPositionSchema).describe('The newest 100; empty once it is over'),
    lastSeenAt: timeSchema,
    expiresAt: timeSchema,
  })
  .meta({ id: 'SharedSos' })

/** Clients of NaariKavach. */
export const naariSosSchema = z
  .strictObject({
    id: z.string(),
    room_id: z.string(),
    status: z.enum(['active', 'resolved', 'cancelled']),
    state: z.enum(sosStates),
    severity: severitySchema,
    latitude: z.number().nullable(),
    longitude: z.number().nullable(),
    message: z.string().nullable(),
    name: z.string().nullable(),
    phone: z.string().nullable(),
    created_at: timeSchema,
    updated_at: timeSchema,
    resolved_at: timeSchema.nullable(),
  })
  .meta({ id: 'NaariSos' })
export type NaariSosResource = z.infer<typeof naariSosSchema>

export const naariLocationUpdateSchema = z
  .strictObject({
    sos_id: z.string(),
    room_id: z.string(),
    latitude: z.number(),
    longitude: z.number(),
    timestamp: timeSchema,
  })
  .meta({ id: 'NaariLocationUpdate' })

export const sosPinsSchema = z.strictObject({ cancelPin: z.boolean(), duressPin: z.boolean() }).meta({ id: 'SosPins' })
