import { describe, expect, it, vi } from 'vitest'
import { AppError } from '../../contracts/errors.ts'
import { aDevice, openHouse } from './house.ts'
import { publish, signIn } from './raw-client.ts'

const telemetry = 'v1/devices/d1/telemetry/noise'
const reading = '{"laeqDb":61.2}'

describe('acknowledgement', () => {
  it('sends PUBACK only when the reading has settled', async () => {
    const { broker, telemetry: ingest } = await openHouse()
    ingest.hold()
    const client = await signIn(broker.port, 'd1')
    client.send(publish(telemetry, reading, { messageId: 7 }))
    await vi.waitFor(() => expect(ingest.received).toHaveLength(1))
    expect((await client.settled()).map(({ cmd }) => cmd)).not.toContain('puback')
    ingest.release()
    expect((await client.next('puback')).messageId).toBe(7)
  })

  it('sends PUBREC only when the reading has settled, and completes the handshake', async () => {
    const { broker, telemetry: ingest } = await openHouse()
    ingest.hold()
    const client = await signIn(broker.port, 'd1')
    client.send(publish(telemetry, reading, { qos: 2, messageId: 9 }))
    await vi.waitFor(() => expect(ingest.received).toHaveLength(1))
    expect((await client.settled()).map(({ cmd }) => cmd)).not.toContain('pubrec')
    ingest.release()
    expect((await client.next('pubrec')).messageId).toBe(9)
    client.send({ cmd: 'pubrel', messageId: 9 })
    expect((await client.next('pubcomp')).messageId).toBe(9)
  })

  it('hands on what the device said, whom it came from and when', async () => {
    const { broker, telemetry: ingest } = await openHouse({ now: () => 1_763_700_000_000 })
    const client = await signIn(broker.port, 'd1')
    client.send(publish(telemetry, reading))
    await client.next('puback')
    expect(ingest.received).toEqual([
      {
        deviceId: 'd1',
        kindId: 'noise',
        topic: telemetry,
        payload: Buffer.from(reading),
        receivedAtMs: 1_763_700_000_000,
      },
    ])
    expect(broker.stats().publishesReceived).toBe(1)
  })

  it('takes QoS 0 readings without an answer, also those sent right before the peer closes its side', async () => {
    const { broker, telemetry: ingest } = await openHouse()
    const client = await signIn(broker.port, 'd1')
    client.send(...Array.from({ length: 500 }, (_, i) => publish(telemetry, `{"laeqDb":${i % 100}}`, { qos: 0 })))
    client.stream.end()
    await vi.waitFor(() => expect(ingest.received).toHaveLength(500))
    await client.closed
    expect(client.received.map(({ cmd }) => cmd)).toEqual(['connack'])
  })

  it('still acknowledges what came before the peer closed its side', async () => {
    const { broker, telemetry: ingest } = await openHouse()
    ingest.hold()
    const client = await signIn(broker.port, 'd1')
    client.send(publish(telemetry, reading, { messageId: 3 }))
    client.stream.end()
    await vi.waitFor(() => expect(ingest.received).toHaveLength(1))
    ingest.release()
    expect((await client.next('puback')).messageId).toBe(3)
    await client.closed
  })

  it.each([1, 2] as const)(
    'ends the connection instead of acknowledging QoS %i when the store is away',
    async (qos) => {
      const house = await openHouse()
      house.telemetry.hold()
      const client = await signIn(house.broker.port, 'd1')
      client.send(
        publish(telemetry, reading, { qos, messageId: 1 }),
        publish(telemetry, reading, { qos, messageId: 2 }),
      )
      await vi.waitFor(() => expect(house.telemetry.unsettled).toHaveLength(2))
      house.telemetry.release(new AppError('unavailable', 'time-series-away', 'no'))
      await client.closed
      expect(client.received.map(({ cmd }) => cmd)).toEqual(['connack'])
      expect(house.refused('store-unavailable')).toBe(1)
    },
  )

  it('keeps the order of acknowledgements of one connection', async () => {
    const { broker } = await openHouse()
    const client = await signIn(broker.port, 'd1')
    const ids = Array.from({ length: 400 }, (_, i) => i + 1)
    client.send(...ids.map((messageId) => publish(telemetry, reading, { messageId })))
    for (const id of ids) expect((await client.next('puback')).messageId).toBe(id)
  })
})

