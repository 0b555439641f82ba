import { z } from 'zod'
import { owns } from '../../contracts/access.ts'
import { AppError } from '../../contracts/errors.ts'
import type { BoundingBox } from '../../contracts/geo.ts'
import { isInside } from '../../contracts/geo.ts'
import { areaSeriesSchema, type SeriesResource, seriesSchema } from '../../contracts/http/reading.ts'
import { fieldNames, type Kind } from '../../contracts/kinds/kind.ts'
import { type Aggregate, aggregates, type SeriesResult } from '../../contracts/ports/time-series.ts'
import type { MemoryDeviceDirectory } from '../../store/index.ts'
import type { ApiDeps } from '../deps.ts'
import { notFound } from '../errors.ts'
import { json } from '../http/answer.ts'
import {
  boundingBoxSchema,
  deviceIdListSchema,
  deviceParamsSchema,
  listOf,
  timeInputSchema,
  toTime,
} from '../http/inputs.ts'
import { defineRoute, type Route } from '../http/route.ts'
import { readPeriod } from './period.ts'
import { publicPosition } from './public-position.ts'
import { readableSince } from './readable-since.ts'
import { requireKind } from './require-kind.ts'

const kindSchema = z.string().min(1).max(32)
const fieldSchema = z.string().min(1).max(40)

const seriesQuerySchema = z.strictObject({
  kind: kindSchema.optional().describe('The first the device is known to send when absent'),
  field: listOf(fieldSchema, 16).optional().describe('Fields, separated by commas; all of the kind when absent'),
  from: timeInputSchema.optional().describe('RFC 3339 or epoch milliseconds, inclusive; a day before `to` when absent'),
  to: timeInputSchema.optional().describe('RFC 3339 or epoch milliseconds, exclusive; now when absent'),
  maxPoints: z.coerce.number().int().min(2).max(5000).default(500),
  aggregate: z
    .enum(aggregates)
    .default('lttb')
    .describe('`lttb` keeps the shape for charts; `mean`, `min`, `max` per bucket; `raw` is refused above maxPoints'),
})

const areaQuerySchema = z.strictObject({
  kind: kindSchema,
  field: fieldSchema.optional().describe('The primary field of the kind when absent'),
  from: timeInputSchema.optional().describe('RFC 3339 or epoch milliseconds, inclusive; a day before `to` when absent'),
  to: timeInputSchema.optional().describe('RFC 3339 or epoch milliseconds, exclusive; now when absent'),
  bucketS: z.coerce.number().int().min(10).max(31_536_000).default(3600),
  bbox: boundingBoxSchema.optional().describe('west,south,east,north in degrees; devices of persons are left out'),
  deviceId: deviceIdListSchema.optional(),
})

const faults = { 400: 'The request does not fit, or needs too many readings for an answer: narrow the period' }

export type SeriesRouteDeps = Pick<ApiDeps, 'readings' | 'latest' | 'directory' | 'now'>

