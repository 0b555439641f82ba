import { z } from 'zod'
import { pageOf } from '../../contracts/http/common.ts'
import { type NoticeResource, noticeResourceSchema } from '../../contracts/http/notice.ts'
import type { Notice } from '../../contracts/notice.ts'
import type { ApiDeps } from '../deps.ts'
import { json } from '../http/answer.ts'
import { limitSchema, toTime, toTimeOrNull } from '../http/inputs.ts'
import { presentPage, recordCursorSchema } from '../http/pages.ts'
import { defineRoute, type Route } from '../http/route.ts'

const listQuerySchema = z.strictObject({
  eventKey: z.string().min(1).max(200).optional().describe('One step: `sos:{id}:raised`'),
  thread: z.string().min(1).max(200).optional().describe('All steps: `sos:{id}`'),
  limit: limitSchema,
  cursor: recordCursorSchema.optional(),
})

/** Who was told of what, by which way, and who was not, and why. Neither words nor addresses. */
export function createNoticeRoutes({ records }: Pick<ApiDeps, 'records'>): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/notices',
      area: 'Notices',
      summary: 'Who was told, newest first',
      description: 'One row per recipient and channel. Who was not told has a reason.',
      access: 'notices.read',
      query: listQuerySchema,
      answer: { description: 'A page of notices', schema: pageOf(noticeResourceSchema) },
      handler: async ({ query }) => {
        const page = await records.notices.list(query)
        const names = await records.noticeRecipients.namesOf(page.items.map(({ recipient }) => recipient))
        return json(presentPage(page, (notice) => presentNotice(notice, names)))
      },
    }),
  ]
}

function presentNotice(notice: Notice, names: ReadonlyMap<string, string>): NoticeResource {
  const { id, eventKey, recipient, channel, state, isPerhapsTold, reason, tries } = notice
  const at = recipient.indexOf(':')
  return {
    id,
    eventKey,
    recipient: {
      type: recipient.slice(0, at) as NoticeResource['recipient']['type'],
      id: recipient.slice(at + 1),
      name: names.get(recipient) ?? null,
    },
    channel,
    state,
    isTold: state === 'sent' || state === 'delivered',
    isPerhapsTold,
    reason: reason ?? null,
    tries,
    createdAt: toTime(notice.createdAtMs),
    expiresAt: toTime(notice.expiresAtMs),
    sentAt: toTimeOrNull(notice.sentAtMs),
    deliveredAt: toTimeOrNull(notice.deliveredAtMs),
  }
}
