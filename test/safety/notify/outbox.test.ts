import type { ServerResponse } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { AppError } from '../../../contracts/errors.ts'
import type { MessageChannel } from '../../../contracts/ports/messages.ts'
import type { SocketNotice } from '../../../contracts/ports/outbox.ts'
import { aClock } from '../../store/records/fixture.ts'
import { aClosedPort, anHttpServer, type Received } from './fixture.ts'
import { anEvent, anOutboxHouse, areSettled, aWebhook, describeRows, words } from './outbox-house.ts'

const ok = (response: ServerResponse) => void response.writeHead(204).end()
const phone = '+919876543210'
const mail = 'asha@home.example'
const addressOf = ({ body }: Received): string => JSON.parse(body).data.to.address

const toContacts = (ownerId: string) => ({ to: { type: 'contacts', ownerId } as const, ...words })
const toTold = { to: { type: 'told' } as const, subject: 'Over', text: 'It is over.' }
const end = anEvent({ key: 'sos:s1:cancelled', ends: true, tells: [toTold] })

describe('a contact', () => {
  it('is told by the first way that works, and by no other', async () => {
    const { url, received } = await anHttpServer(ok)
    const house = await anOutboxHouse({ phone: aWebhook(url), email: aWebhook(url) })
    const ownerId = await house.anOwner([{ phone, email: mail }])
    await house.anOutbox().start()
    await house.records.notices.enqueue(anEvent({ tells: [toContacts(ownerId)] }))

    const rows = await house.rowsOf('sos:s1:raised', areSettled)
    expect(describeRows(rows)).toEqual(['sms sent', 'email skipped told-already'])
    expect(received.map(addressOf)).toEqual([phone])
    expect(rows.find(({ channel }) => channel === 'sms')).toMatchObject({ tries: 1, sentAtMs: expect.any(Number) })
  })

  it('is told once of one step, however often it is put in', async () => {
    const { url, received } = await anHttpServer(ok)
    const house = await anOutboxHouse({ phone: aWebhook(url) })
    const event = anEvent({ tells: [toContacts(await house.anOwner([{ phone }]))] })
    await house.anOutbox().start()
    expect(await house.records.notices.enqueue(event)).toBe(true)
    await house.rowsOf(event.key, areSettled)
    expect(await house.records.notices.enqueue(event)).toBe(false)
    await house.records.notices.enqueue({ ...event, key: 'sos:s2:raised', thread: 'sos:s2' })
    await house.rowsOf('sos:s2:raised', areSettled)
    expect(received).toHaveLength(2)
  })

  it.each<[string, string, boolean, (() => Promise<{ readonly url: string }>) | undefined]>([
    ['refuses connections', 'channel-unreachable', false, undefined],
    ['hangs', 'channel-unreachable', true, () => anHttpServer(() => undefined)],
    ['answers 500', 'channel-busy', false, () => anHttpServer((response) => void response.writeHead(500).end())],
    [
      'takes the message and drops the line',
      'channel-unreachable',
      true,
      () => anHttpServer((response) => void response.destroy()),
    ],
    ['says no', 'channel-refused', false, () => anHttpServer((response) => void response.writeHead(400).end())],
  ])('is told by mail when what carries text messages %s', async (what, reason, isPerhapsTold, open) => {
    const broken = open === undefined ? `http://127.0.0.1:${await aClosedPort()}` : (await open()).url
    const { url, received } = await anHttpServer(ok)
    const house = await anOutboxHouse({
      phone: aWebhook(broken),
      email: aWebhook(url),
      options: what === 'hangs' ? { tryMsMax: 2000, triesMaxBeforeFallback: 1 } : { triesMaxBeforeFallback: 2 },
    })
    await house.anOutbox().start()
    await house.records.notices.enqueue(anEvent({ tells: [toContacts(await house.anOwner([{ phone, email: mail }]))] }))

    const rows = await house.rowsOf('sos:s1:raised', areSettled)
    expect(describeRows(rows)).toEqual([`sms failed ${reason}`, 'email sent'])
    const sms = rows.find(({ channel }) => channel === 'sms')!
    expect(sms).toMatchObject({ tries: reason === 'channel-refused' || what === 'hangs' ? 1 : 2, isPerhapsTold })
    expect(received.map(addressOf)).toEqual([mail])
    expect(house.log.text()).not.toMatch(/9876543210|home\.example|Asha/)
  })

  it('is tried longer when there is no other way, under the same id, and told when it works again', async () => {
    const { url, received } = await anHttpServer((response) => {
      response.writeHead(received.length < 6 ? 503 : 200).end()
    })
    const house = await anOutboxHouse({ phone: aWebhook(url) })
    await house.anOutbox().start()
    await house.records.notices.enqueue(anEvent({ tells: [toContacts(await house.anOwner([{ phone }]))] }))
    const rows = await house.rowsOf('sos:s1:raised', areSettled)
    const row = rows.find(({ channel }) => channel === 'sms')!
    expect(row).toMatchObject({ state: 'sent', tries: 6 })
    expect(new Set(received.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([row.id]))
  })

  it('is given up on after the last try', async () => {
    const { url, received } = await anHttpServer((response) => void response.writeHead(500).end())
    const house = await anOutboxHouse({ phone: aWebhook(url), options: { triesMax: 4 } })
    await house.anOutbox().start()
    await house.records.notices.enqueue(anEvent({ tells: [toContacts(await house.anOwner([{ phone }]))] }))
    expect(describeRows(await house.rowsOf('sos:s1:raised', areSettled))).toEqual([
      'sms failed channel-busy',
      'email skipped no-address',
    ])
    expect(received).toHaveLength(4)
  })
})

describe('a notice that is old', () => {
  it('is stale after fifteen minutes, and not sent as news', async () => {
    const clock = aClock()
    const { url, received } = await anHttpServer(ok)
    const house = await anOutboxHouse({ phone: aWebhook(url), clock })
    const tells = [toContacts(await house.anOwner([{ phone }, { phone: '+919876543211', email: mail }]))]
    await house.records.notices.enqueue(anEvent({ tells }))
    clock.advance(15 * 60_000)
    await house.anOutbox().start()
    const rows = await house.rowsOf('sos:s1:raised', areSettled)
    expect(rows.filter(({ reason }) => reason === 'stale').length).toBeGreaterThanOrEqual(2)
    expect(rows.every(({ state }) => state === 'skipped')).toBe(true)
    expect(received).toEqual([])
  })

  it('is still sent a moment before', async () => {
    const clock = aClock()
    const { url, received } = await anHttpServer(ok)
    const house = await anOutboxHouse({ phone: aWebhook(url), clock })
    await house.records.notices.enqueue(anEvent({ tells: [toContacts(await house.anOwner([{ phone }]))] }))
    clock.advance(15 * 60_000 - 1)
    await house.anOutbox().start()
    await house.rowsOf('sos:s1:raised', areSettled)
    expect(received).toHaveLength(1)
  })
})

describe('somebody is not told, and it says why,', () => {
  const carrier: MessageChannel = { name: 'log', send: async () => undefined }
  type House = Awaited<ReturnType<typeof anOutboxHouse>>

  it.each<[string, (house: House) => Promise<string>]>([
    ['signed-out', (house) => house.aUser('operator', { isSignedIn: false })],
    [
      'off-duty',
      async ({ aUser, records }) => {
        await records.units.create({ unitNumber: 'P-7', kind: 'patrol', capabilities: [] })
        return aUser('operator', { unitNumber: 'P-7' })
      },
    ],
    [
      'banned',
      async ({ aUser, records }) => {
        const id = await aUser('operator')
        await records.users.update(id, { state: 'banned' })
        return id
      },
    ],
  ])('staff: %s', async (reason, who) => {
    const house = await anOutboxHouse({ phone: carrier, email: carrier })
    const id = await who(house)
    await house.anOutbox().start()
    await house.records.notices.enqueue(anEvent({ tells: [{ to: { type: 'staff', roles: ['operator'] }, ...words }] }))
    const rows = await house.rowsOf('sos:s1:raised', areSettled)
    expect(rows).toMatchObject([{ recipient: `user:${id}`, state: 'skipped', reason }])
  })

  it('contacts: no consent, no address, no channel', async () => {
    const house = await anOutboxHouse({ phone: undefined, email: carrier })
    const ownerId = await house.anOwner([{ phone }])
    const [agreed] = await house.records.contacts.listOf(ownerId)
    const unasked = { name: 'Unasked', phone: '+919876543219' }
    await house.records.contacts.replaceAllOf(ownerId, [{ id: agreed!.id, name: 'Agreed', phone }, unasked])
    await house.anOutbox().start()
    await house.records.notices.enqueue(anEvent({ tells: [toContacts(ownerId)] }))
    const rows = await house.rowsOf('sos:s1:raised', areSettled)
    expect(describeRows(rows).sort()).toEqual([
      'email skipped no-address',
      'sms skipped no-channel',
      'sms skipped no-consent',
    ])
  })

  it('signed out between two tries', async () => {
    const house: House = await anOutboxHouse({
      phone: {
        name: 'log',
        async send() {
          await house.records.sessions.revokeAllOf(id)
          throw new AppError('unavailable', 'channel-busy', 'later')
        },
      },
    })
    const id = await house.aUser('operator')
    await house.anOutbox().start()
    await house.records.notices.enqueue(anEvent({ tells: [{ to: { type: 'user', userId: id }, ...words }] }))
    const rows = await house.rowsOf('sos:s1:raised', areSettled)
    expect(rows.find(({ channel }) => channel === 'sms')).toMatchObject({
      state: 'skipped',
      reason: 'signed-out',
      tries: 2,
    })
  })

  it('erased while it waited', async () => {
    const sent: string[] = []
    const house: House = await anOutboxHouse({
      phone: {
        name: 'log',
        async send({ text }): Promise<void> {
          sent.push(text)
          const [contact] = await house.records.contacts.listOf(ownerId)
          await house.records.notices.eraseAllOf({ userId: ownerId, recipients: [`contact:${contact!.id}`] })
          throw new AppError('unavailable', 'channel-busy', 'later')
        },
      },
    })
    const ownerId = await house.anOwner([{ phone }])
    await house.anOutbox().start()
    await house.records.notices.enqueue(anEvent({ aboutUserId: ownerId, tells: [toContacts(ownerId)] }))
    const rows = await house.rowsOf('sos:s1:raised', areSettled)
    expect(describeRows(rows)).toContain('sms skipped erased')
    expect(sent).toHaveLength(1)
  })
})

describe('the end of an SOS', () => {
  const [told, refused, dropped] = ['+919876543211', '+919876543212', '+919876543213']

  it('is told to all who were told or perhaps told, and to them alone', async () => {
    const { url, received } = await anHttpServer((response, request) => {
      if (addressOf(request) === refused) response.writeHead(400).end()
      else if (addressOf(request) === dropped && request.body.includes('raised')) response.destroy()
      else ok(response)
    })
    const house = await anOutboxHouse({ phone: aWebhook(url), options: { triesMax: 2 } })
    const ownerId = await house.anOwner([{ phone: told }, { phone: refused }, { phone: dropped }])
    await house.anOutbox().start()
    await house.records.notices.enqueue(anEvent({ tells: [toContacts(ownerId)] }))
    await house.rowsOf('sos:s1:raised', areSettled)
    received.length = 0
    await house.records.notices.enqueue(end)
    expect(describeRows(await house.rowsOf(end.key, areSettled))).toEqual(['sms sent', 'sms sent'])
    expect(received.map(addressOf).sort()).toEqual([told, dropped])
  })

  it('takes back what was not sent', async () => {
    const { url, received } = await anHttpServer(ok)
    const house = await anOutboxHouse({ phone: aWebhook(url) })
    await house.records.notices.enqueue(anEvent({ tells: [toContacts(await house.anOwner([{ phone }]))] }))
    await house.records.notices.enqueue(end)
    await house.anOutbox().start()
    expect(describeRows(await house.rowsOf('sos:s1:raised', areSettled))).toContain('sms skipped superseded')
    expect(received).toEqual([])
  })

  it('waits for a try that is on its way, and is told when that was taken', async () => {
    const held: ServerResponse[] = []
    const { url, received } = await anHttpServer((response) =>
      received.length === 1 ? void held.push(response) : ok(response),
    )
    const house = await anOutboxHouse({ phone: aWebhook(url) })
    await house.anOutbox().start()
    await house.records.notices.enqueue(anEvent({ tells: [toContacts(await house.anOwner([{ phone }]))] }))
    await house.rowsOf('sos:s1:raised', () => received.length === 1)
    await house.records.notices.enqueue(end)
    ok(held[0]!)
    expect(describeRows(await house.rowsOf(end.key, areSettled))).toEqual(['sms sent'])
    expect(received.map(({ body }) => JSON.parse(body).data.text)).toEqual([words.text, toTold.text])
  })

  it('reaches who has signed out since', async () => {
    const sent: string[] = []
    const house = await anOutboxHouse({ phone: { name: 'log', send: async ({ text }) => void sent.push(text) } })
    const userId = await house.aUser('operator')
    await house.anOutbox().start()
    await house.records.notices.enqueue(anEvent({ tells: [{ to: { type: 'user', userId }, ...words }] }))
    await house.rowsOf('sos:s1:raised', areSettled)
    await house.records.sessions.revokeAllOf(userId)
    await house.records.notices.enqueue(end)
    await house.rowsOf(end.key, areSettled)
    expect(sent).toEqual([words.text, toTold.text])
  })
})

describe('a person with a socket', () => {
  it('is told there, and has had it once the socket says so', async () => {
    const paged: [string, SocketNotice][] = []
    const sockets = { page: async (userId: string, notice: SocketNotice) => paged.push([userId, notice]) > 0 }
    const house = await anOutboxHouse({ sockets })
    const userId = await house.aUser('operator')
    await house.anOutbox().start()
    await house.records.notices.enqueue(anEvent({ tells: [{ to: { type: 'staff', roles: ['operator'] }, ...words }] }))
    const rows = await house.rowsOf('sos:s1:raised', areSettled)
    expect(rows.find(({ channel }) => channel === 'socket')).toMatchObject({
      state: 'delivered',
      deliveredAtMs: expect.any(Number),
    })
    expect(paged).toMatchObject([[userId, { ...words, urgency: 'sos', eventKey: 'sos:s1:raised' }]])
  })

  it.each([
    ['none is open', async (): Promise<boolean> => false, 'socket skipped not-connected'],
    ['none answers', (): Promise<boolean> => new Promise(() => undefined), 'socket failed channel-unreachable'],
  ] as const)('is sent a text message when %s', async (_when, page, expected) => {
    const sent: string[] = []
    const phone: MessageChannel = { name: 'log', send: async ({ to }) => void sent.push(to.address) }
    const options = { tryMsMax: 5, triesMaxBeforeFallback: 2 }
    const house = await anOutboxHouse({ sockets: { page }, phone, options })
    await house.aUser('operator')
    await house.anOutbox().start()
    await house.records.notices.enqueue(anEvent({ tells: [{ to: { type: 'staff', roles: ['operator'] }, ...words }] }))
    expect(describeRows(await house.rowsOf('sos:s1:raised', areSettled)).slice(0, 2)).toEqual([expected, 'sms sent'])
    expect(sent).toHaveLength(1)
  })
})

describe('a wearable', () => {
  it('gets a command, and has had it once it says so', async () => {
    const house = await anOutboxHouse()
    const { records } = house
    await records.devices.register({ id: 'band-1', kinds: [], labels: {} })
    await house.anOutbox().start()
    await records.notices.enqueue(anEvent({ tells: [{ to: { type: 'device', deviceId: 'band-1' }, ...words }] }))
    const [row] = await house.rowsOf('sos:s1:raised', areSettled)
    expect(row).toMatchObject({ channel: 'mqtt', state: 'sent' })
    const [command] = await records.commands.pendingFor('band-1')
    expect(command).toMatchObject({ name: 'notice', body: { noticeId: row!.id, ...words } })
    await records.commands.markDelivered(command!.id, Date.now())
    expect(await house.rowsOf('sos:s1:raised', ([one]) => one?.state === 'delivered')).toHaveLength(1)
  })

  it('that is not there ends the notice', async () => {
    const house = await anOutboxHouse()
    await house.anOutbox().start()
    await house.records.notices.enqueue(anEvent({ tells: [{ to: { type: 'device', deviceId: 'gone' }, ...words }] }))
    expect(describeRows(await house.rowsOf('sos:s1:raised', areSettled))).toEqual(['mqtt failed device-not-found'])
  })
})

describe('what is no SOS', () => {
  it('leaves half of the room, and an SOS goes before it', async () => {
    const held: ServerResponse[] = []
    const { url, received } = await anHttpServer((response) => void held.push(response))
    const house = await anOutboxHouse({
      phone: aWebhook(url),
      options: { sendingMax: { socket: 1, mqtt: 1, sms: 4, email: 1 }, stopMsMax: 1 },
    })
    onTestFinished(() => held.forEach(ok))
    const numbers = Array.from({ length: 9 }, (_, at) => `+9198765432${10 + at}`)
    const usual = anEvent({
      key: 'notice',
      thread: 'notice',
      urgency: 'usual',
      tells: [toContacts(await house.anOwner(numbers.map((number) => ({ phone: number }))))],
    })
    await house.anOutbox().start()
    await house.records.notices.enqueue(usual)
    await house.rowsOf(usual.key, () => received.length === 2)
    await house.records.notices.enqueue(
      anEvent({ tells: [toContacts(await house.anOwner([{ phone: '+919876543299' }]))] }),
    )
    await house.rowsOf('sos:s1:raised', () => received.length === 3)
    expect(addressOf(received[2]!)).toBe('+919876543299')
  })
})

describe('a server that stops', () => {
  it('gives up on what hangs, and the next one tries it again under the same id', async () => {
    const { url, received } = await anHttpServer((response) => (received.length === 1 ? undefined : ok(response)))
    const house = await anOutboxHouse({ phone: aWebhook(url), options: { stopMsMax: 1 } })
    await house.records.notices.enqueue(anEvent({ tells: [toContacts(await house.anOwner([{ phone }]))] }))
    const first = house.anOutbox()
    await first.start()
    await house.rowsOf('sos:s1:raised', () => received.length === 1)
    await first.stop()
    const second = house.anOutbox()
    await second.start()
    expect(describeRows(await house.rowsOf('sos:s1:raised', areSettled))).toContain('sms sent')
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect(await second.stats()).toMatchObject({ queued: 0, sending: 0, lagMs: 0, outcomes: { sent: 1 } })
  })
})