/** Readings over time: of one device, and of an area. */
export function createSeriesRoutes({ readings, latest, directory, now }: SeriesRouteDeps): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/devices/:id/readings',
      area: 'Readings',
      summary: 'Readings of one device over time, thinned for a chart',
      description:
        'Whoever does not work with the city’s devices reads the own ones, from the moment at which each became theirs; means and extremes from the next whole hour.',
      access: 'readings.read',
      narrowsToOwn: true,
      params: deviceParamsSchema,
      query: seriesQuerySchema,
      answer: { description: 'One series per field', schema: seriesSchema },
      faults: { ...faults, 404: 'There is no such device' },
      handler: async ({ params, query, principal, reach }) => {
        const device = directory.find(params.id)
        if (reach === 'own' && (device === undefined || !owns(principal, device))) throw notFound('device')
        const sinceMs = device === undefined ? 0 : readableSince(device, reach)
        const kind = findDeviceKind(params.id, query.kind, sinceMs)
        const fields = checkFields(kind, query.field ?? fieldNames(kind))
        const { maxPoints, aggregate } = query
        const period = startFrom(readableFrom(sinceMs, aggregate), readPeriod(query, now()))
        const result =
          period.fromMs < period.toMs
            ? await readings.series({ deviceId: params.id, kind: kind.id, fields, ...period, maxPoints, aggregate })
            : nothing
        return json({
          deviceId: params.id,
          kind: kind.id,
          from: toTime(period.fromMs),
          to: toTime(period.toMs),
          aggregate,
          bucketS: result.bucketMs === undefined ? null : result.bucketMs / 1000,
          rowsRead: result.rowsRead,
          fromRollup: result.fromRollup,
          series: presentSeries(kind, fields, result),
        })
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/readings/area',
      area: 'Readings',
      summary: 'One field over all devices of the city or an area, by bucket of time',
      description:
        'Buckets of up to an hour start on whole ones: `from` is moved back to the start of its bucket, and the answer says where that is. Longer ones start at `from` exactly, as days do not start at the same moment everywhere.',
      access: 'readings.survey',
      query: areaQuerySchema,
      answer: { description: 'The series', schema: areaSeriesSchema },
      faults,
      handler: async ({ query }) => {
        const kind = requireKind(query.kind)
        const [field] = checkFields(kind, [query.field ?? kind.card.primary]) as [string]
        const bucketMs = query.bucketS * 1000
        const period = startOnBucket(readPeriod(query, now()), { bucketMs, isFromGiven: query.from !== undefined })
        const deviceIds = query.deviceId ?? (query.bbox && findInside(directory, query.bbox))
        const { points, fromRollup } = await readings.areaSeries({
          kind: kind.id,
          field,
          ...period,
          bucketMs,
          ...(deviceIds && { deviceIds }),
        })
        return json({
          kind: kind.id,
          field,
          unit: kind.fields[field]!.unit,
          from: toTime(period.fromMs),
          to: toTime(period.toMs),
          bucketS: query.bucketS,
          fromRollup,
          deviceCount: deviceIds?.length ?? null,
          points: points.map(({ atMs, ...figures }) => ({ at: toTime(atMs), ...figures })),
        })
      },
    }),
  ]

  /** History outlives its device: readings of a forgotten one can still be asked for. */
  function findDeviceKind(deviceId: string, kindId: string | undefined, sinceMs: number): Kind {
    const device = directory.find(deviceId)
    const seen = latest.of(deviceId).filter(({ observedAtMs }) => observedAtMs >= sinceMs)
    if (device === undefined && seen.length === 0) throw notFound('device')
    const id = kindId ?? seen[0]?.kind ?? device?.kinds[0]
    if (id === undefined) throw new AppError('invalid', 'kind-required', 'Nothing is known of this device; name a kind')
    return requireKind(id)
  }
}

const hourMs = 3_600_000

const nothing: SeriesResult = { series: {}, bucketMs: undefined, rowsRead: 0, fromRollup: false }

/** Long periods are told by whole hours, and an hour that began before would tell of it. */
function readableFrom(sinceMs: number, aggregate: Aggregate): number {
  return aggregate === 'raw' || aggregate === 'lttb' ? sinceMs : Math.ceil(sinceMs / hourMs) * hourMs
}

function startFrom(atMs: number, { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }) {
  return { fromMs: Math.min(Math.max(fromMs, atMs), toMs), toMs }
}

/** Buckets on whole hours also let the store answer from its roll-ups. */
function startOnBucket(
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  { bucketMs, isFromGiven }: { readonly bucketMs: number; readonly isFromGiven: boolean },
) {
  const gridMs = bucketMs <= hourMs ? bucketMs : isFromGiven ? 1 : hourMs
  return { fromMs: fromMs - (fromMs % gridMs), toMs }
}

function checkFields(kind: Kind, fields: readonly string[]): string[] {
  const unknown = fields.find((field) => !Object.hasOwn(kind.fields, field))
  if (unknown === undefined) return [...new Set(fields)]
  const known = fieldNames(kind).join(', ')
  throw new AppError('invalid', 'unknown-field', `The kind ${kind.id} has these fields: ${known}`)
}

function findInside(directory: MemoryDeviceDirectory, box: BoundingBox): string[] {
  const ids: string[] = []
  for (const device of directory.all()) {
    const position = publicPosition(device)
    if (position !== undefined && isInside(box, position)) ids.push(device.id)
  }
  return ids
}

function presentSeries(kind: Kind, fields: readonly string[], result: SeriesResult): SeriesResource['series'] {
  return fields.map((field) => {
    const { label, unit } = kind.fields[field]!
    const points = (result.series[field] ?? []).map(({ atMs, value }) => ({ at: toTime(atMs), value }))
    return { field, label, unit, points }
  })
}
