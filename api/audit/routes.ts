import { z } from 'zod'
import { type AuditEntryResource, auditPageSchema } from '../../contracts/http/audit.ts'
import type { AuditEntry, Records } from '../../store/index.ts'
import { json } from '../http/answer.ts'
import { limitSchema, timeInputSchema, toTime } from '../http/inputs.ts'
import { presentPage, recordCursorSchema } from '../http/pages.ts'
import { defineRoute, type Route } from '../http/route.ts'

const nameSchema = z.string().min(1).max(256)

const listQuerySchema = z.strictObject({
  actor: nameSchema.optional().describe("A user's id, or an actor such as `device:lamp-17` or `system`"),
  action: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,63}\*?$/, 'an action such as user-signed-in, or user-* for all that begin so')
    .optional(),
  subject: nameSchema.optional().describe('`noun:id`, for example `user:...` or `device:lamp-17`'),
  from: timeInputSchema.optional().describe('Written then or later; RFC 3339 or epoch milliseconds'),
  to: timeInputSchema.optional().describe('Written before then; RFC 3339 or epoch milliseconds'),
  search: z.string().trim().min(1).max(100).optional().describe('Part of any field, whatever the case'),
  limit: limitSchema,
  cursor: recordCursorSchema.optional(),
})

export function createAuditRoutes({ records }: { readonly records: Pick<Records, 'audit' | 'users'> }): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/audit',
      area: 'Audit',
      summary: 'Who did what, newest first',
      description:
        'A page may be shorter than `limit`, even empty, before the last: only so many lines are looked at for one ' +
        'request. While there is a `nextCursor`, there is more.',
      access: 'audit.read',
      query: listQuerySchema,
      answer: { description: 'A page of the trail', schema: auditPageSchema },
      handler: async ({ query }) => {
        const { from: fromMs, to: toMs, ...rest } = query
        const page = await records.audit.list({ ...rest, fromMs, toMs })
        const names = await namesOf(page.items)
        return json(presentPage(page, (entry) => presentEntry(entry, names)))
      },
    }),
  ]

  async function namesOf(entries: readonly AuditEntry[]): Promise<ReadonlyMap<string, string>> {
    const names = new Map<string, string>()
    for (const actor of new Set(entries.map((entry) => entry.actor))) {
      if (actor === 'system' || actor.includes(':')) continue
      const user = await records.users.get(actor)
      if (user !== undefined && user.state !== 'erased') names.set(actor, user.name)
    }
    return names
  }
}

function presentEntry(entry: AuditEntry, names: ReadonlyMap<string, string>): AuditEntryResource {
  const { id, seq, atMs, actor, action, subject, detail } = entry
  const actorName = names.get(actor) ?? null
  return { id, seq, at: toTime(atMs), actor, actorName, action, subject: subject ?? null, detail: { ...detail } }
}
