import { z } from 'zod'
import { type BoundingBox, isInside } from '../../contracts/geo.ts'
import { pageOf } from '../../contracts/http/common.ts'
import { readingSchema } from '../../contracts/http/reading.ts'
import type { LatestReading } from '../../contracts/ports/telemetry.ts'
import type { ApiDeps } from '../deps.ts'
import { json } from '../http/answer.ts'
import { cursorOf, cutPage } from '../http/cursor.ts'
import { boundingBoxSchema, limitSchema } from '../http/inputs.ts'
import { defineRoute, type Route } from '../http/route.ts'
import { presentReading } from './present-reading.ts'
import { publicPosition } from './public-position.ts'
import { takeSmallest } from './take-smallest.ts'

/** Device and kind of the last reading of a page. */
const positionSchema = z.tuple([z.string().max(64), z.string().max(32)])

const querySchema = z.strictObject({
  kind: z.string().min(1).max(32).optional(),
  bbox: boundingBoxSchema
    .optional()
    .describe('west,south,east,north in degrees; devices without a position, and those of persons, are left out'),
  limit: limitSchema,
  cursor: cursorOf(positionSchema).optional(),
})

export function createLatestRoutes({ latest, directory }: Pick<ApiDeps, 'latest' | 'directory'>): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/readings/latest',
      area: 'Readings',
      summary: 'The newest reading of every device and kind, by device id',
      access: 'readings.survey',
      query: querySchema,
      answer: { description: 'A page of readings', schema: pageOf(readingSchema) },
      handler: ({ query }) => {
        const { kind, bbox, limit, cursor } = query
        const rows = takeSmallest(wanted({ kind, bbox, after: cursor }), limit + 1, byDeviceAndKind)
        const positionOf = (last: LatestReading) => [last.deviceId, last.kind]
        return json(cutPage({ rows, limit, positionOf, present: presentReading }))
      },
    }),
  ]

  function* wanted(filter: {
    kind: string | undefined
    bbox: BoundingBox | undefined
    after: readonly [string, string] | undefined
  }) {
    const { kind, bbox, after } = filter
    const before = after && { deviceId: after[0], kind: after[1] }
    for (const reading of latest.all()) {
      if (kind !== undefined && reading.kind !== kind) continue
      if (before !== undefined && byDeviceAndKind(reading, before) <= 0) continue
      if (bbox !== undefined) {
        const position = publicPosition(directory.find(reading.deviceId))
        if (position === undefined || !isInside(bbox, position)) continue
      }
      yield reading
    }
  }
}

type Key = Pick<LatestReading, 'deviceId' | 'kind'>

function byDeviceAndKind(a: Key, b: Key): number {
  return compare(a.deviceId, b.deviceId) || compare(a.kind, b.kind)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
