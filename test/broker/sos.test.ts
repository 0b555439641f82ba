import { describe, expect, it, vi } from 'vitest'
import { aDevice, openHouse } from './house.ts'
import { publish, signIn } from './raw-client.ts'

const nowMs = 1_763_700_060_000
const telemetry = 'v1/devices/d1/telemetry/noise'
const topic = 'v1/devices/d1/sos'

describe('an SOS', () => {
  it('is handed to the desk as the device sent it', async () => {
    const { broker, desk } = await openHouse({ now: () => nowMs })
    const client = await signIn(broker.port, 'd1')
    const body = {
      ts: nowMs - 1000,
      seq: 4,
      trigger: 'fall',
      location: { latitude: 12.9, longitude: 77.6, accuracyM: 8 },
      batteryPct: 40,
    }
    client.send(publish(topic, JSON.stringify(body)))
    await client.next('puback')
    const { ts: observedAtMs, ...rest } = body
    expect(desk.presses).toEqual([{ deviceId: 'd1', receivedAtMs: nowMs, observedAtMs, ...rest }])
  })

  it.each([
    ['nothing', ''],
    ['no JSON', 'help!'],
    ['bytes', Buffer.from([0xff, 0xfe, 0x00])],
    ['another shape', '[1,2]'],
    ['null', 'null'],
    [
      'wrong fields',
      '{"ts":{},"seq":-1,"trigger":"boredom","location":{"latitude":1000,"longitude":0},"batteryPct":"low"}',
    ],
    ['a clock far off', '{"ts":0}'],
    ['hostile names', '{"__proto__":{"trigger":"ai"},"constructor":1}'],
  ])('is a press whatever its body says: %s', async (_name, payload) => {
    const { broker, desk } = await openHouse({ now: () => nowMs })
    const client = await signIn(broker.port, 'd1')
    client.send(publish(topic, payload))
    await client.next('puback')
    expect(desk.presses).toEqual([
      {
        deviceId: 'd1',
        receivedAtMs: nowMs,
        observedAtMs: nowMs,
        seq: undefined,
        trigger: 'manual',
        location: undefined,
        batteryPct: undefined,
      },
    ])
  })

  it.each([0, 1, 2] as const)('is stored at QoS %i', async (qos) => {
    const { broker, desk } = await openHouse()
    const client = await signIn(broker.port, 'd1')
    client.send(publish(topic, '{}', { qos }))
    await vi.waitFor(() => expect(desk.presses).toHaveLength(1))
    const answers = (await client.settled()).map(({ cmd }) => cmd)
    expect(answers).toEqual(['connack', ...(qos === 0 ? [] : [qos === 1 ? 'puback' : 'pubrec']), 'pingresp'])
  })

  it('is not acknowledged when it cannot be stored: the connection ends and the device sends it again', async () => {
    const house = await openHouse()
    house.desk.failWith = new Error('disk full')
    const client = await signIn(house.broker.port, 'd1')
    client.send(publish(topic, '{}'))
    await client.closed
    expect(client.received.map(({ cmd }) => cmd)).toEqual(['connack'])
    expect(house.refused('sos-not-stored')).toBe(1)

    house.desk.failWith = undefined
    const again = await signIn(house.broker.port, 'd1')
    again.send(publish(topic, '{}', { dup: true }))
    await again.next('puback')
    expect(house.desk.presses).toHaveLength(1)
  })
})

describe('right of way', () => {
  it('holds on the same connection before readings that never settle', async () => {
    const { broker, telemetry: ingest, desk } = await openHouse({ limits: { inFlightMax: 8 } })
    ingest.hold()
    const client = await signIn(broker.port, 'd1')
    client.send(...Array.from({ length: 200 }, (_, i) => publish(telemetry, '{}', { messageId: i + 1 })))
    await vi.waitFor(() => expect(ingest.received).toHaveLength(8))
    client.send(publish(topic, '{}', { messageId: 999 }))
    expect((await client.next('puback')).messageId).toBe(999)
    expect(desk.presses).toHaveLength(1)
    expect(ingest.received).toHaveLength(8)
  })

  it('holds for a device that is being slowed', async () => {
    const { broker, desk } = await openHouse({ limits: { ratePerSMax: 1, burstMax: 5 }, now: () => nowMs })
    const client = await signIn(broker.port, 'd1')
    client.send(...Array.from({ length: 50 }, (_, i) => publish(telemetry, '{}', { messageId: i + 1 })))
    await vi.waitFor(() => expect(broker.stats().throttled).toBe(1))
    for (let i = 0; i < 20; i++) {
      client.send(publish(topic, `{"seq":${i}}`, { messageId: 1000 + i }))
      await vi.waitFor(() => expect(desk.presses).toHaveLength(i + 1))
    }
  })

  it('holds while ingest is full and every other device waits', async () => {
    const devices = [aDevice('d1'), ...Array.from({ length: 10 }, (_, i) => aDevice(`n${i}`))]
    const { broker, telemetry: ingest, desk } = await openHouse({ devices, limits: { pendingMax: 20 } })
    ingest.hold()
    for (let i = 0; i < 10; i++) {
      const client = await signIn(broker.port, `n${i}`)
      client.send(
        ...Array.from({ length: 50 }, (_, m) =>
          publish(`v1/devices/n${i}/telemetry/noise`, '{}', { messageId: m + 1 }),
        ),
      )
    }
    const client = await signIn(broker.port, 'd1')
    client.send(publish(topic, '{}'))
    await client.next('puback')
    expect(desk.presses).toHaveLength(1)
    expect(ingest.unsettled.length).toBeGreaterThan(0)
  })

  it('takes at most a bounded number of readings between two looks at the sockets', async () => {
    const { broker, telemetry: ingest } = await openHouse({ limits: { ratePerSMax: 0, framesPerTurn: 32 } })
    const perRound: number[] = []
    let before = 0
    let isOver = false
    const look = () => {
      if (ingest.received.length > before) perRound.push(ingest.received.length - before)
      before = ingest.received.length
      if (!isOver) setImmediate(look)
    }
    const client = await signIn(broker.port, 'd1')
    look()
    client.send(...Array.from({ length: 2000 }, (_, i) => publish(telemetry, `{"i":${i}}`, { qos: 0 })))
    await vi.waitFor(() => expect(ingest.received).toHaveLength(2000))
    isOver = true
    // A look may fall between the two halves of a round: the sockets' and the queue's.
    expect(Math.max(...perRound)).toBeLessThanOrEqual(64)
  })
})
