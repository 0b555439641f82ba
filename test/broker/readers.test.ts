import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { mayUserRead } from '../../broker/access/user-topics.ts'
import { filterCovers, filterMatches } from '../../broker/sessions/topic-tree.ts'
import type { BackendUser } from '../../contracts/ports/backend-users.ts'
import { type Role, roles } from '../../contracts/roles.ts'
import { aDevice, type HouseOptions, openHouse } from './house.ts'
import { connectPacket, openSocket, publish, type RawClient, returnCodeFor, signIn, subscribe } from './raw-client.ts'

type House = Awaited<ReturnType<typeof openHouse>>

const farMs = Date.now() + 3_600_000

function aUser(role: Role, overrides: Partial<BackendUser> = {}): BackendUser {
  return { userId: `user-${role}`, sessionId: `session-${role}`, role, expiresAtMs: farMs, ...overrides }
}

/** A house in which every role has an account: `<role>@city.example` with the token `token`. */
async function openStaffedHouse(options: HouseOptions = {}): Promise<House> {
  const house = await openHouse(options)
  for (const role of roles) house.users.set(`${role}@city.example token`, aUser(role))
  return house
}

const userPacket = (name: string, overrides: Parameters<typeof connectPacket>[1] = {}) =>
  connectPacket('', { username: `${name}@city.example`, password: Buffer.from('token'), ...overrides })

async function signInUser(house: House, name: string, overrides: Parameters<typeof connectPacket>[1] = {}) {
  return signIn(house.broker.port, '', userPacket(name, overrides))
}

async function readAs(house: House, name: string, filter: string, qos: 0 | 1 | 2 = 1): Promise<RawClient> {
  const client = await signInUser(house, name)
  client.send(subscribe(1, [filter, qos]))
  expect((await client.next('suback')).granted).toEqual([qos])
  return client
}

async function say(device: RawClient, topic: string, payload: string | Buffer): Promise<void> {
  device.send(publish(topic, payload))
  await device.next('puback')
}

const noise = 'v1/devices/d1/telemetry/noise'
const allNoise = 'v1/devices/+/telemetry/noise'

const watchers: readonly Role[] = ['analyst', 'officer', 'operator', 'admin', 'super_admin']
const dispatchers: readonly Role[] = ['officer', 'operator', 'admin', 'super_admin']

/** What may be asked for, and by whom. */
const filters: readonly (readonly [filter: string, allowed: readonly Role[]])[] = [
  ['v1/devices/+/telemetry/#', watchers],
  ['v1/devices/+/telemetry/+', watchers],
  ['v1/devices/+/telemetry/noise', watchers],
  ['v1/devices/d1/telemetry/#', watchers],
  ['v1/devices/+/status', watchers],
  ['v1/devices/d1/location', watchers],
  ['v1/city/#', watchers],
  ['v1/devices/+/sos', dispatchers],
  ['v1/devices/d1/sos', dispatchers],
  ['v1/devices/+/commands/#', []],
  ['v1/devices/d1/commands/c1', []],
  ['v1/devices/d1/commands/c1/result', []],
  ['v1/devices/d1/#', []],
  ['v1/devices/+/+', []],
  ['v1/devices/+', []],
  ['v1/devices/#', []],
  ['v1/gateways/#', []],
  ['v1/enrol/request', []],
  ['v1/enrol/response', []],
  ['v1/+/#', []],
  ['v1/#', []],
  ['+/devices/+/telemetry/#', []],
  ['+/#', []],
  ['#', []],
  ['$SYS/#', []],
  ['$SYS/+/new/clients', []],
  ['$share/all/v1/devices/+/status', []],
]

