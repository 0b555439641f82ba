import { z } from 'zod'
import { deviceIdSchema } from '../../contracts/device.ts'
import { AppError } from '../../contracts/errors.ts'
import { quarantinedDetailSchema, quarantinePageSchema } from '../../contracts/http/quarantine.ts'
import type { IngestControl, QuarantineQuery } from '../../contracts/ports/telemetry.ts'
import type { TimeSeriesReader } from '../../contracts/ports/time-series.ts'
import { quarantineReasonSchema } from '../../contracts/reading.ts'
import type { Records } from '../../store/index.ts'
import { notFound } from '../errors.ts'
import { json } from '../http/answer.ts'
import { cursorOf, cutPage } from '../http/cursor.ts'
import { flagSchema, limitSchema, listOf, timeInputSchema } from '../http/inputs.ts'
import { defineRoute, type Route } from '../http/route.ts'
import { presentQuarantined, presentQuarantinedDetail } from './present-quarantined.ts'

const idsMax = 1000
const messagesPerRequestMax = 10_000

const idSchema = z.int().positive()

const filters = {
  deviceId: deviceIdSchema.optional(),
  reason: quarantineReasonSchema.optional(),
  from: timeInputSchema.optional().describe('Received then or later; RFC 3339 or epoch milliseconds'),
  to: timeInputSchema.optional().describe('Received before then; RFC 3339 or epoch milliseconds'),
}

const listQuerySchema = z.strictObject({ ...filters, limit: limitSchema, cursor: cursorOf(idSchema).optional() })

const idTextSchema = z
  .string()
  .regex(/^\d{1,15}$/, 'a number')
  .transform(Number)
const paramsSchema = z.strictObject({ id: idTextSchema })

const replaySchema = z.strictObject({
  ...filters,
  ids: z.array(idSchema).min(1).max(idsMax).optional(),
  all: z.boolean().optional().describe('Without any filter this must be true: everything is seldom meant'),
  limit: z.int().min(1).max(messagesPerRequestMax).default(1000),
})

const purgeQuerySchema = z.strictObject({
  ...filters,
  ids: listOf(idTextSchema, idsMax).optional(),
  all: flagSchema.optional().describe('Without any filter this must be true: everything is seldom meant'),
  limit: z.coerce.number().int().min(1).max(messagesPerRequestMax).default(messagesPerRequestMax),
})

const replayedSchema = z.strictObject({
  replayed: z.int().nonnegative().describe('Passed this time and left quarantine'),
  stillBad: z.int().nonnegative(),
})
const purgedSchema = z.strictObject({ purged: z.int().nonnegative() })

export interface QuarantineRouteDeps {
  readonly readings: TimeSeriesReader
  readonly ingest: IngestControl
  readonly records: Records
}

/** Messages set aside: nothing a device sent is silently dropped, and what was a fault of ours can be replayed. */
export function createQuarantineRoutes({ readings, ingest, records }: QuarantineRouteDeps): Route[] {
  const { quarantine } = readings
  return [
    defineRoute({
      method: 'get',
      path: '/api/quarantine',
      area: 'Quarantine',
      summary: 'Messages set aside, newest first, and how many for which reason',
      access: 'quarantine.read',
      query: listQuerySchema,
      answer: { description: 'A page of messages', schema: quarantinePageSchema },
      handler: async ({ query }) => {
        const { limit, cursor } = query
        const [rows, counts] = await Promise.all([
          quarantine.list({ ...toFilter(query), limit: limit + 1, ...(cursor !== undefined && { beforeId: cursor }) }),
          quarantine.counts(),
        ])
        const page = cutPage({ rows, limit, positionOf: ({ id }) => id, present: presentQuarantined })
        const total = counts.reduce((sum, { count }) => sum + count, 0)
        return json({ ...page, total, counts: counts.map((line) => ({ ...line })) })
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/quarantine/:id',
      area: 'Quarantine',
      summary: 'One message with its bytes as they came',
      access: 'quarantine.read',
      params: paramsSchema,
      answer: { description: 'The message', schema: quarantinedDetailSchema },
      faults: { 404: 'There is no such message' },
      handler: async ({ params }) => {
        const message = await quarantine.get(params.id)
        if (message === undefined) throw notFound('message')
        return json(presentQuarantinedDetail(message))
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/quarantine/replay',
      area: 'Quarantine',
      summary: 'Send messages through the pipeline again',
      description: 'Those that pass now are stored in their place and leave quarantine; the ledger moves them over.',
      access: 'quarantine.replay',
      body: replaySchema,
      answer: { description: 'What became of them', schema: replayedSchema },
      handler: async ({ body, principal }) => {
        const query = toSelection(body)
        const result = await ingest.replayQuarantine(query)
        await audit(principal.userId, 'quarantine-replayed', { ...body, ...result })
        return json({ replayed: result.replayed, stillBad: result.stillBad })
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/api/quarantine',
      area: 'Quarantine',
      summary: 'Delete messages for good',
      description: `At most ${messagesPerRequestMax} at a time, newest first; repeat until \`purged\` is 0. The ledger keeps counting them.`,
      access: 'quarantine.purge',
      query: purgeQuerySchema,
      answer: { description: 'How many were deleted', schema: purgedSchema },
      handler: async ({ query, principal }) => {
        const purged = await quarantine.purge(toSelection(query))
        await audit(principal.userId, 'quarantine-purged', { ...query, purged })
        return json({ purged })
      },
    }),
  ]

  async function audit(actor: string, action: string, detail: Record<string, unknown>) {
    await records.audit.append({ actor, action, detail })
  }
}

type Filter = z.output<typeof listQuerySchema>

function toFilter({ deviceId, reason, from, to }: Pick<Filter, 'deviceId' | 'reason' | 'from' | 'to'>) {
  return {
    ...(deviceId !== undefined && { deviceId }),
    ...(reason !== undefined && { reason }),
    ...(from !== undefined && { fromMs: from }),
    ...(to !== undefined && { toMs: to }),
  }
}

function toSelection(
  selection: Pick<z.output<typeof replaySchema>, keyof typeof filters | 'ids' | 'all' | 'limit'>,
): QuarantineQuery {
  const { ids, all, limit } = selection
  const query = { ...toFilter(selection), ...(ids !== undefined && { ids }), limit }
  if (all === true || Object.keys(query).length > 1) return query
  throw new AppError('invalid', 'no-filter', 'Name what is meant, or say all=true')
}
