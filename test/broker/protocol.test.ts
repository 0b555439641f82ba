import { generate, type IConnectPacket } from 'mqtt-packet'
import { describe, expect, it, vi } from 'vitest'
import type { RefusalName } from '../../broker/index.ts'
import { aDevice, openHouse } from './house.ts'
import { connectPacket, openSocket, publish, returnCodeFor, signIn, subscribe } from './raw-client.ts'

const telemetry = 'v1/devices/d1/telemetry/noise'

/** CONNECT of any version by hand. */
function connectBytes(level: number, name = 'MQTT'): Buffer {
  const variable = [
    0,
    name.length,
    ...Buffer.from(name),
    level,
    2,
    0,
    60,
    ...(level === 5 ? [0] : []),
    0,
    2,
    0x64,
    0x31,
  ]
  return Buffer.from([0x10, variable.length, ...variable])
}

describe('protocol versions', () => {
  it.each([
    ['3.1', { protocolId: 'MQIsdp', protocolVersion: 3 }],
    ['3.1.1', { protocolId: 'MQTT', protocolVersion: 4 }],
  ] as const)('speaks MQTT %s', async (_name, version) => {
    const { broker, telemetry: ingest } = await openHouse()
    const client = await signIn(broker.port, 'd1', version as Partial<IConnectPacket>)
    client.send(publish(telemetry, '{}'))
    await client.next('puback')
    expect(ingest.received).toHaveLength(1)
  })

  it('refuses MQTT 5 with the CONNACK of MQTT 5', async () => {
    const house = await openHouse()
    const client = await openSocket(house.broker.port)
    client.send(connectBytes(5))
    await client.closed
    expect(client.bytes()).toEqual(Buffer.from([0x20, 0x03, 0x00, 0x84, 0x00]))
    expect(house.refused('protocol-version')).toBe(1)
  })

  it.each([0, 2, 6, 100])('refuses protocol level %i with return code 1 [MQTT-3.1.2-2]', async (level) => {
    const house = await openHouse()
    const client = await openSocket(house.broker.port)
    client.send(connectBytes(level))
    await client.closed
    expect(client.bytes()).toEqual(Buffer.from([0x20, 0x02, 0x00, 0x01]))
    expect(house.refused('protocol-version')).toBe(1)
  })
})

/** Sent on a fresh connection, and on one that signed in first. Each ends the connection and nothing else. */
const badBytes: readonly (readonly [string, 'fresh' | 'signed-in', Buffer, RefusalName])[] = [
  ['an HTTP request', 'fresh', Buffer.from('GET / HTTP/1.1\r\nHost: city\r\n\r\n'), 'not-connect'],
  ['a TLS hello on the plain port', 'fresh', Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]), 'not-connect'],
  ['zeros', 'fresh', Buffer.alloc(64), 'not-connect'],
  ['a publish before CONNECT', 'fresh', generate(publish(telemetry, '{}')), 'not-connect'],
  ['a CONNECT of another protocol', 'fresh', connectBytes(4, 'AMQP'), 'malformed-packet'],
  ['a CONNECT cut short inside', 'fresh', Buffer.from([0x10, 0x02, 0x00, 0x04]), 'malformed-packet'],
  ['a length of five bytes', 'fresh', Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff, 0x01]), 'malformed-packet'],
  ['a length of five bytes', 'signed-in', Buffer.from([0x30, 0x80, 0x80, 0x80, 0x80, 0x01]), 'malformed-packet'],
  ['QoS 3', 'signed-in', Buffer.from([0x36, 0x05, 0x00, 0x01, 0x61, 0x00, 0x01]), 'malformed-packet'],
  ['a reserved packet type', 'signed-in', Buffer.from([0x00, 0x00]), 'malformed-packet'],
  ['a topic longer than its packet', 'signed-in', Buffer.from([0x30, 0x03, 0xff, 0xff, 0x61]), 'malformed-packet'],
  ['SUBSCRIBE with wrong flags', 'signed-in', Buffer.from([0x80, 0x06, 0, 1, 0, 1, 0x61, 0]), 'malformed-packet'],
  ['a second CONNECT [MQTT-3.1.0-2]', 'signed-in', generate(connectPacket('d1')), 'protocol-error'],
  ['a wildcard in a publish', 'signed-in', generate(publish('v1/devices/+/sos', '{}')), 'protocol-error'],
]

describe('bytes that are not what they should be', () => {
  it.each(badBytes)('%s (%s): ends the connection', async (_name, when, bytes, refusal) => {
    const house = await openHouse()
    const client = when === 'fresh' ? await openSocket(house.broker.port) : await signIn(house.broker.port, 'd1')
    client.send(bytes)
    await client.closed
    expect(house.refused(refusal)).toBe(1)
    expect(house.telemetry.received).toHaveLength(0)
    expect(house.desk.presses).toHaveLength(0)
    // Everybody else is as well as before.
    const other = await signIn(house.broker.port, 'd2')
    await other.settled()
  })

  it('takes what came before the fault', async () => {
    const house = await openHouse()
    const client = await signIn(house.broker.port, 'd1')
    client.send(publish(telemetry, '{}'), Buffer.from([0xf0, 0x00]))
    await client.closed
    expect(house.telemetry.received).toHaveLength(1)
  })
})

