import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import fc from 'fast-check'
import { type IConnectPacket, type IPublishPacket, type Packet, parser } from 'mqtt-packet'
import { afterEach, describe, expect, it } from 'vitest'
import { findKind } from '../../contracts/kinds/index.ts'
import { fieldValuesSchema } from '../../contracts/kinds/kind.ts'
import { topics } from '../../contracts/topics.ts'
import { encodeConnect, readConnack } from '../../devices/load/connect-packet.ts'
import { createLoadConnection, type LoadConnection } from '../../devices/load/load-connection.ts'
import { createLoadFleet } from '../../devices/load/load-fleet.ts'
import { createPublishRing, sequenceInReading, sequenceMax } from '../../devices/load/publish-packets.ts'
import { startTestBroker } from './test-broker.ts'

const deviceIds = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/)
const times = fc.integer({ min: 1_000_000_000_000, max: 9_999_999_999_999 })

function parseAll(bytes: Uint8Array): Packet[] {
  const packets: Packet[] = []
  const reader = parser({ protocolVersion: 4 })
  reader.on('packet', (packet) => packets.push(packet))
  reader.on('error', (error) => {
    throw error
  })
  reader.parse(Buffer.from(bytes))
  return packets
}

describe('ready-made PUBLISH packets', () => {
  it('are what an MQTT library reads as a QoS 1 publish of a valid reading', () => {
    fc.assert(
      fc.property(
        deviceIds,
        times,
        fc.integer({ min: 0, max: sequenceMax }),
        fc.integer({ min: 0, max: 6 }),
        (deviceId, atMs, sequence, slot) => {
          const ring = createPublishRing({ deviceId, slotCount: 7 })
          ring.write(slot, atMs, sequence)
          const packets = parseAll(ring.bytes) as IPublishPacket[]
          expect(packets).toHaveLength(7)
          const packet = packets[slot]!
          expect(packet).toMatchObject({ cmd: 'publish', qos: 1, dup: false, retain: false, messageId: slot + 1 })
          expect(packet.topic).toBe(topics.telemetry(deviceId, 'air-quality'))
          const { ts, seq, ...values } = JSON.parse(packet.payload.toString())
          expect(ts).toBe(atMs)
          expect(seq).toBe(sequenceInReading(sequence))
          expect(fieldValuesSchema(findKind('air-quality')!).safeParse(values).success).toBe(true)
        },
      ),
    )
  })

  it('change nothing but their own slot when one is written or marked as resent', () => {
    const ring = createPublishRing({ deviceId: 'd', slotCount: 3 })
    const before = Buffer.from(ring.bytes)
    ring.write(1, 1_700_000_000_123, 42)
    ring.markResent(1)
    const { packetLength } = ring
    expect(ring.bytes.subarray(0, packetLength)).toEqual(before.subarray(0, packetLength))
    expect(ring.bytes.subarray(2 * packetLength)).toEqual(before.subarray(2 * packetLength))
    expect(parseAll(ring.bytes)[1]).toMatchObject({ dup: true, qos: 1, messageId: 2 })
    ring.write(1, 1_700_000_000_124, 43)
    expect(parseAll(ring.bytes)[1]).toMatchObject({ dup: false })
  })

  it.each([0, 65_536])('refuse a ring of %i slots', (slotCount) => {
    expect(() => createPublishRing({ deviceId: 'd', slotCount })).toThrow(RangeError)
  })
})

describe('the CONNECT packet', () => {
  it('is what an MQTT library reads as a 3.1.1 CONNECT of the device', () => {
    fc.assert(
      fc.property(
        deviceIds,
        fc.option(fc.string({ minLength: 1, maxLength: 200 }), { nil: undefined }),
        (deviceId, secret) => {
          const [packet] = parseAll(encodeConnect({ deviceId, secret })) as IConnectPacket[]
          expect(packet).toMatchObject({
            cmd: 'connect',
            protocolVersion: 4,
            protocolId: 'MQTT',
            clean: true,
            keepalive: 0,
          })
          expect([packet!.clientId, packet!.username?.toString(), packet!.password?.toString()]).toEqual([
            deviceId,
            deviceId,
            secret,
          ])
        },
      ),
    )
  })

  it.each([
    [[0x20, 2, 0], undefined],
    [[0x20, 2, 0, 0], 0],
    [[0x20, 2, 1, 5], 5],
    [[0x40, 2, 0, 1], -1],
  ])('is answered by %j as %s', (bytes, returnCode) => {
    expect(readConnack(Buffer.from(bytes))).toBe(returnCode)
  })
})

