import { z } from 'zod'
import { type Area, areaSchema } from '../../contracts/area.ts'
import { positionSchema } from '../../contracts/geo.ts'
import { pageOf } from '../../contracts/http/common.ts'
import { broadcastCountsSchema, broadcastResourceSchema } from '../../contracts/http/dispatch.ts'
import { severitySchema } from '../../contracts/severity.ts'
import type { ApiDeps } from '../deps.ts'
import { presentBroadcast, presentCounts } from '../dispatch/present-dispatch.ts'
import { json } from '../http/answer.ts'
import { limitSchema } from '../http/inputs.ts'
import { presentPage, recordCursorSchema } from '../http/pages.ts'
import { defineRoute, type Route } from '../http/route.ts'

const cornerSchema = z.union([
  positionSchema,
  // GeoJSON's order (RFC 7946, section 3.1.1).
  z
    .tuple([positionSchema.shape.longitude, positionSchema.shape.latitude])
    .transform(([longitude, latitude]) => ({ latitude, longitude })),
])

/** An area as we have it, or as Smart City says it: a polygon, or a centre with a radius, beside the text. */
const areaFields = {
  area: areaSchema.optional(),
  polygon: z.array(cornerSchema).min(3).max(200).optional(),
  center: positionSchema.optional(),
  location: positionSchema.optional(),
  latitude: positionSchema.shape.latitude.optional(),
  longitude: positionSchema.shape.longitude.optional(),
  radiusM: z.number().positive().max(200_000).optional(),
  radius_m: z.number().positive().max(200_000).optional(),
  radiusKm: z.number().positive().max(200).optional(),
  radius_km: z.number().positive().max(200).optional(),
  /** Metres. */
  radius: z.number().positive().max(200_000).optional(),
}

const previewSchema = z.object(areaFields).transform((body, context) => {
  const area = toArea(body)
  if (area !== undefined) return area
  context.addIssue(noArea())
  return z.NEVER
})

const sendSchema = z
  .object({
    ...areaFields,
    text: z.string().trim().min(1).max(1000).optional(),
    message: z.string().trim().min(1).max(1000).optional(),
    severity: severitySchema.default('high'),
  })
  .transform((body, context) => {
    const area = toArea(body)
    const text = body.text ?? body.message
    if (text === undefined) context.addIssue({ code: 'custom', path: ['text'], message: 'a text is needed' })
    if (area === undefined) context.addIssue(noArea())
    if (text === undefined || area === undefined) return z.NEVER
    return { area, text, severity: body.severity }
  })

const noArea = () => ({
  code: 'custom' as const,
  path: ['area'],
  message: 'an area is needed: a polygon, or a centre with a radius',
})

function toArea(body: z.output<z.ZodObject<typeof areaFields>>): Area | undefined {
  if (body.area !== undefined) return body.area
  if (body.polygon !== undefined) return { type: 'polygon', corners: body.polygon }
  const latitude = body.center?.latitude ?? body.location?.latitude ?? body.latitude
  const longitude = body.center?.longitude ?? body.location?.longitude ?? body.longitude
  const radiusKm = body.radiusKm ?? body.radius_km
  const radiusM = body.radiusM ?? body.radius_m ?? body.radius ?? (radiusKm && radiusKm * 1000)
  if (latitude === undefined || longitude === undefined || radiusM === undefined) return undefined
  return { type: 'circle', center: { latitude, longitude }, radiusM }
}

/** Tells everybody within an area something. */
export function createBroadcastRoutes({ broadcastDesk }: Pick<ApiDeps, 'broadcastDesk'>): Route[] {
  const area = 'Dispatch'
  return [
    defineRoute({
      method: 'get',
      path: '/api/broadcasts',
      area,
      summary: 'What was said to areas, newest first',
      access: 'broadcasts.read',
      query: z.strictObject({ limit: limitSchema, cursor: recordCursorSchema.optional() }),
      answer: { description: 'A page of broadcasts', schema: pageOf(broadcastResourceSchema) },
      handler: async ({ query }) => json(presentPage(await broadcastDesk.list(query), presentBroadcast)),
    }),
    defineRoute({
      method: 'post',
      path: '/api/broadcasts/preview',
      area,
      summary: 'Whom a broadcast to this area would be for',
      access: 'broadcasts.send',
      body: previewSchema,
      answer: { description: 'The counts, as of now', schema: broadcastCountsSchema },
      handler: ({ body }) => json(presentCounts(broadcastDesk.count(body))),
    }),
    ...(['/api/broadcasts', '/api/emergency/alerts/broadcast'] as const).map((path) =>
      defineRoute({
        method: 'post',
        path,
        area: path === '/api/broadcasts' ? area : 'Earlier clients',
        summary: 'Tell everybody within an area',
        description:
          'Goes to `v1/city/broadcasts` and to open screens; each device finds by the area whether it is meant.',
        access: 'broadcasts.send',
        body: sendSchema,
        answer: { status: 201, description: 'Sent, with whom it is for', schema: broadcastResourceSchema },
        handler: async ({ body, principal }) =>
          json(presentBroadcast(await broadcastDesk.send({ ...body, by: principal.userId }))),
      }),
    ),
  ]
}
