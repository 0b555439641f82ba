import { z } from 'zod'
import { pageOf, timeSchema } from './common.ts'

const auditEntrySchema = z
  .strictObject({
    id: z.string(),
    seq: z.int().positive().describe('1, 2, 3 ... in the order they were written, without a gap'),
    at: timeSchema,
    actor: z.string().describe("A user's id, `device:` and its id, `address:` and a network address, or `system`"),
    actorName: z.string().nullable().describe('What the user is called now; null for whoever is none'),
    action: z.string().describe('kebab-case, for example `user-signed-in`'),
    subject: z.string().nullable().describe('What it was done to, as `noun:id`'),
    detail: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'AuditEntry' })
export type AuditEntryResource = z.infer<typeof auditEntrySchema>

export const auditPageSchema = pageOf(auditEntrySchema)
