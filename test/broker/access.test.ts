import { describe, expect, it, vi } from 'vitest'
import { aDevice, openHouse } from './house.ts'
import { connectPacket, openSocket, publish, returnCodeFor, signIn, subscribe } from './raw-client.ts'

const fleet = [
  aDevice('d1'),
  aDevice('d2'),
  aDevice('gw'),
  aDevice('behind', { gatewayId: 'gw' }),
  aDevice('revoked-behind', { gatewayId: 'gw', state: 'revoked' }),
  aDevice('other-behind', { gatewayId: 'gw2' }),
]

/** Who publishes where, and whether that is theirs to say. */
const publishes: readonly (readonly [deviceId: string, topic: string, isAllowed: boolean])[] = [
  ['d1', 'v1/devices/d1/telemetry/noise', true],
  ['d1', 'v1/devices/d1/telemetry/no-such-kind', true],
  ['d1', 'v1/devices/d1/sos', true],
  ['d1', 'v1/devices/d1/location', true],
  ['d1', 'v1/devices/d1/status', true],
  ['d1', 'v1/devices/d1/commands/c1/result', true],
  ['d1', 'v1/devices/d2/telemetry/noise', false],
  ['d1', 'v1/devices/d2/sos', false],
  ['d1', 'v1/devices/d11/telemetry/noise', false],
  ['d1', 'v1/devices/d1/telemetry/noise/more', false],
  ['d1', 'v1/devices/d1/telemetry', false],
  ['d1', 'v1/devices/d1/commands/c1', false],
  ['d1', 'v1/devices/d2/commands/c1/result', false],
  ['d1', 'v1/devices/d1', false],
  ['d1', '/v1/devices/d1/sos', false],
  ['d1', 'v2/devices/d1/sos', false],
  ['d1', 'v1/city/news', false],
  ['d1', 'v1/enrol/request', false],
  ['d1', 'v1/enrol/response', false],
  ['d1', '$SYS/broker/new/clients', false],
  ['d1', 'v1/gateways/d1/devices/behind/telemetry/noise', false],
  ['d1', 'v1/gateways/gw/devices/behind/telemetry/noise', false],
  ['gw', 'v1/devices/gw/telemetry/noise', true],
  ['gw', 'v1/gateways/gw/devices/behind/telemetry/noise', true],
  ['gw', 'v1/gateways/gw/devices/behind/sos', true],
  ['gw', 'v1/gateways/gw/devices/behind/commands/c1/result', true],
  ['gw', 'v1/devices/behind/telemetry/noise', false],
  ['gw', 'v1/gateways/gw/devices/other-behind/telemetry/noise', false],
  ['gw', 'v1/gateways/gw/devices/revoked-behind/telemetry/noise', false],
  ['gw', 'v1/gateways/gw/devices/unknown/telemetry/noise', false],
  ['gw', 'v1/gateways/gw2/devices/other-behind/telemetry/noise', false],
]

const subscriptions: readonly (readonly [deviceId: string, filter: string, isAllowed: boolean])[] = [
  ['d1', 'v1/devices/d1/commands/#', true],
  ['d1', 'v1/devices/d1/commands/+', true],
  ['d1', 'v1/city/#', true],
  ['d1', 'v1/city/weather/+', true],
  ['gw', 'v1/devices/behind/commands/#', true],
  ['gw', 'v1/devices/other-behind/commands/#', false],
  ['d1', 'v1/devices/d2/commands/#', false],
  ['d1', 'v1/devices/+/commands/#', false],
  ['d1', 'v1/devices/d1/telemetry/#', false],
  ['d1', 'v1/devices/d1/#', false],
  ['d1', 'v1/devices/d1/status', false],
  ['d1', 'v1/devices/#', false],
  ['d1', 'v1/+/#', false],
  ['d1', 'v1/cityhall/#', false],
  ['d1', '#', false],
  ['d1', '+/#', false],
  ['d1', '$SYS/#', false],
  ['d1', 'v1/enrol/response', false],
]

