import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { AppError } from '../../contracts/errors.ts'
import type { Kind } from '../../contracts/kinds/kind.ts'
import type { ExportQuery } from '../../contracts/ports/time-series.ts'
import type { ApiDeps } from '../deps.ts'
import { content } from '../http/answer.ts'
import { deviceIdListSchema, timeInputSchema, toTime } from '../http/inputs.ts'
import { defineRoute, type Route } from '../http/route.ts'
import { writeCsv, writeGeoJson } from './export-formats.ts'
import { readPeriod } from './period.ts'
import { publicPosition } from './public-position.ts'
import { requireKind } from './require-kind.ts'

/** More would only make each other slow, and the store with them. */
const exportsAtOnceMax = 4

const querySchema = z.strictObject({
  format: z.enum(['csv', 'geojson', 'parquet']).default('csv'),
  kind: z.string().min(1).max(32),
  from: timeInputSchema.optional().describe('RFC 3339 or epoch milliseconds, inclusive; a day before `to` when absent'),
  to: timeInputSchema.optional().describe('RFC 3339 or epoch milliseconds, exclusive; now when absent'),
  deviceId: deviceIdListSchema.optional(),
})

const mediaTypes = {
  csv: 'text/csv; charset=utf-8; header=present',
  geojson: 'application/geo+json; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
} as const

export type ExportRouteDeps = Pick<ApiDeps, 'readings' | 'directory' | 'records' | 'now'> & {
  readonly tempDir: string | undefined
}

/** Readings as files, of any size: nothing but a page of rows is ever in memory. */
export function createExportRoutes({ readings, directory, records, now, tempDir }: ExportRouteDeps): Route[] {
  let runningCount = 0

  return [
    defineRoute({
      method: 'get',
      path: '/api/readings/export',
      area: 'Readings',
      summary: 'Readings of a kind as CSV, GeoJSON or Parquet, oldest first',
      description: `Streamed at the pace of the client. A transfer that breaks off was not complete. At most ${exportsAtOnceMax} run at once. Devices of persons have no geometry.`,
      access: 'readings.export',
      query: querySchema,
      answer: {
        description: 'The file',
        media: ['text/csv', 'application/geo+json', 'application/vnd.apache.parquet'],
      },
      faults: { 429: 'Too many requests, or too many exports at once' },
      handler: ({ query, principal, signal }) => {
        const { format } = query
        const kind = requireKind(query.kind)
        const wanted: ExportQuery = {
          kind: kind.id,
          ...readPeriod(query, now()),
          ...(query.deviceId && { deviceIds: query.deviceId }),
        }
        return content({
          mediaType: mediaTypes[format],
          body: takeTurn(writeDown(principal.userId, format, wanted, write(format, kind, wanted, signal))),
          fileName: `${kind.id}-${dayOf(wanted.fromMs)}-${dayOf(wanted.toMs)}.${format}`,
        })
      },
    }),
  ]

  async function* takeTurn<T>(source: AsyncIterable<T>): AsyncGenerator<T> {
    if (runningCount >= exportsAtOnceMax) {
      throw new AppError('too-many', 'too-many-exports', 'Other exports are running; try again when they are done')
    }
    runningCount += 1
    try {
      yield* source
    } finally {
      runningCount -= 1
    }
  }

  /** Before anything leaves: what cannot be written down is not given out. */
  async function* writeDown<T>(
    actor: string,
    format: keyof typeof mediaTypes,
    { kind, fromMs, toMs, deviceIds }: ExportQuery,
    source: AsyncIterable<T>,
  ): AsyncGenerator<T> {
    const detail = { format, kind, from: toTime(fromMs), to: toTime(toMs), ...(deviceIds && { deviceIds }) }
    await records.audit.append({ actor, action: 'readings-exported', detail })
    yield* source
  }

  function write(
    format: keyof typeof mediaTypes,
    kind: Kind,
    query: ExportQuery,
    signal: AbortSignal,
  ): AsyncIterable<string | Uint8Array> {
    if (format === 'parquet') return writeParquet(query, signal)
    const rows = readings.exportRows(query)
    if (format === 'csv') return writeCsv(kind, rows)
    return writeGeoJson({ kind, rows, positionOf: (deviceId) => publicPosition(directory.find(deviceId)) })
  }

  /** Parquet keeps its index at the end, so it is a file before it is a stream. */
  async function* writeParquet(query: ExportQuery, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const folder = await mkdtemp(join(tempDir ?? tmpdir(), 'prahari-export-'))
    try {
      const path = join(folder, 'readings.parquet')
      await readings.exportParquet(query, path)
      if (signal.aborted) return
      for await (const piece of createReadStream(path)) yield piece as Uint8Array
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10).replaceAll('-', '')
}