describe('QoS 2', () => {
  it('stores a message once although it is resent before its PUBREC could come', async () => {
    const { broker, telemetry: ingest } = await openHouse()
    ingest.hold()
    const first = await signIn(broker.port, 'd1', { clean: false })
    first.send(publish(telemetry, reading, { qos: 2, messageId: 5 }))
    await vi.waitFor(() => expect(ingest.received).toHaveLength(1))
    first.stream.destroy()
    const second = await signIn(broker.port, 'd1', { clean: false })
    second.send(publish(telemetry, reading, { qos: 2, messageId: 5, dup: true }))
    await second.settled()
    ingest.release()
    expect((await second.next('pubrec')).messageId).toBe(5)
    expect(ingest.received).toHaveLength(1)
  })

  it('takes the same identifier on another clean session for another message', async () => {
    const { broker, telemetry: ingest } = await openHouse()
    ingest.hold()
    const first = await signIn(broker.port, 'd1', { clean: true })
    first.send(publish(telemetry, reading, { qos: 2, messageId: 5 }))
    first.send(publish(telemetry, reading, { qos: 2, messageId: 6 }))
    await vi.waitFor(() => expect(ingest.received).toHaveLength(2))
    first.stream.destroy()
    const second = await signIn(broker.port, 'd1', { clean: true })
    second.send(publish(telemetry, reading, { qos: 2, messageId: 5 }))
    await vi.waitFor(() => expect(ingest.received).toHaveLength(3))
    ingest.release()
    expect((await second.next('pubrec')).messageId).toBe(5)
    // What settled for the session that is gone says nothing of this one.
    second.send(publish(telemetry, reading, { qos: 2, messageId: 6 }))
    expect((await second.next('pubrec')).messageId).toBe(6)
    expect(ingest.received).toHaveLength(4)
  })

  it('answers a resend after PUBREC without storing it again, also after a restart', async () => {
    const before = await openHouse()
    const first = await signIn(before.broker.port, 'd1', { clean: false })
    first.send(publish(telemetry, reading, { qos: 2, messageId: 5 }))
    await first.next('pubrec')
    await before.broker.stop()

    const after = await openHouse({ sessionsDir: before.sessionsDir })
    const second = await signIn(after.broker.port, 'd1', { clean: false })
    second.send(publish(telemetry, reading, { qos: 2, messageId: 5, dup: true }))
    await second.next('pubrec')
    second.send({ cmd: 'pubrel', messageId: 5 })
    await second.next('pubcomp')
    expect(after.telemetry.received).toHaveLength(0)

    // The identifier is free again: what comes under it now is another message.
    second.send(publish(telemetry, reading, { qos: 2, messageId: 5 }))
    await second.next('pubrec')
    expect(after.telemetry.received).toHaveLength(1)
  })

  it('ends a connection that opens handshakes and never finishes them', async () => {
    const house = await openHouse()
    const client = await signIn(house.broker.port, 'd1')
    for (let messageId = 1; messageId <= 1001; messageId++) {
      client.send(publish(telemetry, reading, { qos: 2, messageId }))
    }
    await client.closed
    expect(house.refused('qos2-window')).toBe(1)
  })
})

describe('back-pressure', () => {
  it('leaves a socket unread while its readings have not settled', async () => {
    const limits = { inFlightMax: 16, packetBytesMax: 2048, ratePerSMax: 0 }
    const { broker, telemetry: ingest } = await openHouse({ limits })
    ingest.hold()
    const client = await signIn(broker.port, 'd1')
    const padding = 'x'.repeat(1000)
    // More than both ends' socket buffers hold: the rest stays with the sender.
    const count = 20_000
    for (let i = 0; i < count; i++) client.send(publish(telemetry, `{"i":${i},"p":"${padding}"}`, { qos: 0 }))
    await vi.waitFor(() => expect(ingest.received).toHaveLength(16))
    // The other device is served meanwhile, which takes several rounds of the event loop.
    const other = await signIn(broker.port, 'd2')
    for (let i = 0; i < 20; i++) await other.settled()
    expect(ingest.received).toHaveLength(16)
    expect(client.stream.writableLength).toBeGreaterThan(0)
    ingest.release()
    await vi.waitFor(() => expect(ingest.received).toHaveLength(count), { timeout: 20_000 })
    const order = ingest.received.map(({ payload }) => (JSON.parse(payload.toString()) as { i: number }).i)
    expect(order).toEqual(Array.from({ length: count }, (_, i) => i))
  })

  it('holds for a sender of small segments as well', async () => {
    const { broker, telemetry: ingest } = await openHouse({ limits: { inFlightMax: 16 } })
    ingest.hold()
    const client = await signIn(broker.port, 'd1')
    for (let messageId = 1; messageId <= 100; messageId++) {
      client.send(publish(telemetry, reading, { messageId }))
      await client.settled()
    }
    expect(ingest.received).toHaveLength(16)
    ingest.release()
    for (let messageId = 1; messageId <= 100; messageId++) await client.next('puback')
  })

  it('holds everybody while ingest has all it should have, and goes on afterwards', async () => {
    const devices = Array.from({ length: 8 }, (_, i) => aDevice(`n${i}`))
    const { broker, telemetry: ingest } = await openHouse({ devices, limits: { pendingMax: 50, framesPerTurn: 8 } })
    ingest.hold()
    const clients = await Promise.all(devices.map(({ id }) => signIn(broker.port, id)))
    for (const [i, client] of clients.entries()) {
      const topic = `v1/devices/n${i}/telemetry/noise`
      client.send(...Array.from({ length: 40 }, (_, m) => publish(topic, reading, { messageId: m + 1 })))
    }
    await Promise.all(clients.map((client) => client.settled()))
    await Promise.all(clients.map((client) => client.settled()))
    expect(ingest.received.length).toBeLessThan(50 + 8)
    ingest.release()
    for (const client of clients) for (let m = 1; m <= 40; m++) await client.next('puback')
    expect(ingest.received).toHaveLength(320)
  })
})