describe('publishing', () => {
  it.each(publishes)('%s to %s: %s', async (deviceId, topic, isAllowed) => {
    const house = await openHouse({ devices: fleet })
    const client = await signIn(house.broker.port, deviceId)
    client.send(publish(topic, '{"status":"done"}'))
    if (isAllowed) {
      expect((await client.next('puback')).messageId).toBe(1)
      expect(house.violations).toEqual([])
      return
    }
    await client.closed
    expect(client.received.map(({ cmd }) => cmd)).toEqual(['connack'])
    expect(house.telemetry.rejected).toEqual([deviceId])
    expect(house.violations).toMatchObject([{ deviceId, action: 'publish', topic, remote: '127.0.0.1' }])
    expect(house.refused('publish-not-own')).toBe(1)
    expect(house.telemetry.received).toEqual([])
    expect(house.desk.presses).toEqual([])
    expect(house.commands.finished).toEqual([])
  })

  it('goes to the device that a gateway speaks for, under its own topic', async () => {
    const { broker, telemetry, desk, commands, locations } = await openHouse({ devices: fleet })
    const client = await signIn(broker.port, 'gw')
    const below = 'v1/gateways/gw/devices/behind'
    client.send(
      publish(`${below}/telemetry/noise`, '{"laeqDb":1}', { messageId: 1 }),
      publish(`${below}/sos`, '{}', { messageId: 2 }),
      publish(`${below}/location`, '{"latitude":1,"longitude":2}', { messageId: 3 }),
      publish(`${below}/commands/c9/result`, '{"status":"failed","code":7}', { messageId: 4 }),
    )
    for (let i = 0; i < 4; i++) await client.next('puback')
    expect(telemetry.received).toMatchObject([
      { deviceId: 'behind', kindId: 'noise', topic: 'v1/devices/behind/telemetry/noise' },
    ])
    expect(desk.presses).toMatchObject([{ deviceId: 'behind' }])
    expect(locations).toMatchObject([{ deviceId: 'behind', latitude: 1, longitude: 2 }])
    expect(commands.finished).toMatchObject([
      { deviceId: 'behind', commandId: 'c9', succeeded: false, result: { code: 7 } },
    ])
  })

  it('stops for a gateway when a device is no longer bound to it', async () => {
    const house = await openHouse({ devices: fleet })
    const client = await signIn(house.broker.port, 'gw')
    const topic = 'v1/gateways/gw/devices/behind/telemetry/noise'
    client.send(publish(topic, '{}'))
    await client.next('puback')
    house.change('behind', 'updated', { gatewayId: undefined })
    client.send(publish(topic, '{}'))
    await client.closed
    expect(house.telemetry.received).toHaveLength(1)
    expect(house.violations).toHaveLength(1)
  })

  it('goes on for a gateway when a device behind it is renamed', async () => {
    const house = await openHouse({ devices: fleet })
    const client = await signIn(house.broker.port, 'gw')
    for (let i = 0; i < 2; i++) {
      client.send(publish('v1/gateways/gw/devices/behind/telemetry/noise', '{}'))
      await client.next('puback')
      house.change('behind', 'updated', { name: 'another' })
    }
    expect(house.telemetry.received).toHaveLength(2)
  })

  it('names a violation by a topic of bounded length', async () => {
    const house = await openHouse({ devices: fleet })
    const client = await signIn(house.broker.port, 'd1')
    client.send(publish('x'.repeat(60_000), ''))
    await client.closed
    expect(house.violations[0]?.topic).toHaveLength(256)
  })
})

