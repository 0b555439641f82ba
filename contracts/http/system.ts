import { z } from 'zod'
import type { BrokerStats } from '../ports/broker.ts'
import { type MessengerStats, messageOutcomes } from '../ports/messages.ts'
import type { OutboxStats } from '../ports/outbox.ts'
import type { IngestStats } from '../ports/telemetry.ts'
import { timeSchema } from './common.ts'

const count = z.int().nonnegative()

const serviceStates = ['ok', 'degraded', 'down'] as const
export type ServiceState = (typeof serviceStates)[number]

export const healthSchema = z
  .strictObject({
    status: z.enum(serviceStates).describe('The worst that matters: without a store the house is down'),
    services: z
      .record(z.string(), z.enum([...serviceStates, 'elsewhere']))
      .describe('`elsewhere` for a part that runs in another process'),
    ready: z.boolean().describe('Whether to send traffic here'),
    version: z.string(),
    uptimeS: z.number(),
    at: timeSchema,
  })
  .meta({ id: 'Health' })
export type Health = z.infer<typeof healthSchema>

const ledgerCounts = {
  received: count,
  stored: count,
  duplicate: count,
  quarantined: count,
  rejected: count,
  late: count.describe('Of those stored, how many came after a newer reading'),
  balanced: z.boolean().describe('received = stored + duplicate + quarantined + rejected'),
}

export const ledgerLineSchema = z
  .strictObject({ deviceId: z.string(), ...ledgerCounts, lastReceivedAt: timeSchema })
  .meta({ id: 'LedgerLine' })

export const ledgerTotalsSchema = z.strictObject({ deviceCount: count, ...ledgerCounts }).meta({ id: 'LedgerTotals' })
export type LedgerTotalsResource = z.infer<typeof ledgerTotalsSchema>

// Typed by the ports: a figure added there does not compile until it is described here.
const ingestStatsSchema: z.ZodType<IngestStats> = z
  .strictObject({
    readings: z.strictObject({
      received: count,
      stored: count,
      duplicate: count,
      quarantined: count,
      rejected: count,
      late: count,
    }),
    unknownFields: count,
    batches: count,
    batchRowsLast: count,
    commitMsLast: z.number(),
    commitMsP99: z.number(),
    lagMs: z.number().describe('From receive to durable, of the newest batch'),
    pendingCount: count,
    openTransitions: count,
  })
  .meta({ id: 'IngestStats' })

const brokerStatsSchema: z.ZodType<BrokerStats> = z
  .strictObject({
    connections: count,
    connectionsMax: count,
    publishesReceived: count,
    throttled: count.describe('Devices being slowed at this moment'),
    refusals: z.record(z.string(), count).describe('Count by the name of the limit or fault that acted'),
  })
  .meta({ id: 'BrokerStats' })

const httpStatsSchema = z
  .strictObject({
    refusals: z.record(z.string(), count).describe('Requests refused, by the rate limit that acted'),
    clientsForgotten: count.describe('Clients whose count was dropped early because there were too many'),
    sharedCounts: z
      .strictObject({
        up: z.boolean().describe('Whether requests are counted together with other instances at this moment'),
        outages: count.describe('Times that Redis went away'),
        countedAlone: count.describe('Requests that this instance counted alone because Redis was away'),
      })
      .nullable()
      .describe('null when no Redis is configured: every instance counts for itself'),
  })
  .meta({ id: 'HttpStats' })

const messengerStatsSchema: z.ZodType<MessengerStats> = z
  .strictObject({
    waiting: count.describe('Not on their way yet, or resting before another try'),
    sending: count,
    outcomes: z.record(z.enum(messageOutcomes), count),
  })
  .meta({ id: 'MessengerStats' })

const outboxStatsSchema: z.ZodType<OutboxStats> = z
  .strictObject({
    queued: count.describe('Wait for their turn, for another try, or for a channel before them to fail'),
    sending: count,
    lagMs: z.number().describe('How long the oldest that is due has been due'),
    outcomes: z.record(z.enum(['queued', 'sent', 'delivered', 'failed', 'skipped']), count),
    resumed: count.describe('Found on their way at the start, and tried again'),
  })
  .meta({ id: 'OutboxStats' })

const storeStatsSchema = z
  .strictObject({
    engine: z.string(),
    version: z.string(),
    rows: z.record(z.string(), count),
    bytesOnDisk: z.number(),
    oldestAt: timeSchema.nullable(),
    newestAt: timeSchema.nullable(),
    healthy: z.boolean(),
  })
  .meta({ id: 'StoreStats' })

export const systemStatsSchema = z
  .strictObject({
    at: timeSchema,
    version: z.string(),
    uptimeS: z.number(),
    ingest: ingestStatsSchema,
    broker: brokerStatsSchema.nullable().describe('null when the broker runs elsewhere'),
    http: httpStatsSchema,
    messages: messengerStatsSchema.describe('Codes on their way to people'),
    outbox: outboxStatsSchema.describe('Notices, one row per recipient and channel'),
    store: storeStatsSchema,
    jobs: z
      .array(
        z.strictObject({
          name: z.string(),
          schedule: z.string().describe('Five cron fields, in UTC'),
          runs: count,
          failures: count,
          overlaps: count.describe('Times it was due while it was still running'),
          lastStartedAt: timeSchema.nullable(),
          lastDurationMs: z.number().nullable(),
          lastOutcome: z.enum(['ok', 'failed']).nullable(),
        }),
      )
      .describe('Work done by the clock, since start'),
    process: z.strictObject({
      rssBytes: z.number(),
      heapUsedBytes: z.number(),
      cpuS: z.number().describe('Processor time since start'),
      eventLoopLagMsP99: z.number(),
    }),
  })
  .meta({ id: 'SystemStats' })
export type SystemStats = z.infer<typeof systemStatsSchema>