describe('what a backend user may read', () => {
  it.each(watchers)('follows the table for %s', async (role) => {
    const house = await openStaffedHouse()
    const client = await signInUser(house, role)
    client.send(subscribe(1, ...filters.map(([filter]) => [filter, 1] as const)))
    const { granted } = await client.next('suback')
    const answers = filters.map(([filter], i) => [filter, (granted as number[])[i]])
    expect(answers).toEqual(filters.map(([filter, allowed]) => [filter, allowed.includes(role) ? 1 : 128]))
    const refused = filters.filter(([, allowed]) => !allowed.includes(role)).length
    expect(house.refused('subscribe-not-own')).toBe(refused)
    expect(house.violations).toHaveLength(refused)
    expect(house.violations[0]).toMatchObject({ userId: `user-${role}`, deviceId: undefined, action: 'subscribe' })
  })

  it.each(roles.filter((role) => !watchers.includes(role)))('is nothing for %s, who is not let in', async (role) => {
    const house = await openStaffedHouse()
    expect(await returnCodeFor(await openSocket(house.broker.port), userPacket(role))).toBe(5)
    expect(house.refused('user-not-allowed')).toBe(1)
  })

  const words = [
    'v1',
    'devices',
    'city',
    'd1',
    'telemetry',
    'noise',
    'status',
    'sos',
    'commands',
    'gateways',
    '$SYS',
    '',
  ]
  const word = fc.constantFrom(...words)
  /** Often near what is allowed, so that both answers come up. */
  const filter = fc
    .tuple(
      fc.oneof(fc.constant(['v1', 'devices', '+']), fc.array(fc.oneof(word, fc.constant('+')), { maxLength: 4 })),
      fc.array(fc.oneof(word, fc.constant('+')), { maxLength: 3 }),
      fc.boolean(),
    )
    .map(([head, tail, isOpen]) => [...head, ...tail, ...(isOpen ? ['#'] : [])])
    .filter((levels) => levels.length > 0)
  /** A filter and a topic that it matches. */
  const matching = filter.chain((levels) =>
    fc.tuple(fc.array(word, { minLength: 8, maxLength: 8 }), fc.array(word, { maxLength: 3 })).map(([any, tail]) => ({
      filter: levels.join('/'),
      topic: levels.flatMap((level, i) => (level === '#' ? tail : level === '+' ? [any[i]!] : [level])).join('/'),
    })),
  )
  const open = /^v1\/(devices\/[^/]*\/(telemetry(\/.*)?|status|location)|city(\/.*)?)$/
  const sos = /^v1\/devices\/[^/]*\/sos$/

  it.each(roles)('never matches what is forbidden, whatever %s asks for', (role) => {
    const isAllowed = (topic: string) =>
      (watchers.includes(role) && open.test(topic)) || (dispatchers.includes(role) && sos.test(topic))
    fc.assert(
      fc.property(matching, ({ filter, topic }) => {
        fc.pre(filterMatches(filter, topic))
        return !mayUserRead(role, filter) || isAllowed(topic)
      }),
      { numRuns: 2000 },
    )
  })

  it('covers a filter only with one that matches everything that it matches', () => {
    fc.assert(
      fc.property(filter, matching, (wider, { filter, topic }) => {
        fc.pre(filterMatches(filter, topic) && filterCovers(wider.join('/'), filter))
        return filterMatches(wider.join('/'), topic)
      }),
      { numRuns: 2000, maxSkipsPerRun: 500 },
    )
  })
})

