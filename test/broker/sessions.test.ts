import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { createDatabase } from '../../broker/sessions/database.ts'
import { createSessionStore } from '../../broker/sessions/session-store.ts'
import { type StoredPacket, toStoredPacket } from '../../broker/sessions/stored-packet.ts'
import { createTopicTree, filterMatches, topicRange } from '../../broker/sessions/topic-tree.ts'
import { aDevice, aDirectory, openHouse } from './house.ts'
import { publish, signIn, subscribe } from './raw-client.ts'

const level = fc.constantFrom('a', 'b', '', '$SYS', 'ab')
const topic = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'))
const filter = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { maxLength: 4 }), fc.boolean())
  .map(([levels, isOpen]) => [...levels, ...(isOpen || levels.length === 0 ? ['#'] : [])].join('/'))

describe('topic filters', () => {
  it.each([
    ['a/b', 'a/b', true],
    ['a/b', 'a/b/c', false],
    ['a/b/c', 'a/b', false],
    ['a/+', 'a/b', true],
    ['a/+', 'a', false],
    ['a/+', 'a/b/c', false],
    ['a/+/c', 'a//c', true],
    ['a/#', 'a', true],
    ['a/#', 'a/b/c', true],
    ['a/#', 'ab', false],
    ['#', 'a/b', true],
    ['#', '$SYS/a', false],
    ['+/a', '$SYS/a', false],
    ['$SYS/#', '$SYS/a', true],
  ])('%s matches %s: %s', (pattern, name, isMatch) => {
    expect(filterMatches(pattern, name)).toBe(isMatch)
    const tree = createTopicTree<string>()
    tree.add(pattern, 'it')
    expect(tree.match(name)).toEqual(isMatch ? ['it'] : [])
  })

  it('find in the tree what they match one by one, before and after some are removed', () => {
    fc.assert(
      fc.property(fc.uniqueArray(filter, { maxLength: 12 }), topic, fc.nat(12), (filters, name, gone) => {
        const tree = createTopicTree<string>()
        for (const each of filters) tree.add(each, each)
        const matching = (left: readonly string[]) => left.filter((each) => filterMatches(each, name)).sort()
        expect(tree.match(name).sort()).toEqual(matching(filters))
        for (const each of filters.slice(0, gone)) tree.remove(each, each)
        expect(tree.match(name).sort()).toEqual(matching(filters.slice(gone)))
      }),
    )
  })

  it('match no topic outside the range they are looked for in', () => {
    fc.assert(
      fc.property(filter, topic, (pattern, name) => {
        if (!filterMatches(pattern, name)) return
        const range = topicRange(pattern)
        expect(name === range.topic || (range.prefix !== undefined && name.startsWith(range.prefix))).toBe(true)
      }),
    )
  })
})

async function openStore(directory: string, overrides: { retainedMax?: number; offlineMessagesMax?: number } = {}) {
  const database = createDatabase(directory)
  await database.open()
  const full = { retained: 0, queue: 0 }
  const reads: string[] = []
  const store = createSessionStore({
    database: {
      ...database,
      async *range(prefix) {
        for await (const entry of database.range(prefix)) {
          reads.push(entry[0])
          yield entry
        }
      },
    },
    retainedMax: overrides.retainedMax ?? 100,
    retainedPayloadBytesMax: 100,
    offlineMessagesMax: overrides.offlineMessagesMax ?? 100,
    mayRead: () => true,
    takeForwarded: () => undefined,
    onRetainedFull: () => full.retained++,
    onRetainedUnreadable: (error) => {
      throw error
    },
    onQueueFull: () => full.queue++,
  })
  await store.setup({ id: 'b1' })
  return { store, database, full, reads }
}

function retained(name: string, payload: string | Buffer = 'x'): StoredPacket {
  return toStoredPacket({ topic: name, payload: Buffer.from(payload), retain: true })
}

async function topicsOf(stream: AsyncIterable<StoredPacket>): Promise<string[]> {
  const topics: string[] = []
  for await (const packet of stream) topics.push(packet.topic)
  return topics.sort()
}

