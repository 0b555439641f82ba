import { z } from 'zod'
import type { AlertStorm } from '../../contracts/alert.ts'
import { pageOf } from '../../contracts/http/common.ts'
import {
  type SilenceResource,
  type StormResource,
  silenceResourceSchema,
  stormResourceSchema,
} from '../../contracts/http/silence.ts'
import { type Silence, silenceMatchSchema, silencePeriodSchema } from '../../contracts/silence.ts'
import type { AlertDesk } from '../../safety/index.ts'
import { json } from '../http/answer.ts'
import { flagSchema, idParamsSchema, limitSchema, toTime, toTimeOrNull } from '../http/inputs.ts'
import { presentPage, recordCursorSchema } from '../http/pages.ts'
import { defineRoute, type Route } from '../http/route.ts'

const listQuerySchema = z.strictObject({
  all: flagSchema.optional().describe('Those that are over, too'),
  limit: limitSchema,
  cursor: recordCursorSchema.optional(),
})

const createSchema = z.strictObject({
  match: silenceMatchSchema,
  startsAt: z.iso.datetime({ offset: true }).optional().describe('Now when absent'),
  ...silencePeriodSchema.shape,
})

interface SilenceDeps {
  readonly alertDesk: AlertDesk
  readonly now: () => number
}

export function createSilenceRoutes({ alertDesk, now }: SilenceDeps): Route[] {
  const { silences } = alertDesk
  return [
    defineRoute({
      method: 'get',
      path: '/api/silences',
      area: 'Alerts',
      summary: 'Silences in force or to come, newest first',
      access: 'alerts.read',
      query: listQuerySchema,
      answer: { description: 'A page of silences', schema: pageOf(silenceResourceSchema) },
      handler: async ({ query: { all, ...page } }) =>
        json(presentPage(await silences.list({ ...page, ...(!all && { notOverAtMs: now() }) }), presentSilence)),
    }),
    defineRoute({
      method: 'post',
      path: '/api/silences',
      area: 'Alerts',
      summary: 'Make alerts quiet that fit all that is named',
      access: 'alerts.act',
      body: createSchema,
      answer: { status: 201, description: 'The silence', schema: silenceResourceSchema },
      handler: async ({ body: { match, startsAt, durationS, reason }, principal }) => {
        const fromMs = startsAt === undefined ? now() : Date.parse(startsAt)
        const period = { fromMs, untilMs: fromMs + durationS * 1000 }
        return json(presentSilence(await silences.create({ match, period, reason, by: principal.userId })))
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/api/silences/:id',
      area: 'Alerts',
      summary: 'End a silence before its time; what still fires is told anew',
      access: 'alerts.act',
      params: idParamsSchema,
      answer: { description: 'The silence as it ended', schema: silenceResourceSchema },
      faults: { 404: 'There is no such silence', 409: 'It is over already' },
      handler: async ({ params, principal }) =>
        json(presentSilence(await silences.end({ silenceId: params.id, by: principal.userId }))),
    }),
    defineRoute({
      method: 'get',
      path: '/api/alert-storms',
      area: 'Alerts',
      summary: 'Many alerts of one kind, close in place and time, as one; those with open members, newest first',
      access: 'alerts.read',
      answer: { description: 'The storms', schema: z.strictObject({ items: z.array(stormResourceSchema) }) },
      handler: async () => json({ items: (await alertDesk.storms()).map(presentStorm) }),
    }),
  ]
}

function presentSilence(silence: Silence): SilenceResource {
  return {
    id: silence.id,
    ruleId: silence.ruleId ?? null,
    deviceId: silence.deviceId ?? null,
    kind: silence.kind ?? null,
    area: silence.area ?? null,
    startsAt: toTime(silence.fromMs),
    endsAt: toTime(silence.untilMs),
    reason: silence.reason,
    createdBy: silence.createdBy,
    createdAt: toTime(silence.createdAtMs),
    endedAt: toTimeOrNull(silence.endedAtMs),
    endedBy: silence.endedBy ?? null,
  }
}

function presentStorm(storm: AlertStorm): StormResource {
  const { id, kind, severity, memberCount, openCount } = storm
  return {
    id,
    kind,
    severity,
    memberCount,
    openCount,
    startedAt: toTime(storm.startedAtMs),
    lastRaisedAt: toTime(storm.lastRaisedAtMs),
    position: storm.position ?? null,
  }
}