describe('a backend user', () => {
  it.each([
    ['a token that is none', userPacket('operator', { password: Buffer.from('guessed') }), 4, 'bad-credentials'],
    ['no token', userPacket('operator', { password: undefined }), 4, 'bad-credentials'],
    ['the token of another account', userPacket('nobody'), 4, 'bad-credentials'],
    ['a session that lasts', userPacket('operator', { clean: false, clientId: 'x' }), 5, 'session-not-clean'],
    [
      'a last will',
      userPacket('operator', {
        will: { topic: 'v1/devices/d1/status', payload: Buffer.from('{}'), qos: 0, retain: false },
      }),
      5,
      'will-not-own-status',
    ],
    ['a client id without end', userPacket('operator', { clientId: 'x'.repeat(129) }), 2, 'client-id'],
  ] as const)('is refused with %s', async (_, packet, returnCode, name) => {
    const house = await openStaffedHouse()
    expect(await returnCodeFor(await openSocket(house.broker.port), packet)).toBe(returnCode)
    expect(house.refused(name)).toBe(1)
  })

  it('is refused when as many read along as may, and let in when one has gone', async () => {
    const house = await openStaffedHouse({ limits: { readersMax: 1 } })
    const first = await signInUser(house, 'operator')
    expect(await returnCodeFor(await openSocket(house.broker.port), userPacket('analyst'))).toBe(3)
    expect(house.refused('readers-max')).toBe(1)
    first.stream.destroy()
    await vi.waitFor(async () => {
      expect(await returnCodeFor(await openSocket(house.broker.port), userPacket('analyst'))).toBe(0)
    })
  })

  it('is let in with a client id that ends no connection but its own older one', async () => {
    const house = await openStaffedHouse()
    const device = await signIn(house.broker.port, 'd1')
    const other = await signInUser(house, 'analyst', { clientId: 'd1' })
    const older = await signInUser(house, 'operator', { clientId: 'd1' })
    const newer = await signInUser(house, 'operator', { clientId: 'd1' })
    await older.closed
    for (const client of [device, other, newer]) await client.settled()
    expect(house.presenceOf('d1')).toEqual(['connect+'])
    expect(house.presence).toHaveLength(1)
  })

  it.each([noise, 'v1/devices/d1/sos', 'v1/city/news', 'v1/enrol/request'])('may not publish to %s', async (topic) => {
    const house = await openStaffedHouse()
    const client = await signInUser(house, 'super_admin')
    client.send(publish(topic, '{}'))
    await client.closed
    expect(house.refused('publish-not-own')).toBe(1)
    expect(house.violations).toMatchObject([{ userId: 'user-super_admin', action: 'publish', topic }])
    expect(house.telemetry.received).toEqual([])
    expect(house.telemetry.rejected).toEqual([])
    expect(house.desk.presses).toEqual([])
  })

  it('is disconnected when the token expires', async () => {
    const house = await openStaffedHouse()
    house.users.set('late@city.example token', aUser('operator', { expiresAtMs: Date.now() + 50 }))
    const client = await signInUser(house, 'late')
    await client.closed
    expect(house.refused('access-ended')).toBe(1)
  })

  it('is disconnected when the account or the session of the token changes, and nobody else', async () => {
    const house = await openStaffedHouse()
    house.users.set('operator@city.example other', aUser('operator', { sessionId: 'other' }))
    const bystander = await signInUser(house, 'analyst')
    const first = await signInUser(house, 'operator')
    const second = await signInUser(house, 'operator', { password: Buffer.from('other') })
    house.bus.publish('access-changed', { userId: 'user-operator', sessionId: 'session-operator' })
    await first.closed
    await second.settled()
    house.bus.publish('access-changed', { userId: 'user-operator', sessionId: undefined })
    await second.closed
    await bystander.settled()
    expect(house.refused('access-ended')).toBe(2)
  })

  it('is not let in when the access ends while the token is looked up', async () => {
    const house = await openStaffedHouse()
    const lookUp = house.users.get.bind(house.users)
    house.users.get = (key) => {
      const user = lookUp(key)
      house.users.delete(key)
      if (user !== undefined) house.bus.publish('access-changed', { userId: user.userId, sessionId: undefined })
      return user
    }
    expect(await returnCodeFor(await openSocket(house.broker.port), userPacket('operator'))).toBe(4)
  })
})

