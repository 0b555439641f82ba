import { z } from 'zod'
import { commandStates, deviceStates } from '../device.ts'
import { positionSchema } from '../geo.ts'
import { timeSchema } from './common.ts'
import { readingSchema } from './reading.ts'

export const deviceResourceSchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    kinds: z.array(z.string()),
    position: positionSchema
      .nullable()
      .describe('null when it is not known, and of a personal device also when it is not yours to know'),
    gatewayId: z.string().nullable(),
    ownerId: z.string().nullable().describe('Id of the person it belongs to'),
    isPersonal: z
      .boolean()
      .describe('Where it is says where a person is: true from its first owner on, until it is said to be the city’s'),
    labels: z.record(z.string(), z.string()),
    state: z.enum(deviceStates),
    simulated: z.boolean().describe('A device of the demo city; everything about it is made up'),
    online: z.boolean().nullable().describe('null when the broker runs elsewhere'),
    lastReadingAt: timeSchema.nullable().describe('Event time of its newest reading'),
    createdAt: timeSchema,
    updatedAt: timeSchema,
  })
  .meta({ id: 'Device' })
export type DeviceResource = z.infer<typeof deviceResourceSchema>

export const deviceStatusSchema = z
  .strictObject({
    batteryPct: z.number().min(0).max(100).nullable().describe('null when it never said so'),
    firmware: z.string().nullable().describe('null when it never said so'),
    receivedAt: timeSchema.describe('When it last said either'),
  })
  .meta({ id: 'DeviceStatus' })
export type DeviceStatusResource = z.infer<typeof deviceStatusSchema>

export const deviceDetailSchema = z
  .strictObject({
    ...deviceResourceSchema.shape,
    status: deviceStatusSchema.nullable().describe('What it last said of itself; null when it has said nothing'),
    latest: z.array(readingSchema),
  })
  .meta({ id: 'DeviceDetail' })

/** The only answers that ever carry a secret. */
export const deviceWithSecretSchema = z
  .strictObject({
    device: deviceResourceSchema,
    secret: z.string().describe('MQTT password. Shown once; only a hash is kept'),
  })
  .meta({ id: 'DeviceWithSecret' })

export const bulkReportSchema = z
  .strictObject({
    created: z.int().nonnegative(),
    failed: z.int().nonnegative(),
    results: z.array(
      z.strictObject({
        line: z.int().positive().describe('Line of the CSV file, or place in the JSON list, counted from 1'),
        id: z.string().nullable(),
        status: z.enum(['created', 'failed']),
        secret: z.string().nullable().describe('MQTT password. Shown once'),
        error: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
      }),
    ),
  })
  .meta({ id: 'BulkReport' })
export type BulkReport = z.infer<typeof bulkReportSchema>

export const commandResourceSchema = z
  .strictObject({
    id: z.string(),
    deviceId: z.string(),
    name: z.string(),
    body: z.record(z.string(), z.unknown()),
    state: z.enum(commandStates),
    queuedAt: timeSchema,
    deliveredAt: timeSchema.nullable(),
    finishedAt: timeSchema.nullable(),
    result: z.record(z.string(), z.unknown()).nullable(),
  })
  .meta({ id: 'DeviceCommand' })
export type CommandResource = z.infer<typeof commandResourceSchema>
