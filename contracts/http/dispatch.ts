import { z } from 'zod'
import { areaSchema } from '../area.ts'
import { assignmentStates, caseTypes, incidentStates, incidentTypes, unitKinds, unitStates } from '../dispatch.ts'
import { positionSchema } from '../geo.ts'
import { severitySchema } from '../severity.ts'
import { timeSchema } from './common.ts'

export const unitResourceSchema = z
  .strictObject({
    id: z.string(),
    unitNumber: z.string(),
    unit_number: z.string().describe('The same, as earlier clients read it'),
    kind: z.enum(unitKinds),
    name: z.string(),
    state: z.enum(unitStates),
    status: z.enum(unitStates).describe('The same as `state`, as earlier clients read it'),
    capabilities: z.array(z.string()),
    deviceId: z.string().nullable(),
    position: positionSchema.nullable().describe('The last that is known, however old'),
    positionAt: timeSchema.nullable(),
    positionAgeS: z.int().nonnegative().nullable(),
    createdAt: timeSchema,
    updatedAt: timeSchema,
  })
  .meta({ id: 'Unit' })
export type UnitResource = z.infer<typeof unitResourceSchema>

export const unitListSchema = z.strictObject({ items: z.array(unitResourceSchema) })

export const assignmentResourceSchema = z
  .strictObject({
    id: z.string(),
    caseType: z.enum(caseTypes),
    caseId: z.string(),
    unitId: z.string(),
    unitNumber: z.string(),
    state: z.enum(assignmentStates),
    assignedBy: z.string(),
    assignedAt: timeSchema,
    seenAt: timeSchema.nullable().describe('When the unit first looked at it'),
    unansweredAt: timeSchema.nullable().describe('When it was noticed that nobody answered in time'),
    answeredAt: timeSchema.nullable(),
    answeredBy: z.string().nullable(),
    enRouteAt: timeSchema.nullable(),
    onSceneAt: timeSchema.nullable(),
    endedAt: timeSchema.nullable(),
    reason: z.string().nullable().describe('Why it was declined or released'),
    updatedAt: timeSchema,
  })
  .meta({ id: 'Assignment' })
export type AssignmentResource = z.infer<typeof assignmentResourceSchema>

export const assignmentListSchema = z.strictObject({ items: z.array(assignmentResourceSchema) })

/** What a client of NaariKavach reads, beside the rest. */
export const officerAssignmentSchema = z
  .strictObject({
    ...assignmentResourceSchema.shape,
    sos_id: z.string(),
    unit_number: z.string(),
    status: z.enum(assignmentStates),
    assigned_at: timeSchema,
  })
  .meta({ id: 'OfficerAssignment' })

export const ownAssignmentsSchema = z
  .strictObject({
    unitNumber: z.string().nullable().describe('null for an account without a unit'),
    items: z.array(
      z.strictObject({
        assignment: assignmentResourceSchema,
        case: z
          .strictObject({
            title: z.string(),
            severity: severitySchema,
            position: positionSchema.nullable(),
            address: z.string().nullable(),
            description: z.string().nullable(),
            personName: z.string().nullable(),
            personPhone: z.string().nullable(),
          })
          .nullable(),
      }),
    ),
  })
  .meta({ id: 'OwnAssignments' })

export const recommendationSchema = z
  .strictObject({
    candidates: z
      .array(
        z.strictObject({
          unit: unitResourceSchema,
          distanceM: z.number().nonnegative().nullable().describe('As the crow flies; null where no place is known'),
          positionAgeS: z.int().nonnegative(),
        }),
      )
      .describe('Nearest first'),
    excluded: z.array(
      z.strictObject({
        unit: unitResourceSchema,
        reasons: z.array(z.strictObject({ code: z.string(), text: z.string() })).min(1),
      }),
    ),
  })
  .meta({ id: 'Recommendation' })

export const incidentResourceSchema = z
  .strictObject({
    id: z.string(),
    type: z.enum(incidentTypes),
    severity: severitySchema,
    state: z.enum(incidentStates),
    status: z.enum(incidentStates).describe('The same as `state`, as earlier clients read it'),
    position: positionSchema.nullable(),
    address: z.string().nullable(),
    description: z.string().nullable(),
    reportedBy: z.string(),
    reportedAt: timeSchema,
    dispatchedAt: timeSchema.nullable(),
    onSceneAt: timeSchema.nullable(),
    resolvedAt: timeSchema.nullable(),
    resolvedBy: z.string().nullable(),
    updatedAt: timeSchema,
  })
  .meta({ id: 'Incident' })
export type IncidentResource = z.infer<typeof incidentResourceSchema>

export const incidentDetailSchema = z
  .strictObject({
    ...incidentResourceSchema.shape,
    timeline: z.array(
      z.strictObject({
        at: timeSchema,
        actor: z.string(),
        action: z.string(),
        from: z.enum(incidentStates).nullable(),
        to: z.enum(incidentStates).nullable(),
        note: z.string().nullable(),
      }),
    ),
    assignments: z.array(assignmentResourceSchema),
  })
  .meta({ id: 'IncidentDetail' })

export const broadcastCountsSchema = z
  .strictObject({
    devices: z.int().nonnegative().describe('Devices whose known place is within the area'),
    devicesConnected: z
      .int()
      .nonnegative()
      .nullable()
      .describe('Of these, connected; null when the broker runs elsewhere'),
    people: z.int().nonnegative().describe('People whose device is within the area'),
  })
  .meta({ id: 'BroadcastCounts' })

export const broadcastResourceSchema = z
  .strictObject({
    id: z.string(),
    area: areaSchema,
    text: z.string(),
    severity: severitySchema,
    sentBy: z.string(),
    sentAt: timeSchema,
    expiresAt: timeSchema,
    counts: broadcastCountsSchema,
    announcedAt: timeSchema.nullable().describe('When the MQTT broker had taken it; null until then'),
  })
  .meta({ id: 'Broadcast' })
export type BroadcastResource = z.infer<typeof broadcastResourceSchema>