describe('reading along', () => {
  it('hears what a device said once it is durable, and not before', async () => {
    const house = await openStaffedHouse()
    const reader = await readAs(house, 'analyst', 'v1/devices/+/telemetry/#')
    const device = await signIn(house.broker.port, 'd1')
    house.telemetry.hold()
    device.send(publish(noise, '{"laeqDb":61}'))
    await vi.waitFor(() => expect(house.telemetry.received).toHaveLength(1))
    expect((await reader.settled()).map(({ cmd }) => cmd)).not.toContain('publish')
    house.telemetry.release()
    expect(await reader.next('publish')).toMatchObject({
      topic: noise,
      payload: Buffer.from('{"laeqDb":61}'),
      qos: 1,
      retain: false,
      dup: false,
    })
  })

  it('hears nothing of what could not be stored', async () => {
    const house = await openStaffedHouse()
    const reader = await readAs(house, 'operator', 'v1/devices/+/sos')
    const device = await signIn(house.broker.port, 'd1')
    house.desk.failWith = new Error('disk full')
    device.send(publish('v1/devices/d1/sos', '{}'))
    await device.closed
    expect((await reader.settled()).map(({ cmd }) => cmd)).not.toContain('publish')
  })

  it.each([
    ['v1/devices/d1/sos', '{"trigger":"manual"}'],
    ['v1/devices/d1/location', '{"latitude":1,"longitude":2}'],
    ['v1/devices/d1/status', '{"online":true}'],
    [noise, 'not even JSON'],
    [noise, ''],
  ])('hears %s as it was sent: %s', async (topic, payload) => {
    const house = await openStaffedHouse()
    const reader = await readAs(house, 'officer', topic)
    await say(await signIn(house.broker.port, 'd1'), topic, payload)
    expect(await reader.next('publish')).toMatchObject({ topic, payload: Buffer.from(payload) })
  })

  it.each([0, 1, 126, 127, 128, 16_380, 16_384, 60_000])('hears payloads of %s bytes whole', async (length) => {
    const house = await openStaffedHouse()
    const reader = await readAs(house, 'analyst', allNoise)
    const payload = Buffer.alloc(length, 'é')
    await say(await signIn(house.broker.port, 'd1'), noise, payload)
    const heard = await reader.next('publish')
    expect(payload.equals(heard.payload as Buffer)).toBe(true)
  })

  it('hears a device behind a gateway under its own topic', async () => {
    const devices = [aDevice('gw'), aDevice('behind', { gatewayId: 'gw' })]
    const house = await openStaffedHouse({ devices })
    const reader = await readAs(house, 'analyst', allNoise)
    await say(await signIn(house.broker.port, 'gw'), 'v1/gateways/gw/devices/behind/telemetry/noise', '{}')
    expect((await reader.next('publish')).topic).toBe('v1/devices/behind/telemetry/noise')
  })

  it('hears the last status of every device on subscribing, and the will of one that is lost', async () => {
    const house = await openStaffedHouse()
    const will = {
      topic: 'v1/devices/d1/status',
      payload: Buffer.from('{"online":false}'),
      qos: 1,
      retain: true,
    } as const
    const device = await signIn(house.broker.port, 'd1', { will })
    await say(device, 'v1/devices/d1/status', '{"online":true}')
    const reader = await readAs(house, 'analyst', 'v1/devices/+/status')
    expect(await reader.next('publish')).toMatchObject({ retain: true, payload: Buffer.from('{"online":true}') })
    device.stream.destroy()
    expect(await reader.next('publish')).toMatchObject({ retain: false, payload: Buffer.from('{"online":false}') })
  })

  it('hears a message once although two filters match, and no command', async () => {
    const house = await openStaffedHouse()
    const reader = await signInUser(house, 'operator')
    reader.send(subscribe(1, [allNoise, 0], ['v1/devices/d1/telemetry/#', 1], ['v1/city/#', 1]))
    await reader.next('suback')
    const device = await signIn(house.broker.port, 'd1')
    device.send(subscribe(1, ['v1/devices/d1/commands/#', 1]))
    await device.next('suback')
    house.queueCommand({
      id: 'c1',
      deviceId: 'd1',
      name: 'help-on-the-way',
      body: {},
      state: 'queued',
      queuedAtMs: 1,
      deliveredAtMs: undefined,
      finishedAtMs: undefined,
      result: undefined,
    })
    await device.next('publish')
    await say(device, 'v1/devices/d1/commands/c1/result', '{"status":"done"}')
    await say(device, noise, '{}')
    await house.broker.announce({ topic: 'v1/city/news', payload: Buffer.from('hello'), isRetained: false })
    await reader.next('publish')
    await reader.next('publish')
    const heard = (await reader.settled()).filter((packet) => packet.cmd === 'publish')
    expect(heard.map(({ topic, qos }) => [topic, qos])).toEqual([
      [noise, 1],
      ['v1/city/news', 1],
    ])
  })

  it.each([
    [0, 0],
    [1, 1],
    [2, 1],
  ] as const)('asked for at QoS %s, hears what was sent at QoS 1 at %s', async (asked, heard) => {
    const house = await openStaffedHouse()
    const reader = await readAs(house, 'analyst', allNoise, asked)
    await say(await signIn(house.broker.port, 'd1'), noise, '{}')
    expect((await reader.next('publish')).qos).toBe(heard)
  })

  it('hears at QoS 2 what was sent at QoS 2', async () => {
    const house = await openStaffedHouse()
    const reader = await readAs(house, 'analyst', allNoise, 2)
    const device = await signIn(house.broker.port, 'd1')
    device.send(publish(noise, '{}', { qos: 2, messageId: 7 }))
    await device.next('pubrec')
    const { qos, messageId } = await reader.next('publish')
    expect(qos).toBe(2)
    reader.send({ cmd: 'pubrec', messageId: messageId! })
    expect((await reader.next('pubrel')).messageId).toBe(messageId)
    reader.send({ cmd: 'pubcomp', messageId: messageId! })
    await reader.settled()
  })

  it('ends with UNSUBSCRIBE', async () => {
    const house = await openStaffedHouse()
    const reader = await readAs(house, 'analyst', allNoise)
    reader.send({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: [allNoise] })
    await reader.next('unsuback')
    await say(await signIn(house.broker.port, 'd1'), noise, '{}')
    expect((await reader.settled()).map(({ cmd }) => cmd)).not.toContain('publish')
    expect(house.refused('reader-behind')).toBe(0)
  })
})

