import { describe, expect, it, vi } from 'vitest'
import { aCommand, aDevice, openHouse } from './house.ts'
import { publish, type RawClient, signIn, subscribe } from './raw-client.ts'

/** The bench opens 10,000; here both ends share one process and its descriptors. */
const count = 2000
const devices = Array.from({ length: count }, (_, i) => aDevice(`m${i}`))
const will = (id: string) =>
  ({
    will: { topic: `v1/devices/${id}/status`, payload: Buffer.from('{"online":false}'), qos: 1, retain: true },
  }) as const

async function inGroups<T>(list: readonly T[], size: number, each: (item: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < list.length; at += size) await Promise.all(list.slice(at, at + size).map(each))
}

describe('two thousand devices', () => {
  it('connect, are heard and commanded, leave all at once and come back', async () => {
    const house = await openHouse({ devices })
    const clients = new Map<string, RawClient>()
    const connectAll = () =>
      inGroups(devices, 100, async ({ id }) => {
        clients.set(id, await signIn(house.broker.port, id, { clean: false, ...will(id) }))
      })
    await connectAll()
    expect(house.broker.stats().connections).toBe(count)

    await inGroups([...clients], 200, async ([id, client]) => {
      client.send(subscribe(1, [`v1/devices/${id}/commands/#`, 1], ['v1/city/#', 1]))
      await client.next('suback')
      client.send(
        publish(`v1/devices/${id}/telemetry/noise`, '{"laeqDb":1}', { messageId: 2 }),
        publish(`v1/devices/${id}/status`, '{"online":true}', { messageId: 3 }),
      )
      await client.next('puback')
      await client.next('puback')
    })
    expect(new Set(house.telemetry.received.map(({ deviceId }) => deviceId)).size).toBe(count)

    for (const { stream } of clients.values()) stream.destroy()
    await vi.waitFor(() => expect(house.broker.stats().connections).toBe(0), { timeout: 20_000 })
    expect(house.presence.filter(({ online, cause }) => !online && cause === 'last-will')).toHaveLength(count)

    for (const { id } of devices) house.queueCommand(aCommand(`c-${id}`, id))
    await house.broker.announce({ topic: 'v1/city/news', payload: Buffer.from('x'), isRetained: true })
    await connectAll()
    await inGroups([...clients], 200, async ([id, client]) => {
      const heard = [await client.next('publish'), await client.next('publish')]
      for (const { messageId } of heard) client.send({ cmd: 'puback', messageId: messageId! })
      expect(heard.map(({ topic }) => topic).sort()).toEqual(['v1/city/news', `v1/devices/${id}/commands/c-${id}`])
    })
    await vi.waitFor(() => expect(house.commands.delivered).toHaveLength(count))
    await house.broker.stop()
    expect(house.presence.filter(({ cause }) => cause === 'shutdown')).toHaveLength(count)
    const { refusals } = house.broker.stats()
    expect(Object.entries(refusals).filter(([name, times]) => times > 0 && name !== 'connection-lost')).toEqual([])
    expect(house.busFaults).toEqual([])
  }, 60_000)
})
