import { onTestFinished } from 'vitest'
import type { Notice, NoticeEvent } from '../../../contracts/notice.ts'
import type { MessageChannel } from '../../../contracts/ports/messages.ts'
import type { SocketPager } from '../../../contracts/ports/outbox.ts'
import type { Role } from '../../../contracts/roles.ts'
import { createOutbox, createWebhookChannel } from '../../../safety/index.ts'
import { aSession, someRecords } from '../../store/records/fixture.ts'
import { aLog } from './fixture.ts'

type OutboxOptions = NonNullable<Parameters<typeof createOutbox>[0]['options']>

export const webhookSecret = `whsec_${Buffer.from('a key of this test, thirty-two b').toString('base64')}`
export const aWebhook = (url: string) => createWebhookChannel({ url, secret: webhookSecret, now: Date.now })

interface HouseOptions {
  readonly phone?: MessageChannel | undefined
  readonly email?: MessageChannel | undefined
  readonly sockets?: SocketPager
  readonly options?: OutboxOptions
  /** A clock of the test's own; the real one unless told. */
  readonly clock?: { now(): number }
}

/** Records, people, and an outbox that hurries. */
export async function anOutboxHouse({ phone, email, sockets, options, clock }: HouseOptions = {}) {
  const now = clock?.now ?? Date.now
  const { records, bus, path } = await someRecords({ now })
  const log = aLog()
  function anOutbox() {
    const outbox = createOutbox({
      records,
      bus,
      carriers: { phone, email },
      now,
      random: () => 0,
      log: log.log,
      options: { restMsFirst: 2, restMsMax: 2, lookEveryMs: 20, tryMsMax: 20_000, ...options },
    })
    if (sockets) outbox.attachSockets(sockets)
    onTestFinished(() => outbox.stop())
    return outbox
  }
  let phones = 0

  /** Somebody with an account, signed in unless told otherwise. */
  async function aUser(role: Role, { isSignedIn = true, unitNumber = null as string | null } = {}): Promise<string> {
    const number = ++phones
    const { id } = await records.users.create({
      name: `The ${role}`,
      role,
      unitNumber,
      email: `user${number}@city.example`,
      phone: `+9198765${String(number).padStart(5, '0')}`,
      emailVerifiedAtMs: 1,
      phoneVerifiedAtMs: 1,
    })
    if (isSignedIn) {
      const expiresAtMs = now() + 86_400_000
      await records.sessions.create(aSession({ userId: id, refreshHash: `hash ${id}`, expiresAtMs }))
    }
    return id
  }

  /** Somebody with contacts who have agreed at every address they have. */
  async function anOwner(contacts: readonly { readonly phone?: string; readonly email?: string }[]): Promise<string> {
    const ownerId = await aUser('citizen', { isSignedIn: false })
    const named = contacts.map((addresses, at) => ({ name: `Contact ${at}`, ...addresses }))
    for (const { id: contactId, ...contact } of await records.contacts.replaceAllOf(ownerId, named)) {
      for (const type of ['phone', 'email'] as const) {
        if (contact[type] === undefined) continue
        const allowance = { periodMs: 1, perOwnerMax: 99, perAddressMax: 99 }
        await records.contacts.ask({ ownerId, contactId, type, code: '123456', lifetimeMs: 1000, allowance })
        await records.contacts.consent({ ownerId, contactId, code: '123456', triesMax: 5 })
      }
    }
    return ownerId
  }

  /** Resolves with the rows of an event once they are as the test wants them. */
  async function rowsOf(eventKey: string, areRight: (rows: readonly Notice[]) => boolean): Promise<readonly Notice[]> {
    for (;;) {
      const { items } = await records.notices.list({ eventKey, limit: 1000 })
      if (areRight(items)) return items
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }

  return { records, bus, path, log, anOutbox, aUser, anOwner, rowsOf }
}

/** True when nothing more will become of any row. */
export function areSettled(rows: readonly Notice[]): boolean {
  return rows.length > 0 && rows.every(({ state }) => state !== 'queued' && state !== 'sending')
}

/** `sms sent`, `email skipped told-already`: what became of each row, by place. */
export function describeRows(rows: readonly Notice[]): string[] {
  return [...rows]
    .sort((a, b) => (a.recipient === b.recipient ? a.place - b.place : a.recipient < b.recipient ? -1 : 1))
    .map(({ channel, state, reason }) => [channel, state, reason].filter(Boolean).join(' '))
}

export function anEvent(event: Partial<NoticeEvent> & Pick<NoticeEvent, 'tells'>): NoticeEvent {
  return { key: 'sos:s1:raised', thread: 'sos:s1', urgency: 'sos', ends: false, ...event }
}

export const words = { subject: 'SOS from Asha', text: 'Asha raised an SOS at 12:00 UTC.' }
