import { z } from 'zod'
import { areaSchema } from './area.ts'
import { deviceIdSchema } from './device.ts'
import { type Position, positionSchema } from './geo.ts'
import { type Severity, severitySchema } from './severity.ts'

export const unitKinds = ['officer', 'patrol', 'ambulance', 'fire', 'other'] as const
export type UnitKind = (typeof unitKinds)[number]

export const unitStates = [
  'available',
  'committed',
  'en-route',
  'on-scene',
  'returning',
  'off-duty',
  'out-of-service',
] as const
export type UnitState = (typeof unitStates)[number]

/** States that people set; the others follow from what the unit is assigned to. */
export const idleUnitStates = ['available', 'returning', 'off-duty', 'out-of-service'] as const
export type IdleUnitState = (typeof idleUnitStates)[number]

/** What officers say over the radio, paint on the car and link accounts by. */
export const unitNumberSchema = z
  .string()
  .trim()
  .regex(/^[A-Za-z0-9][A-Za-z0-9 ._/-]{0,39}$/, 'letters, digits, space and . _ / - only, 1 to 40 of them')

/** For example `first-aid`, `female-officer`, `ladder`. */
export const capabilitySchema = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'lower-case letters, digits and - only, 1 to 40 of them')
export const capabilitiesSchema = z
  .array(capabilitySchema)
  .max(20)
  .transform((list) => [...new Set(list)])

export const unitInputSchema = z.object({
  unitNumber: unitNumberSchema,
  kind: z.enum(unitKinds),
  name: z.string().trim().min(1).max(120).optional(),
  capabilities: capabilitiesSchema.default([]),
  /** The device in the car or on the person: what it publishes as its location is the unit's. */
  deviceId: deviceIdSchema.nullish(),
})
export type UnitInput = z.infer<typeof unitInputSchema>

/** Somebody who can be sent. An officer's account belongs to the unit whose number it has. */
export interface Unit {
  readonly id: string
  readonly unitNumber: string
  readonly kind: UnitKind
  readonly name: string
  readonly state: UnitState
  readonly capabilities: readonly string[]
  readonly deviceId: string | undefined
  /** The last that is known, however old. */
  readonly position: Position | undefined
  readonly positionAtMs: number | undefined
  readonly createdAtMs: number
  readonly updatedAtMs: number
}

export const caseTypes = ['sos', 'incident'] as const
export type CaseType = (typeof caseTypes)[number]

/** What a unit is sent to. */
export interface CaseRef {
  readonly caseType: CaseType
  readonly caseId: string
}

export const assignmentStates = [
  'assigned',
  'confirmed',
  'declined',
  'en-route',
  'on-scene',
  'completed',
  'released',
] as const
export type AssignmentState = (typeof assignmentStates)[number]

/** While it is in one of these, the unit cannot be given to another case. */
export const openAssignmentStates = ['assigned', 'confirmed', 'en-route', 'on-scene'] as const

export function isOpenAssignment({ state }: { readonly state: AssignmentState }): boolean {
  return (openAssignmentStates as readonly AssignmentState[]).includes(state)
}

/** One unit given to one case. */
export interface Assignment extends CaseRef {
  readonly id: string
  readonly unitId: string
  /** As it was when it was assigned: the record outlives the unit. */
  readonly unitNumber: string
  readonly state: AssignmentState
  /** A user's id. */
  readonly assignedBy: string
  readonly assignedAtMs: number
  /** When the unit first looked at it. */
  readonly seenAtMs: number | undefined
  /** When it was noticed that nobody answered in time. An answer may still come. */
  readonly unansweredAtMs: number | undefined
  /** Confirmed, declined, or on the way without either. */
  readonly answeredAtMs: number | undefined
  readonly answeredBy: string | undefined
  readonly enRouteAtMs: number | undefined
  readonly onSceneAtMs: number | undefined
  readonly endedAtMs: number | undefined
  /** Why it was declined or released. */
  readonly reason: string | undefined
  readonly updatedAtMs: number
}

export const incidentTypes = ['fire', 'medical', 'accident', 'hazard', 'crime', 'other'] as const
export type IncidentType = (typeof incidentTypes)[number]

export const incidentStates = ['open', 'dispatched', 'on-scene', 'resolved'] as const
export type IncidentState = (typeof incidentStates)[number]

export const incidentInputSchema = z.object({
  type: z.enum(incidentTypes),
  severity: severitySchema.default('medium'),
  position: positionSchema.optional(),
  address: z.string().trim().min(1).max(300).optional(),
  description: z.string().trim().min(1).max(4000).optional(),
})
export type IncidentInput = z.infer<typeof incidentInputSchema>

/** An emergency that somebody reported: a fire, an accident. */
export interface Incident {
  readonly id: string
  readonly type: IncidentType
  readonly severity: Severity
  readonly state: IncidentState
  readonly position: Position | undefined
  readonly address: string | undefined
  readonly description: string | undefined
  readonly reportedBy: string
  readonly reportedAtMs: number
  readonly dispatchedAtMs: number | undefined
  readonly onSceneAtMs: number | undefined
  readonly resolvedAtMs: number | undefined
  readonly resolvedBy: string | undefined
  readonly updatedAtMs: number
}

/** One line of what happened to an incident; lines are added, never changed. */
export interface IncidentEntry {
  readonly atMs: number
  /** A user's id, or `system`. */
  readonly actor: string
  /** kebab-case, for example `reported`, `unit-assigned`. */
  readonly action: string
  readonly fromState: IncidentState | undefined
  readonly toState: IncidentState | undefined
  readonly note: string | undefined
}

export const broadcastInputSchema = z.object({
  /** Where it is for. */
  area: areaSchema,
  text: z.string().trim().min(1).max(1000),
  severity: severitySchema.default('high'),
})
export type BroadcastInput = z.infer<typeof broadcastInputSchema>

/** Whom a broadcast is for, counted when it is sent. */
export interface BroadcastCounts {
  /** Devices whose known place is within the area. */
  readonly devices: number
  /** Of these, connected at that moment; undefined when the broker runs elsewhere. */
  readonly devicesConnected: number | undefined
  /** People whose device is within the area. */
  readonly people: number
}

export interface Broadcast extends BroadcastInput {
  readonly id: string
  readonly sentBy: string
  readonly sentAtMs: number
  /** When it no longer warns of anything; clients stop showing it. */
  readonly expiresAtMs: number
  readonly counts: BroadcastCounts
  /** When the MQTT broker had taken it; undefined until then. */
  readonly announcedAtMs: number | undefined
}
