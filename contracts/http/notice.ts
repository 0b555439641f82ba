import { z } from 'zod'
import { noticeChannels, noticeStates } from '../notice.ts'
import { timeSchema } from './common.ts'

export const noticeResourceSchema = z
  .strictObject({
    id: z.string(),
    eventKey: z.string(),
    recipient: z.strictObject({
      type: z.enum(['user', 'contact', 'device']),
      id: z.string(),
      name: z.string().nullable().describe('null for a device, and for whoever is gone'),
    }),
    channel: z.enum(noticeChannels),
    state: z.enum(noticeStates),
    isTold: z.boolean().describe('By this channel'),
    isPerhapsTold: z.boolean().describe('A try ended without an answer, which may have been a yes'),
    reason: z.string().nullable().describe('Why not, or why not yet'),
    tries: z.number().int().nonnegative(),
    createdAt: timeSchema,
    expiresAt: timeSchema.describe('From here on it is stale'),
    sentAt: timeSchema.nullable(),
    deliveredAt: timeSchema.nullable(),
  })
  .meta({ id: 'Notice' })
export type NoticeResource = z.infer<typeof noticeResourceSchema>