describe('a backend user who falls behind', () => {
  it('misses messages, which are counted, while devices and an SOS go on; then hears again', async () => {
    const house = await openStaffedHouse({ limits: { readerBacklogBytesMax: 200_000 } })
    const reader = await readAs(house, 'operator', 'v1/devices/d1/telemetry/#', 0)
    const device = await signIn(house.broker.port, 'd1')
    reader.stream.pause()
    const payload = Buffer.alloc(60_000, 'x')
    let sent = 0
    // The kernel takes some megabytes on its own account before anything waits here.
    while (house.refused('reader-behind') === 0 && sent < 1000) {
      await say(device, noise, payload)
      sent++
    }
    expect(sent).toBeLessThan(1000)
    await say(device, noise, payload)
    await say(device, 'v1/devices/d1/sos', '{}')
    expect(house.desk.presses).toHaveLength(1)
    const missed = house.refused('reader-behind')
    expect(missed).toBe(2)

    reader.stream.resume()
    const isHeard = (text: string) =>
      reader.received.some((packet) => packet.cmd === 'publish' && packet.payload.toString() === text)
    await vi.waitFor(
      async () => {
        await say(device, noise, 'afterwards')
        expect(isHeard('afterwards')).toBe(true)
      },
      { timeout: 20_000 },
    )
    expect(house.refused('slow-reader')).toBe(0)
  })

  it('who acknowledges nothing misses what is beyond the window, but not an SOS', async () => {
    const house = await openStaffedHouse({ limits: { readerUnacknowledgedMax: 2 } })
    const reader = await signInUser(house, 'operator')
    reader.send(subscribe(1, [allNoise, 1], ['v1/devices/+/sos', 1]))
    await reader.next('suback')
    const device = await signIn(house.broker.port, 'd1')
    for (let i = 0; i < 3; i++) await say(device, noise, String(i))
    await say(device, 'v1/devices/d1/sos', 'press')
    const first = await reader.next('publish')
    const heard = [first, await reader.next('publish'), await reader.next('publish')]
    expect(heard.map(({ payload }) => payload.toString())).toEqual(['0', '1', 'press'])
    expect(house.refused('reader-behind')).toBe(1)
    for (const { messageId } of heard) reader.send({ cmd: 'puback', messageId: messageId! })
    await reader.settled()
    await say(device, noise, 'again')
    expect((await reader.next('publish')).payload.toString()).toBe('again')
  })

  it('shares with all others what may be passed on in a second, SOS apart', async () => {
    const nowMs = Date.now()
    const house = await openStaffedHouse({ limits: { forwardsPerSMax: 2 }, now: () => nowMs })
    const readers = [await readAs(house, 'operator', allNoise), await readAs(house, 'admin', allNoise)]
    const dispatcher = await readAs(house, 'officer', 'v1/devices/+/sos')
    const device = await signIn(house.broker.port, 'd1')
    await say(device, noise, 'first')
    await say(device, noise, 'second')
    for (const reader of readers) {
      const heard = (await reader.settled()).filter((packet) => packet.cmd === 'publish')
      expect(heard.map(({ payload }) => payload.toString())).toEqual(['first'])
    }
    expect(house.refused('reader-behind')).toBe(2)
    await say(device, 'v1/devices/d1/sos', '{}')
    await dispatcher.next('publish')
  })
})
