import { z } from 'zod'
import { aggregates } from '../ports/time-series.ts'
import { timeSchema } from './common.ts'

export const readingSchema = z
  .strictObject({
    deviceId: z.string(),
    kind: z.string(),
    observedAt: timeSchema,
    receivedAt: timeSchema,
    seq: z.int().nullable(),
    timeSource: z.enum(['device', 'broker']).describe('Who told the time: the device, or the broker in its place'),
    values: z.record(z.string(), z.number()),
  })
  .meta({ id: 'Reading' })
export type ReadingResource = z.infer<typeof readingSchema>

export const seriesSchema = z
  .strictObject({
    deviceId: z.string(),
    kind: z.string(),
    from: timeSchema,
    to: timeSchema,
    aggregate: z.enum(aggregates),
    bucketS: z.number().nullable().describe('Width of a bucket; null when the points are readings themselves'),
    rowsRead: z.int().nonnegative().describe('Stored readings (or roll-ups) the answer was made from'),
    fromRollup: z.boolean(),
    series: z.array(
      z.strictObject({
        field: z.string(),
        label: z.string(),
        unit: z.string(),
        points: z.array(z.strictObject({ at: timeSchema, value: z.number() })),
      }),
    ),
  })
  .meta({ id: 'Series' })
export type SeriesResource = z.infer<typeof seriesSchema>

export const areaSeriesSchema = z
  .strictObject({
    kind: z.string(),
    field: z.string(),
    unit: z.string(),
    from: timeSchema,
    to: timeSchema,
    bucketS: z.number(),
    fromRollup: z.boolean(),
    deviceCount: z.int().nullable().describe('Devices inside the area; null when the whole city was asked for'),
    points: z.array(
      z.strictObject({ at: timeSchema, mean: z.number(), min: z.number(), max: z.number(), count: z.int() }),
    ),
  })
  .meta({ id: 'AreaSeries' })

export const kindResourceSchema = z
  .strictObject({
    id: z.string(),
    label: z.string(),
    domain: z.enum(['traffic', 'environment', 'waste', 'energy']),
    reportEveryS: z.number(),
    fields: z.array(
      z.strictObject({
        name: z.string(),
        label: z.string(),
        unit: z.string(),
        min: z.number(),
        max: z.number(),
        decimals: z.int(),
      }),
    ),
    thresholds: z.array(
      z.strictObject({
        field: z.string(),
        raiseAbove: z.number().optional(),
        clearBelow: z.number().optional(),
        raiseBelow: z.number().optional(),
        clearAbove: z.number().optional(),
        holdS: z.number(),
        severity: z.string(),
      }),
    ),
    frozenAfterS: z.number().nullable(),
    card: z.strictObject({ widget: z.enum(['gauge', 'level', 'number']), primary: z.string(), historyH: z.number() }),
    examples: z.array(z.record(z.string(), z.number())).describe('Valid values, to copy from'),
  })
  .meta({ id: 'Kind' })
export type KindResource = z.infer<typeof kindResourceSchema>