describe('retained messages', () => {
  it('are read by the range that a filter allows, not all of them', async () => {
    const { store, reads, database } = await openStore(await aDirectory(), { retainedMax: 2000 })
    for (let i = 0; i < 1000; i++) await store.storeRetained(retained(`v1/devices/d${i}/status`))
    expect(await topicsOf(store.createRetainedStreamCombi(['v1/devices/d7/commands/#']))).toEqual([])
    expect(reads).toHaveLength(0)
    expect(await topicsOf(store.createRetainedStreamCombi(['v1/devices/d7/#']))).toEqual(['v1/devices/d7/status'])
    expect(reads).toHaveLength(1)
    await database.close()
  })

  it('come once although several filters match, in any script', async () => {
    const { store, database } = await openStore(await aDirectory())
    for (const name of ['v1/city/a', 'v1/city/शहर', 'v1/city/😀', 'v1/cityhall'])
      await store.storeRetained(retained(name))
    const topics = await topicsOf(store.createRetainedStreamCombi(['v1/city/#', 'v1/city/+']))
    expect(topics).toEqual(['v1/city/a', 'v1/city/शहर', 'v1/city/😀'].sort())
    await database.close()
  })

  it('are bounded in number and size; replacing and removing one is always possible', async () => {
    const directory = await aDirectory()
    const { store, full, database } = await openStore(directory, { retainedMax: 2 })
    for (const name of ['a', 'b', 'c', 'a']) await store.storeRetained(retained(name))
    await store.storeRetained(retained('b', 'x'.repeat(101)))
    expect(full.retained).toBe(2)
    await store.storeRetained(retained('a', ''))
    await store.storeRetained(retained('a', ''))
    await store.storeRetained(retained('c'))
    expect(await topicsOf(store.createRetainedStreamCombi(['#']))).toEqual(['b', 'c'])
    await database.close()
    const again = await openStore(directory, { retainedMax: 2 })
    expect(again.store.retainedCount).toBe(2)
    await again.store.storeRetained(retained('d'))
    expect(again.full.retained).toBe(1)
    await again.database.close()
  })

  it('survive a restart of the broker', async () => {
    const before = await openHouse()
    await before.broker.announce({ topic: 'v1/city/level', payload: Buffer.from('calm'), isRetained: true })
    await before.broker.announce({ topic: 'v1/city/news', payload: Buffer.from('gone'), isRetained: false })
    await before.broker.stop()
    const after = await openHouse({ sessionsDir: before.sessionsDir })
    const client = await signIn(after.broker.port, 'd1')
    client.send(subscribe(1, ['v1/city/#', 1]))
    const { topic: name, payload, retain } = await client.next('publish')
    expect({ name, payload: payload.toString(), retain }).toEqual({
      name: 'v1/city/level',
      payload: 'calm',
      retain: true,
    })
    expect((await client.settled()).filter(({ cmd }) => cmd === 'publish')).toHaveLength(1)
  })

  it('keep the last status of a device, asked for or not, until the device is deleted', async () => {
    const house = await openHouse({ devices: [aDevice('d1'), aDevice('gw'), aDevice('a', { gatewayId: 'gw' })] })
    const device = await signIn(house.broker.port, 'd1')
    device.send(publish('v1/devices/d1/status', '{"online":true}', { retain: false }))
    await device.next('puback')
    const gateway = await signIn(house.broker.port, 'gw')
    gateway.send(publish('v1/gateways/gw/devices/a/status', '{"online":true}'))
    gateway.send(publish('v1/gateways/gw/devices/a/telemetry/noise', '{}', { messageId: 2, retain: true }))
    await gateway.next('puback')
    await gateway.next('puback')
    house.change('d1', 'deleted')
    await house.broker.stop()
    const { store, database } = await openStore(house.sessionsDir)
    expect(await topicsOf(store.createRetainedStreamCombi(['#']))).toEqual(['v1/devices/a/status'])
    await database.close()
  })
})

describe('lasting sessions', () => {
  it('keep announcements for a device that is away, the newest when there are too many', async () => {
    const house = await openHouse({ limits: { offlineMessagesMax: 3 } })
    const first = await signIn(house.broker.port, 'd1', { clean: false })
    first.send(subscribe(1, ['v1/city/#', 1]))
    await first.next('suback')
    first.stream.destroy()
    await vi.waitFor(() => expect(house.broker.isOnline('d1')).toBe(false))
    for (let i = 0; i < 5; i++) {
      await house.broker.announce({ topic: 'v1/city/news', payload: Buffer.from(`${i}`), isRetained: false })
    }
    const second = await signIn(house.broker.port, 'd1', { clean: false })
    const heard: string[] = []
    for (let i = 0; i < 3; i++) heard.push((await second.next('publish')).payload.toString())
    expect(heard).toEqual(['2', '3', '4'])
    expect(house.refused('offline-queue-full')).toBe(2)
    expect((await second.settled())[0]).toMatchObject({ cmd: 'connack', sessionPresent: true })
  })

  it('end when the device asks for a clean one', async () => {
    const house = await openHouse()
    const first = await signIn(house.broker.port, 'd1', { clean: false })
    first.send(subscribe(1, ['v1/city/#', 1]))
    await first.next('suback')
    await signIn(house.broker.port, 'd1', { clean: true })
    await house.broker.announce({ topic: 'v1/city/news', payload: Buffer.from('x'), isRetained: false })
    const third = await signIn(house.broker.port, 'd1', { clean: false })
    const answers = await third.settled()
    expect(answers[0]).toMatchObject({ cmd: 'connack', sessionPresent: false })
    expect(answers.map(({ cmd }) => cmd)).not.toContain('publish')
  })

  it('stand overlapping filters: what one no longer covers, the other still does', async () => {
    const house = await openHouse()
    const client = await signIn(house.broker.port, 'd1', { clean: false })
    client.send(subscribe(1, ['v1/city/#', 1]), subscribe(2, ['v1/city/news', 1]))
    await client.next('suback')
    await client.next('suback')
    client.send({ cmd: 'unsubscribe', messageId: 3, unsubscriptions: ['v1/city/#'] })
    await client.next('unsuback')
    await house.broker.announce({ topic: 'v1/city/news', payload: Buffer.from('x'), isRetained: false })
    const { messageId } = await client.next('publish')
    client.send({ cmd: 'puback', messageId: messageId! })
    await client.settled()
    expect(house.broker.isOnline('d1')).toBe(true)
  })

  it('remember the wills of devices that a killed broker left behind', async () => {
    const directory = await aDirectory()
    const killed = await openStore(directory)
    await killed.store.putWill(
      { id: 'd1' },
      toStoredPacket({ topic: 'v1/devices/d1/status', payload: Buffer.from('{}') }),
    )
    await killed.database.close()
    const next = await openStore(directory)
    expect(await topicsOf(next.store.streamWill({ b2: 1 }))).toEqual(['v1/devices/d1/status'])
    expect(await topicsOf(next.store.streamWill({ b1: 1 }))).toEqual([])
    await next.store.delWill({ id: 'd1' })
    expect(await topicsOf(next.store.streamWill())).toEqual([])
    await next.database.close()
  })
})
