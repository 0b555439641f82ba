import { describe, expect, it, vi } from 'vitest'
import { aDevice, openHouse } from './house.ts'
import { connectPacket, openSocket, publish, returnCodeFor, signIn } from './raw-client.ts'

const will = (deviceId: string) =>
  ({
    will: { topic: `v1/devices/${deviceId}/status`, payload: Buffer.from('{"online":false}'), qos: 1, retain: true },
  }) as const

describe('presence', () => {
  it('follows connect and goodbye', async () => {
    const { broker, presenceOf } = await openHouse()
    const client = await signIn(broker.port, 'd1')
    expect(broker.isOnline('d1')).toBe(true)
    expect(broker.isOnline('d2')).toBe(false)
    client.send({ cmd: 'disconnect' })
    await vi.waitFor(() => expect(presenceOf('d1')).toEqual(['connect+', 'disconnect-']))
    expect(broker.isOnline('d1')).toBe(false)
  })

  it('says nothing of who was not let in', async () => {
    const { broker, presence } = await openHouse()
    const client = await openSocket(broker.port)
    await returnCodeFor(client, connectPacket('d1', { password: Buffer.from('guess') }))
    expect(presence).toEqual([])
  })

  it('never says offline when a device takes over its own connection, will or no will', async () => {
    const { broker, presenceOf, statuses } = await openHouse()
    const older = await signIn(broker.port, 'd1', will('d1'))
    const newer = await signIn(broker.port, 'd1', will('d1'))
    await older.closed
    await newer.settled()
    expect(presenceOf('d1')).toEqual(['connect+', 'takeover+'])
    expect(statuses).toEqual([])
    newer.stream.destroy()
    await vi.waitFor(() => expect(presenceOf('d1')).toEqual(['connect+', 'takeover+', 'last-will-']))
  })

  it('survives a storm of takeovers with one last word', async () => {
    const { broker, presenceOf } = await openHouse()
    const sockets = await Promise.all(Array.from({ length: 20 }, () => openSocket(broker.port)))
    for (const socket of sockets) socket.send(connectPacket('d1'))
    await vi.waitFor(() => expect(sockets.filter(({ stream }) => !stream.destroyed)).toHaveLength(1))
    expect(broker.isOnline('d1')).toBe(true)
    expect(presenceOf('d1').filter((word) => word.endsWith('-'))).toEqual([])
    for (const { stream } of sockets) stream.destroy()
    await vi.waitFor(() => expect(presenceOf('d1').at(-1)).toBe('disconnect-'))
    expect(presenceOf('d1').filter((word) => word.endsWith('-'))).toHaveLength(1)
  })

  it('still goes offline when the newer connection is refused', async () => {
    const { broker, presenceOf } = await openHouse()
    const older = await signIn(broker.port, 'd1')
    const newer = await openSocket(broker.port)
    await returnCodeFor(newer, connectPacket('d1', { password: Buffer.from('guess') }))
    await older.settled()
    older.stream.destroy()
    await vi.waitFor(() => expect(presenceOf('d1')).toEqual(['connect+', 'disconnect-']))
  })

  it('ends with the broker, and keeps the will of a device that may be back after the restart', async () => {
    const house = await openHouse()
    await signIn(house.broker.port, 'd1', will('d1'))
    await house.broker.stop()
    expect(house.presenceOf('d1')).toEqual(['connect+', 'shutdown-'])
    expect(house.statuses).toEqual([])
  })

  it('of devices behind a gateway is what the gateway says, and ends with it', async () => {
    const devices = [aDevice('gw'), aDevice('a', { gatewayId: 'gw' }), aDevice('b', { gatewayId: 'gw' })]
    const { broker, presenceOf } = await openHouse({ devices })
    const gateway = await signIn(broker.port, 'gw')
    const say = async (deviceId: string, online: boolean) => {
      gateway.send(publish(`v1/gateways/gw/devices/${deviceId}/status`, JSON.stringify({ online })))
      await gateway.next('puback')
    }
    await say('a', true)
    await say('b', true)
    await say('b', false)
    expect([broker.isOnline('a'), broker.isOnline('b')]).toEqual([true, false])
    gateway.stream.destroy()
    await vi.waitFor(() => expect(presenceOf('a')).toEqual(['connect+', 'disconnect-']))
    expect(presenceOf('b')).toEqual(['connect+', 'disconnect-'])
  })

  it.each([
    ['bound to nobody', 'updated', { gatewayId: undefined }],
    ['bound to another gateway', 'updated', { gatewayId: 'other' }],
    ['revoked', 'revoked', { state: 'revoked' }],
    ['decommissioned', 'decommissioned', { state: 'decommissioned' }],
    ['deleted', 'deleted', {}],
  ] as const)('is no longer what the gateway says when the device is %s', async (_name, change, next) => {
    const devices = [aDevice('gw'), aDevice('other'), aDevice('a', { gatewayId: 'gw' })]
    const house = await openHouse({ devices })
    const gateway = await signIn(house.broker.port, 'gw')
    gateway.send(publish('v1/gateways/gw/devices/a/status', '{"online":true}'))
    await gateway.next('puback')
    house.change('a', 'updated', { name: 'as it was' })
    expect(house.broker.isOnline('a')).toBe(true)
    house.change('a', change, next)
    expect(house.broker.isOnline('a')).toBe(false)
    expect(house.presenceOf('a')).toEqual(['connect+', 'disconnect-'])
    await gateway.settled()
  })
})

