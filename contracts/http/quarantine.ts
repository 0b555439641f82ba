import { z } from 'zod'
import { quarantineReasonSchema } from '../reading.ts'
import { pageOf, timeSchema } from './common.ts'

const quarantinedSchema = z
  .strictObject({
    id: z.int(),
    deviceId: z.string(),
    topic: z.string(),
    reason: quarantineReasonSchema,
    field: z.string().nullable(),
    receivedAt: timeSchema,
    sizeBytes: z.int().nonnegative(),
    preview: z.string().describe('The first of its bytes as text, control characters shown as escapes'),
  })
  .meta({ id: 'Quarantined' })
export type QuarantinedResource = z.infer<typeof quarantinedSchema>

export const quarantinedDetailSchema = z
  .strictObject({
    ...quarantinedSchema.shape,
    text: z.string().nullable().describe('null when the bytes are not UTF-8'),
    hex: z.string(),
    base64: z.string(),
  })
  .meta({ id: 'QuarantinedDetail' })
export type QuarantinedDetail = z.infer<typeof quarantinedDetailSchema>

export const quarantinePageSchema = pageOf(quarantinedSchema).extend({
  total: z.int().nonnegative().describe('All that is set aside, whatever the filter'),
  counts: z.array(z.strictObject({ reason: quarantineReasonSchema, count: z.int().nonnegative() })),
})
