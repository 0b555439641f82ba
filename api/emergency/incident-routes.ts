import { z } from 'zod'
import { type Incident, incidentStates, incidentTypes } from '../../contracts/dispatch.ts'
import { positionSchema } from '../../contracts/geo.ts'
import { pageOf } from '../../contracts/http/common.ts'
import {
  assignmentResourceSchema,
  incidentDetailSchema,
  incidentResourceSchema,
} from '../../contracts/http/dispatch.ts'
import { severitySchema } from '../../contracts/severity.ts'
import type { ApiDeps } from '../deps.ts'
import { refusals } from '../dispatch/assignment-routes.ts'
import { presentAssignment, presentIncident, presentIncidentEntry } from '../dispatch/present-dispatch.ts'
import { json } from '../http/answer.ts'
import { idParamsSchema, limitSchema, listOf } from '../http/inputs.ts'
import { presentPage, recordCursorSchema } from '../http/pages.ts'
import { defineRoute, type Route } from '../http/route.ts'

const listQuerySchema = z.strictObject({
  state: listOf(z.enum(incidentStates), incidentStates.length).optional().describe('Any of these; all when absent'),
  type: z.enum(incidentTypes).optional(),
  severity: severitySchema.optional(),
  limit: limitSchema,
  cursor: recordCursorSchema.optional(),
})

const textField = (lengthMax: number) => z.string().trim().min(1).max(lengthMax).optional()

/** As we call things and as Smart City does; what it does not know of, or says along, is let be. */
const reportSchema = z
  .object({
    type: z.enum(incidentTypes).optional(),
    incidentType: z.enum(incidentTypes).optional(),
    incident_type: z.enum(incidentTypes).optional(),
    severity: severitySchema.default('medium'),
    position: positionSchema.optional(),
    location: z.object({ ...positionSchema.partial().shape, address: textField(300) }).optional(),
    latitude: positionSchema.shape.latitude.optional(),
    longitude: positionSchema.shape.longitude.optional(),
    address: textField(300),
    title: textField(200),
    description: textField(3700),
  })
  .transform((body, context) => {
    const type = body.type ?? body.incidentType ?? body.incident_type
    if (type === undefined) {
      context.addIssue({ code: 'custom', path: ['type'], message: `one of ${incidentTypes.join(', ')}` })
      return z.NEVER
    }
    const latitude = body.position?.latitude ?? body.location?.latitude ?? body.latitude
    const longitude = body.position?.longitude ?? body.location?.longitude ?? body.longitude
    const description = [body.title, body.description].filter((text) => text !== undefined).join('\n')
    return {
      type,
      severity: body.severity,
      position: latitude === undefined || longitude === undefined ? undefined : { latitude, longitude },
      address: body.address ?? body.location?.address,
      description: description === '' ? undefined : description,
    }
  })

const noteField = z.string().trim().min(1).max(2000)

const dispatchBodySchema = z
  .object({
    incidentId: z.string().min(1).max(128).optional(),
    incident_id: z.string().min(1).max(128).optional(),
    sosId: z.string().min(1).max(128).optional(),
    sos_id: z.string().min(1).max(128).optional(),
  })
  .transform((body, context) => {
    const incidentId = body.incidentId ?? body.incident_id
    if (incidentId !== undefined) return { caseType: 'incident', caseId: incidentId } as const
    const sosId = body.sosId ?? body.sos_id
    if (sosId !== undefined) return { caseType: 'sos', caseId: sosId } as const
    context.addIssue({ code: 'custom', path: ['incidentId'], message: 'incidentId or sosId is needed' })
    return z.NEVER
  })

const unknownIncident = { 404: 'There is no such incident' }

/** Emergencies that somebody reports; they share units with SOS. Paths as Smart City has them. */
export function createIncidentRoutes(deps: Pick<ApiDeps, 'incidentDesk' | 'dispatchDesk'>): Route[] {
  const { incidentDesk, dispatchDesk } = deps
  const area = 'Dispatch'
  return [
    defineRoute({
      method: 'get',
      path: '/api/emergency/incidents',
      area,
      summary: 'Incidents, newest first',
      access: 'incidents.read',
      query: listQuerySchema,
      answer: { description: 'A page of incidents', schema: pageOf(incidentResourceSchema) },
      handler: async ({ query: { state: states, ...rest } }) =>
        json(presentPage(await incidentDesk.list({ ...rest, states }), presentIncident)),
    }),
    defineRoute({
      method: 'post',
      path: '/api/emergency/incidents',
      area,
      summary: 'Report a fire, an accident or another emergency',
      access: 'incidents.report',
      body: reportSchema,
      answer: { status: 201, description: 'The incident', schema: incidentDetailSchema },
      handler: async ({ body, principal }) => {
        const incident = await incidentDesk.report({ ...body, by: principal.userId })
        const headers = { Location: `/api/emergency/incidents/${incident.id}` }
        return json(await presentDetail(incident), { headers })
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/emergency/incidents/:id',
      area,
      summary: 'One incident with all that was done about it',
      access: 'incidents.read',
      params: idParamsSchema,
      answer: { description: 'The incident', schema: incidentDetailSchema },
      faults: unknownIncident,
      handler: async ({ params }) => json(await presentDetail(await incidentDesk.get(params.id))),
    }),
    defineRoute({
      method: 'post',
      path: '/api/emergency/incidents/:id/notes',
      area,
      summary: 'Add a note',
      access: 'incidents.act',
      params: idParamsSchema,
      body: z.strictObject({ note: noteField }),
      answer: { status: 201, description: 'The incident', schema: incidentDetailSchema },
      faults: unknownIncident,
      handler: async ({ params, body, principal }) =>
        json(
          await presentDetail(
            await incidentDesk.note({ incidentId: params.id, by: principal.userId, note: body.note }),
          ),
        ),
    }),
    defineRoute({
      method: 'post',
      path: '/api/emergency/incidents/:id/resolve',
      area,
      summary: 'Close it; its units are released',
      access: 'incidents.act',
      params: idParamsSchema,
      body: z.strictObject({ note: noteField.optional() }).optional(),
      answer: { description: 'The incident', schema: incidentDetailSchema },
      faults: { ...unknownIncident, 409: 'It is resolved already' },
      handler: async ({ params, body, principal }) =>
        json(
          await presentDetail(
            await incidentDesk.resolve({ incidentId: params.id, by: principal.userId, note: body?.note }),
          ),
        ),
    }),
    defineRoute({
      method: 'post',
      path: '/api/emergency/units/:id/dispatch',
      area: 'Earlier clients',
      summary: 'Send this unit to an incident or an SOS',
      description: 'The unit by its id, or by its number.',
      access: 'dispatch.assign',
      params: z.strictObject({ id: z.string().min(1).max(128) }),
      body: dispatchBodySchema,
      answer: { status: 201, description: 'The assignment', schema: assignmentResourceSchema },
      faults: refusals,
      handler: async ({ params, body, principal }) => {
        const unit = { unitIdOrNumber: params.id }
        return json(presentAssignment(await dispatchDesk.assign({ case: body, unit, by: principal.userId })))
      },
    }),
  ]

  async function presentDetail(incident: Incident) {
    const [timeline, assignments] = await Promise.all([
      incidentDesk.timeline(incident.id),
      dispatchDesk.ofCase({ caseType: 'incident', caseId: incident.id }),
    ])
    return {
      ...presentIncident(incident),
      timeline: timeline.map(presentIncidentEntry),
      assignments: assignments.map(presentAssignment),
    }
  }
}