describe('what a device says of itself', () => {
  it.each([
    ['{"online":true,"batteryPct":71,"firmware":"1.4.2"}', { online: true, batteryPct: 71, firmware: '1.4.2' }],
    ['{"batteryPct":171,"other":1}', { batteryPct: undefined }],
    ['{}', {}],
  ])('is told: %s', async (payload, said) => {
    const { broker, statuses } = await openHouse({ now: () => 5 })
    const client = await signIn(broker.port, 'd1')
    client.send(publish('v1/devices/d1/status', payload))
    await client.next('puback')
    expect(statuses).toEqual([{ deviceId: 'd1', receivedAtMs: 5, ...said }])
  })

  it.each([
    ['status', 'status-invalid'],
    ['location', 'location-invalid'],
  ] as const)('is acknowledged, counted and left out when it cannot be read: %s', async (purpose, refusal) => {
    const house = await openHouse()
    const client = await signIn(house.broker.port, 'd1')
    const bad = ['', 'no', '[1]', 'null', '{"latitude":91,"longitude":0}', '{"latitude":"1","longitude":0}']
    const invalid = purpose === 'location' ? bad : bad.slice(1, 4)
    for (const [i, payload] of invalid.entries()) {
      client.send(publish(`v1/devices/d1/${purpose}`, payload, { messageId: i + 1 }))
      await client.next('puback')
    }
    expect(house.refused(refusal)).toBe(invalid.length)
    expect([...house.locations, ...house.statuses]).toEqual([])
  })

  it.each([
    ['epoch milliseconds', 1_763_700_000_000, 1_763_700_000_000],
    ['RFC 3339', '"2025-11-21T04:40:00Z"', 1_763_700_000_000],
    ['a clock far off', 12, 1_763_700_060_000],
    ['nonsense', '"soon"', 1_763_700_060_000],
  ])('is placed in time: %s', async (_name, ts, observedAtMs) => {
    const { broker, locations } = await openHouse({ now: () => 1_763_700_060_000 })
    const client = await signIn(broker.port, 'd1')
    client.send(publish('v1/devices/d1/location', `{"ts":${ts},"latitude":12.97,"longitude":77.59}`))
    await client.next('puback')
    expect(locations).toEqual([{ deviceId: 'd1', latitude: 12.97, longitude: 77.59, observedAtMs }])
  })
})
