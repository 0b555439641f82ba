import { z } from 'zod'
import { deviceIdSchema } from '../../contracts/device.ts'
import { pageOf } from '../../contracts/http/common.ts'
import {
  ledgerLineSchema,
  ledgerTotalsSchema,
  type SystemStats,
  systemStatsSchema,
} from '../../contracts/http/system.ts'
import type { JobRecord } from '../../contracts/ports/jobs.ts'
import type { LedgerLine } from '../../contracts/reading.ts'
import type { ApiDeps } from '../deps.ts'
import { json } from '../http/answer.ts'
import { cursorOf, cutPage } from '../http/cursor.ts'
import { limitSchema, toTime, toTimeOrNull } from '../http/inputs.ts'
import type { Limiters } from '../http/rate-limits.ts'
import { defineRoute, type Route } from '../http/route.ts'
import type { ProcessGauge } from './process-gauge.ts'

const ledgerQuerySchema = z.strictObject({
  deviceId: deviceIdSchema.optional(),
  limit: limitSchema,
  cursor: cursorOf(z.string().max(64)).optional(),
})

const ledgerPageSchema = pageOf(ledgerLineSchema).extend({
  totals: ledgerTotalsSchema.describe('Of all devices, whatever the filter'),
})

export type SystemRouteDeps = Pick<
  ApiDeps,
  'ingest' | 'readings' | 'broker' | 'messages' | 'outbox' | 'jobs' | 'now'
> & {
  readonly version: string
  readonly gauge: ProcessGauge
  readonly limiters: Pick<Limiters, 'stats'>
}

export function createSystemRoutes(deps: SystemRouteDeps): Route[] {
  const { ingest, now } = deps
  const startedAtMs = now()
  return [
    defineRoute({
      method: 'get',
      path: '/api/system/ledger',
      area: 'System',
      summary: 'Where every reading went, per device and in all',
      access: 'system.read',
      query: ledgerQuerySchema,
      answer: { description: 'A page of devices, by id', schema: ledgerPageSchema },
      handler: async ({ query }) => {
        const { deviceId, limit, cursor } = query
        const [rows, totals] = await Promise.all([
          ingest.ledger({ limit: limit + 1, ...(deviceId && { deviceId }), ...(cursor && { after: cursor }) }),
          ingest.ledgerTotals(),
        ])
        const page = cutPage({ rows, limit, positionOf: (last) => last.deviceId, present: presentLine })
        return json({ ...page, totals: { deviceCount: totals.deviceCount, ...presentCounts(totals) } })
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/system/stats',
      area: 'System',
      summary: 'Throughput, lag, store and process, as they are now',
      access: 'system.read',
      answer: { description: 'The figures', schema: systemStatsSchema },
      handler: async () => json(await readStats(deps, startedAtMs)),
    }),
  ]
}

export async function readStats(deps: SystemRouteDeps, startedAtMs: number): Promise<SystemStats> {
  const { engine, version, rows, bytesOnDisk, oldestMs, newestMs, healthy } = await deps.readings.stats()
  const atMs = deps.now()
  return {
    at: toTime(atMs),
    version: deps.version,
    uptimeS: Math.max(0, (atMs - startedAtMs) / 1000),
    ingest: deps.ingest.stats(),
    broker: deps.broker?.stats() ?? null,
    http: deps.limiters.stats(),
    messages: deps.messages.stats(),
    outbox: await deps.outbox.stats(),
    store: {
      engine,
      version,
      rows: { ...rows },
      bytesOnDisk,
      oldestAt: toTimeOrNull(oldestMs),
      newestAt: toTimeOrNull(newestMs),
      healthy,
    },
    jobs: (deps.jobs?.records() ?? []).map(presentJob),
    process: deps.gauge.read(),
  }
}

function presentJob({ lastStartedAtMs, lastDurationMs, lastOutcome, ...job }: JobRecord): SystemStats['jobs'][number] {
  return {
    ...job,
    lastStartedAt: toTimeOrNull(lastStartedAtMs),
    lastDurationMs: lastDurationMs ?? null,
    lastOutcome: lastOutcome ?? null,
  }
}

type Counts = Omit<LedgerLine, 'deviceId' | 'lastReceivedAtMs'>

function presentLine(line: LedgerLine) {
  return { deviceId: line.deviceId, ...presentCounts(line), lastReceivedAt: toTime(line.lastReceivedAtMs) }
}

function presentCounts({ received, stored, duplicate, quarantined, rejected, late }: Counts) {
  const balanced = received === stored + duplicate + quarantined + rejected
  return { received, stored, duplicate, quarantined, rejected, late, balanced }
}