describe('limits', () => {
  it('refuses a packet above the limit by its header, without waiting for its body', async () => {
    const house = await openHouse()
    const client = await signIn(house.broker.port, 'd1')
    // PUBLISH of 256 MiB; not one byte of the body follows.
    client.send(Buffer.from([0x32, 0xff, 0xff, 0xff, 0x7f]))
    await client.closed
    expect(house.refused('packet-too-large')).toBe(1)
  })

  it('takes a packet of exactly the limit', async () => {
    const limit = 65_536
    const { broker, telemetry: ingest } = await openHouse()
    const client = await signIn(broker.port, 'd1')
    const overhead = generate(publish(telemetry, Buffer.alloc(60_000))).length - 60_000
    client.send(publish(telemetry, Buffer.alloc(limit - overhead)))
    await client.next('puback')
    expect(ingest.received[0]?.payload).toHaveLength(limit - overhead)
    client.send(publish(telemetry, Buffer.alloc(limit - overhead + 1)))
    await client.closed
    expect(ingest.received).toHaveLength(1)
  })

  it('takes a packet that arrives byte by byte', async () => {
    const { broker, telemetry: ingest } = await openHouse()
    const client = await signIn(broker.port, 'd1')
    const bytes = generate(publish(telemetry, '{"laeqDb":1}'))
    for (const byte of bytes) {
      client.send(Buffer.from([byte]))
      await new Promise(setImmediate)
    }
    await client.next('puback')
    expect(ingest.received[0]?.payload.toString()).toBe('{"laeqDb":1}')
  })

  it.each([
    ['publish', publish(`${'a/'.repeat(60)}b`, '{}')],
    ['subscribe', subscribe(1, [`${'a/'.repeat(60)}b`, 1])],
  ] as const)('ends a connection for a topic of too many levels: %s', async (_name, packet) => {
    const house = await openHouse()
    const client = await signIn(house.broker.port, 'd1')
    client.send(packet)
    await client.closed
    expect(house.refused('topic-too-deep')).toBe(1)
  })

  it('closes a connection that says nothing', async () => {
    const house = await openHouse({ limits: { connectTimeoutMs: 50 } })
    const client = await openSocket(house.broker.port)
    await client.closed
    expect(house.refused('connect-timeout')).toBe(1)
  })

  it('closes a connection whose CONNECT never ends', async () => {
    const house = await openHouse({ limits: { connectTimeoutMs: 50 } })
    const client = await openSocket(house.broker.port)
    client.send(generate(connectPacket('d1')).subarray(0, 9))
    await client.closed
    expect(house.refused('connect-timeout')).toBe(1)
  })

  it('refuses connections above the limit and lets others in when one has gone', async () => {
    const house = await openHouse({ limits: { connectionsMax: 2 } })
    const first = await signIn(house.broker.port, 'd1')
    await signIn(house.broker.port, 'd2')
    const third = await openSocket(house.broker.port)
    await third.closed
    expect(house.refused('connections-max')).toBe(1)
    expect(house.broker.stats()).toMatchObject({ connections: 2, connectionsMax: 2 })
    first.stream.destroy()
    await vi.waitFor(() => expect(house.broker.stats().connections).toBe(1))
    await vi.waitFor(() => signIn(house.broker.port, 'd1'))
  })

  it('closes a connection that is silent beyond its keep-alive', async () => {
    const house = await openHouse()
    const client = await signIn(house.broker.port, 'd1', { keepalive: 1 })
    await client.closed
    expect(house.refused('keepalive-timeout')).toBe(1)
    expect(house.presenceOf('d1')).toEqual(['connect+', 'keepalive-'])
  })

  it('gives a device that asks for no keep-alive the default one', async () => {
    const house = await openHouse({ limits: { keepaliveDefaultS: 1 } })
    const client = await signIn(house.broker.port, 'd1', { keepalive: 0 })
    await client.closed
    expect(house.refused('keepalive-timeout')).toBe(1)
  })

  it('answers pings of a device whose readings are not settled, so that it does not give up', async () => {
    const house = await openHouse({ limits: { inFlightMax: 4 } })
    house.telemetry.hold()
    const client = await signIn(house.broker.port, 'd1')
    client.send(...Array.from({ length: 50 }, (_, i) => publish(telemetry, '{}', { messageId: i + 1 })))
    await client.settled()
    expect(house.telemetry.received).toHaveLength(4)
  })

  it('ends a connection that does not read what it is sent', async () => {
    const house = await openHouse({ limits: { drainTimeoutMs: 100 } })
    const client = await signIn(house.broker.port, 'd1')
    client.send(subscribe(1, ['v1/city/#', 0]))
    await client.next('suback')
    client.stream.pause()
    const payload = Buffer.alloc(60_000)
    while (house.refused('slow-reader') === 0) {
      await house.broker.announce({ topic: 'v1/city/news', payload, isRetained: false })
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    client.stream.resume()
    await client.closed
  })
})

describe('the rate of a device', () => {
  it('is slowed above its burst, loses nothing, and is told apart in the figures', async () => {
    const limits = { ratePerSMax: 200, burstMax: 50 }
    const house = await openHouse({ limits })
    const client = await signIn(house.broker.port, 'd1')
    client.send(...Array.from({ length: 100 }, (_, i) => publish(telemetry, '{}', { messageId: i + 1 })))
    await vi.waitFor(() => expect(house.broker.stats().throttled).toBe(1))
    expect(house.telemetry.received.length).toBeGreaterThanOrEqual(50)
    expect(house.telemetry.received.length).toBeLessThan(100)
    for (let id = 1; id <= 100; id++) await client.next('puback')
    expect(house.telemetry.received).toHaveLength(100)
    expect(house.broker.stats().throttled).toBe(0)
    expect(house.refused('rate-limited')).toBeGreaterThan(0)
  })

  it('does not start anew with a new connection', async () => {
    // The broker's clock stands still: what is used up stays used up.
    const house = await openHouse({ limits: { ratePerSMax: 1, burstMax: 50 }, now: () => 1_000_000 })
    const first = await signIn(house.broker.port, 'd1')
    first.send(...Array.from({ length: 50 }, (_, i) => publish(telemetry, '{}', { messageId: i + 1 })))
    for (let id = 1; id <= 50; id++) await first.next('puback')
    first.stream.destroy()
    const second = await signIn(house.broker.port, 'd1')
    second.send(publish(telemetry, '{}'))
    await second.settled()
    expect(house.telemetry.received).toHaveLength(50)
    expect(house.broker.stats().throttled).toBe(1)
  })

  it('lets a backlog pass after a time away', async () => {
    let nowMs = 1_000_000
    const house = await openHouse({ limits: { ratePerSMax: 1, burstMax: 500 }, now: () => nowMs })
    const send = async (count: number) => {
      const client = await signIn(house.broker.port, 'd1')
      client.send(...Array.from({ length: count }, (_, i) => publish(telemetry, '{}', { messageId: i + 1 })))
      for (let id = 1; id <= count; id++) await client.next('puback')
      client.stream.destroy()
    }
    await send(500)
    nowMs += 500_000
    await send(500)
    expect(house.refused('rate-limited')).toBe(0)
  })

  it('of a gateway grows with the devices it speaks for', async () => {
    const devices = [aDevice('gw'), aDevice('a', { gatewayId: 'gw' }), aDevice('b', { gatewayId: 'gw' })]
    const limits = { ratePerSMax: 1, burstMax: 20 }
    const house = await openHouse({ devices, limits, now: () => 1_000_000 })
    const client = await signIn(house.broker.port, 'gw')
    let messageId = 0
    for (const id of ['a', 'b']) {
      for (let i = 0; i < 20; i++) {
        client.send(publish(`v1/gateways/gw/devices/${id}/telemetry/noise`, '{}', { messageId: ++messageId }))
        await client.next('puback')
      }
    }
    expect(house.refused('rate-limited')).toBe(0)
    expect(house.telemetry.received).toHaveLength(40)
  })
})

describe('client ids', () => {
  it('gives a device that leaves its client id open its own id', async () => {
    const { broker } = await openHouse()
    await signIn(broker.port, 'd1', { clientId: '' })
    expect(broker.isOnline('d1')).toBe(true)
  })

  it('refuses an open client id for a lasting session [MQTT-3.1.3-8]', async () => {
    const { broker } = await openHouse()
    const client = await openSocket(broker.port)
    // Username and password, no clean session, keep-alive 60, an empty client id.
    const fields = [0, 4, ...Buffer.from('MQTT'), 4, 0xc0, 0, 60, 0, 0, 0, 2, ...Buffer.from('d1')]
    const secret = Buffer.from('secret-of-d1')
    client.send(Buffer.from([0x10, fields.length + 2 + secret.length, ...fields, 0, secret.length, ...secret]))
    expect((await client.next('connack')).returnCode).toBe(2)
    await client.closed
  })

  it('does not let one device take the session of another', async () => {
    const house = await openHouse()
    const victim = await signIn(house.broker.port, 'd2')
    const client = await openSocket(house.broker.port)
    expect(await returnCodeFor(client, connectPacket('d1', { clientId: 'd2' }))).toBe(2)
    expect(house.refused('client-id')).toBe(1)
    await victim.settled()
  })

  it('lets a device take over its own session: the older connection ends', async () => {
    const house = await openHouse()
    const older = await signIn(house.broker.port, 'd1')
    const newer = await signIn(house.broker.port, 'd1')
    await older.closed
    await newer.settled()
    expect(house.refused('taken-over')).toBe(1)
    expect(house.broker.stats().connections).toBe(1)
  })
})