describe('a load connection', () => {
  let server: Server
  let connection: LoadConnection
  let peer: Socket
  const received: IPublishPacket[] = []

  /** A server that acknowledges only when told to. */
  async function connectTo(window: number): Promise<void> {
    received.length = 0
    server = createServer((socket) => {
      peer = socket
      const reader = parser({ protocolVersion: 4 })
      reader.on('packet', (packet) => {
        if (packet.cmd === 'connect') socket.write(Buffer.from([0x20, 0x02, 0x00, 0x00]))
        if (packet.cmd === 'publish') {
          received.push(packet)
          socket.emit('publish')
        }
      })
      socket.on('data', (chunk: Buffer) => reader.parse(chunk))
      socket.on('error', () => undefined)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    connection = createLoadConnection({
      host: '127.0.0.1',
      port,
      credentials: { deviceId: 'd', secret: undefined },
      window,
      now: () => 1_700_000_000_000,
    })
    await connection.open()
  }
  const sequences = () => received.map(({ payload }) => JSON.parse(payload.toString()).seq as number)
  const untilReceived = async (count: number) => {
    while (received.length < count) await once(peer, 'publish')
  }
  const acknowledge = (...packetIds: number[]) =>
    peer.write(Buffer.from(packetIds.flatMap((id) => [0x40, 0x02, id >> 8, id & 255])))
  const untilAcknowledged = async (count: number) => {
    while (connection.acknowledgedCount + connection.faultCount < count)
      await new Promise((resolve) => setImmediate(resolve))
  }

  afterEach(() => {
    connection.close()
    server.close()
  })

  it('never has more than its window on the way', async () => {
    await connectTo(3)
    expect(connection.send(10)).toBe(3)
    expect(connection.send(1)).toBe(0)
    await untilReceived(3)
    acknowledge(1)
    await untilAcknowledged(1)
    expect(connection.send(10)).toBe(1)
    await untilReceived(4)
    expect(sequences()).toEqual([0, 1, 2, 3].map(sequenceInReading))
  })

  it('counts acknowledgements that arrive in pieces', async () => {
    await connectTo(3)
    connection.send(3)
    await untilReceived(3)
    const bytes = Buffer.from([0x40, 2, 0, 1, 0x40, 2, 0, 2, 0x40, 2, 0, 3])
    for (const byte of bytes) {
      peer.write(Buffer.of(byte))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await untilAcknowledged(3)
    expect(connection.acknowledgedCount).toBe(3)
    expect(connection.faultCount).toBe(0)
  })

  it('does not take an acknowledgement out of order for its own', async () => {
    await connectTo(3)
    connection.send(2)
    await untilReceived(2)
    acknowledge(2)
    await untilAcknowledged(1)
    expect(connection.acknowledgedCount).toBe(0)
    expect(connection.faultCount).toBe(1)
  })

  it('sends what is unacknowledged again after a reconnect, the same readings marked as duplicates', async () => {
    await connectTo(4)
    connection.send(4)
    await untilReceived(4)
    acknowledge(1, 2)
    await untilAcknowledged(2)
    connection.send(1)
    await untilReceived(5)
    peer.destroy()
    while (connection.isOpen) await new Promise((resolve) => setImmediate(resolve))
    received.length = 0
    await connection.open()
    await untilReceived(3)
    expect(sequences()).toEqual([2, 3, 4].map(sequenceInReading))
    expect(received.every(({ dup }) => dup)).toBe(true)
    expect(connection.resentCount).toBe(3)
  })
})

describe('a load fleet', () => {
  it('gets every reading acknowledged by a real broker, each sent once', async () => {
    const broker = await startTestBroker()
    const devices = ['a', 'b', 'c'].map((deviceId) => ({ deviceId, secret: undefined }))
    const fleet = createLoadFleet({ host: '127.0.0.1', port: broker.port, devices, window: 5 })
    await fleet.open()
    fleet.start({ type: 'flood' })
    await broker.until(() => broker.received.length >= 500)
    fleet.pause()
    expect(await fleet.drain(10_000)).toBe(0)
    const { sent, acknowledged, faults } = fleet.counts()
    expect([acknowledged, faults]).toEqual([sent, 0])
    const keys = broker.received.map(({ clientId, payload }) => `${clientId}/${JSON.parse(payload.toString()).seq}`)
    expect(new Set(keys).size).toBe(sent)
    expect(keys).toHaveLength(sent)
    fleet.close()
    await broker.stop()
  })

  it('deals a pace evenly round its devices', async () => {
    const broker = await startTestBroker()
    const devices = ['a', 'b', 'c', 'd'].map((deviceId) => ({ deviceId, secret: undefined }))
    const fleet = createLoadFleet({ host: '127.0.0.1', port: broker.port, devices, window: 50 })
    await fleet.open()
    fleet.start({ type: 'paced', perS: 2000 })
    await broker.until(() => broker.received.length >= 200)
    fleet.pause()
    const sent = fleet.progress().map((device) => device.sent)
    expect(Math.max(...sent) - Math.min(...sent)).toBeLessThanOrEqual(1)
    fleet.close()
    await broker.stop()
  })
})
