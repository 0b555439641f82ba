import { z } from 'zod'
import { type Alert, alertStates } from '../../contracts/alert.ts'
import { deviceIdSchema } from '../../contracts/device.ts'
import { alertDetailSchema, alertResourceSchema } from '../../contracts/http/alert.ts'
import { pageOf } from '../../contracts/http/common.ts'
import { severities, severitySchema } from '../../contracts/severity.ts'
import { silencePeriodSchema } from '../../contracts/silence.ts'
import type { AlertDesk } from '../../safety/index.ts'
import { json } from '../http/answer.ts'
import { flagSchema, idParamsSchema, limitSchema, listOf } from '../http/inputs.ts'
import { presentPage, recordCursorSchema } from '../http/pages.ts'
import { defineRoute, type Route } from '../http/route.ts'
import { presentAlert, presentNote } from './present-alert.ts'

const idSchema = z.string().min(1).max(128)

const listQuerySchema = z.strictObject({
  state: listOf(z.enum(alertStates), alertStates.length).optional().describe('Any of these; all when absent'),
  severity: listOf(severitySchema, severities.length).optional().describe('Any of these; all when absent'),
  kind: z.string().min(1).max(32).optional(),
  deviceId: deviceIdSchema.optional(),
  ruleId: idSchema.optional(),
  assignedTo: idSchema.optional().describe("A user's id, or `me`"),
  stormId: idSchema.optional(),
  quiet: flagSchema.optional().describe('Only those that a silence or another alert makes quiet, or only the others'),
  limit: limitSchema,
  cursor: recordCursorSchema.optional(),
})

const noteSchema = z.string().trim().min(1).max(2000)
const noteBodySchema = z.strictObject({ note: noteSchema.optional() }).optional()
const commentSchema = z.strictObject({ note: noteSchema })
const assignSchema = z.strictObject({
  to: idSchema.optional().describe("A user's id; oneself when absent"),
  note: noteSchema.optional(),
})

const countSchema = z.int().nonnegative()
const summarySchema = z
  .strictObject({
    open: countSchema,
    firing: countSchema,
    acknowledged: countSchema,
    openBySeverity: z.record(severitySchema, countSchema),
    openByKind: z.record(z.string(), countSchema),
  })
  .meta({ id: 'AlertSummary' })

const unknownAlert = { 404: 'There is no such alert' }
const refusals = { ...unknownAlert, 409: 'The alert is past that' }

export function createAlertRoutes({ alertDesk }: { readonly alertDesk: AlertDesk }): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/alerts',
      area: 'Alerts',
      summary: 'Alerts, newest first',
      access: 'alerts.read',
      query: listQuerySchema,
      answer: { description: 'A page of alerts', schema: pageOf(alertResourceSchema) },
      handler: async ({ query, principal }) => {
        const { state: states, severity, assignedTo, ...rest } = query
        const page = await alertDesk.list({
          ...rest,
          ...(states && { states }),
          ...(severity && { severities: severity }),
          ...(assignedTo && { assignedTo: assignedTo === 'me' ? principal.userId : assignedTo }),
        })
        return json(presentPage(page, presentAlert))
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/alerts/summary',
      area: 'Alerts',
      summary: 'How many alerts are open, by severity and kind',
      access: 'alerts.read',
      answer: { description: 'The counts', schema: summarySchema },
      handler: async () => {
        const { open, firing, acknowledged, openBySeverity, openByKind } = await alertDesk.summary()
        return json({
          open,
          firing,
          acknowledged,
          openBySeverity: { ...openBySeverity },
          openByKind: { ...openByKind },
        })
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/alerts/:id',
      area: 'Alerts',
      summary: 'One alert with all that was done about it',
      access: 'alerts.read',
      params: idParamsSchema,
      answer: { description: 'The alert', schema: alertDetailSchema },
      faults: unknownAlert,
      handler: async ({ params }) => json(await presentDetail(await alertDesk.get(params.id))),
    }),
    defineRoute({
      method: 'post',
      path: '/api/alerts/:id/acknowledge',
      area: 'Alerts',
      summary: 'Say that somebody looks after it',
      access: 'alerts.act',
      params: idParamsSchema,
      body: noteBodySchema,
      answer: { description: 'The alert', schema: alertDetailSchema },
      faults: refusals,
      handler: async ({ params, body, principal }) =>
        json(await presentDetail(await alertDesk.acknowledge(toAction(params.id, principal.userId, body?.note)))),
    }),
    defineRoute({
      method: 'post',
      path: '/api/alerts/:id/assign',
      area: 'Alerts',
      summary: 'Give it to somebody',
      access: 'alerts.act',
      params: idParamsSchema,
      body: assignSchema,
      answer: { description: 'The alert', schema: alertDetailSchema },
      faults: { 404: 'There is no such alert, or no such user', 409: 'The alert is past that' },
      handler: async ({ params, body, principal }) => {
        const to = body.to ?? principal.userId
        const action = toAction(params.id, principal.userId, body.note)
        return json(await presentDetail(await alertDesk.assign({ ...action, to })))
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/alerts/:id/comment',
      area: 'Alerts',
      summary: 'Add a note',
      access: 'alerts.act',
      params: idParamsSchema,
      body: commentSchema,
      answer: { description: 'The alert', schema: alertDetailSchema },
      faults: unknownAlert,
      handler: async ({ params, body, principal }) =>
        json(
          await presentDetail(await alertDesk.comment({ alertId: params.id, by: principal.userId, note: body.note })),
        ),
    }),
    defineRoute({
      method: 'post',
      path: '/api/alerts/:id/silence',
      area: 'Alerts',
      summary: 'Make the alerts of its rule and device quiet for a while',
      access: 'alerts.act',
      params: idParamsSchema,
      body: silencePeriodSchema,
      answer: { description: 'The alert', schema: alertDetailSchema },
      faults: refusals,
      handler: async ({ params, body, principal }) =>
        json(await presentDetail(await alertDesk.silence({ alertId: params.id, by: principal.userId, ...body }))),
    }),
    defineRoute({
      method: 'post',
      path: '/api/alerts/:id/resolve',
      area: 'Alerts',
      summary: 'Close it by hand',
      access: 'alerts.act',
      params: idParamsSchema,
      body: noteBodySchema,
      answer: { description: 'The alert', schema: alertDetailSchema },
      faults: refusals,
      handler: async ({ params, body, principal }) =>
        json(await presentDetail(await alertDesk.resolve(toAction(params.id, principal.userId, body?.note)))),
    }),
  ]

  async function presentDetail(alert: Alert) {
    return { ...presentAlert(alert), notes: (await alertDesk.notes(alert.id)).map(presentNote) }
  }
}

function toAction(alertId: string, by: string, note: string | undefined) {
  return { alertId, by, ...(note !== undefined && { note }) }
}
