import type { Logger } from 'pino'
import type { NoticeAudience, NoticeSkip } from '../../contracts/notice.ts'
import type { ClaimedNotice, NoticeRecipient, PlannedNotice, Records, StoredNoticeEvent } from '../../store/index.ts'
import { type Candidate, findPersonalSkip, planFollowUp, planNotices, type Reach } from './notice-plan.ts'

interface PlannerDeps {
  readonly records: Pick<Records, 'notices' | 'noticeRecipients'>
  readonly reach: Reach
  readonly staleAfterMs: number
  readonly log: Pick<Logger, 'info' | 'error'>
}

export interface NoticePlanner {
  /** Makes rows of the events that wait. @returns true when there may be more */
  planWaiting(): Promise<boolean>
  /** Why somebody is not to be told any more, though that was the plan. */
  findLateSkip(notice: ClaimedNotice): Promise<NoticeSkip | undefined>
}

const eventsPerLook = 50
/** Recipients of one event beyond this number are left out, and that is logged. */
const recipientsMax = 2000

/** Turns events into rows: reads who is to be told, and lets the pure part decide how. */
export function createNoticePlanner({ records, reach, staleAfterMs, log }: PlannerDeps): NoticePlanner {
  const { notices, noticeRecipients } = records

  async function findPeople(to: NoticeAudience): Promise<readonly NoticeRecipient[]> {
    switch (to.type) {
      case 'contacts':
        return noticeRecipients.contactsOf(to.ownerId)
      case 'staff':
        return noticeRecipients.staff(to.roles)
      case 'user': {
        const user = await noticeRecipients.user(to.userId)
        return user === undefined ? [] : [user]
      }
      case 'device':
        return [aDevice(to.deviceId)]
      case 'told':
        return []
    }
  }

  async function planRows(event: StoredNoticeEvent): Promise<readonly PlannedNotice[]> {
    const candidates: Candidate[] = []
    const followUps: PlannedNotice[] = []
    for (const [tell, { to }] of event.tells.entries()) {
      if (to.type === 'told') followUps.push(...planFollowUp(await notices.toldIn(event.thread, event), tell))
      else for (const person of await findPeople(to)) candidates.push({ tell, person })
    }
    if (candidates.length > recipientsMax) {
      log.error({ eventKey: event.key, recipients: candidates.length, recipientsMax }, 'too many people to be told')
    }
    // Who was told before is told by the way that reached them.
    const already = new Set(followUps.map(({ recipient }) => recipient))
    const others = candidates.slice(0, recipientsMax).filter(({ person }) => !already.has(person.recipient))
    return [...followUps, ...planNotices(others, reach)]
  }

  return {
    async planWaiting() {
      const events = await notices.unplanned(eventsPerLook)
      const held = new Set<string>()
      for (const event of events) {
        // A step waits for the one before it, or it would not know who was told.
        if (held.has(event.thread)) continue
        if (event.ends && !(await notices.supersede(event.thread, event))) {
          // Whoever is being told right now is told the end as well, once it is known that they were told.
          held.add(event.thread)
          continue
        }
        await notices.plan(event, {
          rows: await planRows(event),
          expiresAtMs: event.createdAtMs + staleAfterMs,
        })
      }
      return held.size === 0 && events.length === eventsPerLook
    },
    async findLateSkip({ recipient, to, text }) {
      if (text === '') return 'erased'
      if (to.type === 'told') return undefined
      const [kind, id = ''] = splitRecipient(recipient)
      if (kind === 'user') {
        const user = await noticeRecipients.user(id)
        return user === undefined ? 'erased' : findPersonalSkip(user)
      }
      if (kind !== 'contact' || to.type !== 'contacts') return undefined
      const contacts = await noticeRecipients.contactsOf(to.ownerId)
      const contact = contacts.find((one) => one.recipient === recipient)
      return contact === undefined ? 'no-consent' : findPersonalSkip(contact)
    },
  }
}

function aDevice(deviceId: string): NoticeRecipient {
  return {
    recipient: `device:${deviceId}`,
    state: 'active',
    isSignedIn: true,
    isOffDuty: false,
    hasConsented: true,
    phone: undefined,
    email: undefined,
  }
}

function splitRecipient(recipient: string): readonly [kind: string, id: string] {
  const at = recipient.indexOf(':')
  return [recipient.slice(0, at), recipient.slice(at + 1)]
}