describe('subscribing', () => {
  it.each(subscriptions)('%s to %s: %s', async (deviceId, filter, isAllowed) => {
    const house = await openHouse({ devices: fleet })
    const client = await signIn(house.broker.port, deviceId)
    client.send(subscribe(1, [filter, 1]))
    expect((await client.next('suback')).granted).toEqual([isAllowed ? 1 : 128])
    expect(house.violations).toHaveLength(isAllowed ? 0 : 1)
    expect(house.refused('subscribe-not-own')).toBe(isAllowed ? 0 : 1)
  })

  it('grants what is allowed next to what is not, and keeps only that', async () => {
    const before = await openHouse({ devices: fleet })
    const client = await signIn(before.broker.port, 'd1', { clean: false })
    client.send(subscribe(1, ['v1/city/#', 1], ['v1/devices/d2/commands/#', 1]))
    expect((await client.next('suback')).granted).toEqual([1, 128])
    await before.broker.stop()

    const after = await openHouse({ devices: fleet, sessionsDir: before.sessionsDir })
    const again = await signIn(after.broker.port, 'd1', { clean: false })
    const other = await signIn(after.broker.port, 'd2')
    other.send(subscribe(1, ['v1/devices/d2/commands/#', 1]))
    await other.next('suback')
    await after.broker.announce({ topic: 'v1/city/news', payload: Buffer.from('hello'), isRetained: false })
    expect((await again.next('publish')).topic).toBe('v1/city/news')
    expect(after.violations).toEqual([])
  })

  it('bounds the filters of one connection, in number and in length', async () => {
    const house = await openHouse({ devices: fleet })
    const client = await signIn(house.broker.port, 'd1')
    const filters = Array.from({ length: 40 }, (_, i) => [`v1/city/${i}`, 0] as const)
    client.send(subscribe(1, ...filters))
    const { granted } = await client.next('suback')
    expect((granted as number[]).filter((qos) => qos === 128)).toHaveLength(8)
    client.send(subscribe(2, [`v1/city/${'x'.repeat(300)}`, 0]))
    expect((await client.next('suback')).granted).toEqual([128])
    expect(house.refused('subscriptions-max')).toBe(9)
  })

  it('hears nothing of what devices say, its own messages included', async () => {
    const house = await openHouse({ devices: fleet })
    const client = await signIn(house.broker.port, 'd1')
    client.send(subscribe(1, ['v1/devices/d1/commands/#', 1]))
    await client.next('suback')
    client.send(publish('v1/devices/d1/commands/c1/result', '{"status":"done"}', { messageId: 2 }))
    await client.next('puback')
    expect((await client.settled()).map(({ cmd }) => cmd)).not.toContain('publish')
  })
})

describe('a last will', () => {
  const will = (topic: string) =>
    ({ will: { topic, payload: Buffer.from('{"online":false}'), qos: 1, retain: true } }) as const

  it('to the own status topic is kept and told', async () => {
    const house = await openHouse({ devices: fleet })
    const client = await signIn(house.broker.port, 'd1', will('v1/devices/d1/status'))
    client.stream.destroy()
    await vi.waitFor(() => expect(house.statuses).toMatchObject([{ deviceId: 'd1', online: false }]))
    expect(house.presenceOf('d1')).toEqual(['connect+', 'last-will-'])
  })

  it.each([
    'v1/devices/d2/status',
    'v1/devices/d1/sos',
    'v1/devices/d1/telemetry/noise',
    'v1/city/news',
    'v1/gateways/d1/devices/behind/status',
    '#',
  ])('to %s is refused with the connection', async (topic) => {
    const house = await openHouse({ devices: fleet })
    const client = await openSocket(house.broker.port)
    expect(await returnCodeFor(client, connectPacket('d1', will(topic)))).toBe(5)
    expect(house.refused('will-not-own-status')).toBe(1)
    expect(house.presence).toEqual([])
  })

  it('is withdrawn by a proper goodbye', async () => {
    const house = await openHouse({ devices: fleet })
    const client = await signIn(house.broker.port, 'd1', will('v1/devices/d1/status'))
    client.send({ cmd: 'disconnect' })
    await client.closed
    await vi.waitFor(() => expect(house.presenceOf('d1')).toEqual(['connect+', 'disconnect-']))
    expect(house.statuses).toEqual([])
  })
})
