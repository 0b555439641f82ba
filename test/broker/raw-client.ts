import { connect as connectSocket, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { generate, type IConnectPacket, type Packet, parser } from 'mqtt-packet'
import { onTestFinished } from 'vitest'

/** MQTT by hand over any stream: what a device library would never send, and every answer in the order it came. */
export interface RawClient {
  readonly stream: Duplex
  /** Packets received so far, oldest first. */
  readonly received: Packet[]
  /** Bytes received so far. */
  bytes(): Buffer
  send(...packets: readonly (Packet | Buffer)[]): void
  /** The next packet of this sort that was not asked for before. @throws when the connection ends without one */
  next<C extends Packet['cmd']>(cmd: C): Promise<Extract<Packet, { cmd: C }>>
  /** All packets up to the answer to a ping sent now: what is not among them had not been sent by then. */
  settled(): Promise<readonly Packet[]>
  readonly closed: Promise<void>
}

export function overStream(stream: Duplex): RawClient {
  const received: Packet[] = []
  const chunks: Buffer[] = []
  const taken = new Set<Packet>()
  let wake = () => {}
  let isClosed = false
  const reader = parser({ protocolVersion: 4 })
  reader.on('packet', (packet) => {
    received.push(packet)
    wake()
  })
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    reader.parse(chunk)
  })
  // A WebSocket's stream stays half open otherwise.
  stream.on('end', () => stream.end())
  // What is written to a connection that the broker has ended fails; the tests look at the end itself.
  stream.on('error', () => {})
  reader.on('error', () => {})
  const closed = new Promise<void>((resolve) => {
    stream.once('close', () => {
      isClosed = true
      wake()
      resolve()
    })
  })
  onTestFinished(() => void stream.destroy())

  async function next(cmd: Packet['cmd']): Promise<Packet> {
    for (;;) {
      const found = received.find((packet) => packet.cmd === cmd && !taken.has(packet))
      if (found !== undefined) {
        taken.add(found)
        return found
      }
      if (isClosed) throw new Error(`closed without ${cmd}; received ${received.map((p) => p.cmd).join(' ')}`)
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }

  const send = (...packets: readonly (Packet | Buffer)[]) => {
    stream.write(Buffer.concat(packets.map((packet) => (Buffer.isBuffer(packet) ? packet : generate(packet)))))
  }

  return {
    stream,
    received,
    bytes: () => Buffer.concat(chunks),
    send,
    next: next as RawClient['next'],
    async settled() {
      send({ cmd: 'pingreq' })
      await next('pingresp')
      return received
    },
    closed,
  }
}

/** A TCP connection on which nothing has been said yet. */
export async function openSocket(port: number): Promise<RawClient> {
  const socket: Socket = connectSocket({ host: '127.0.0.1', port, noDelay: true })
  const client = overStream(socket)
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  return client
}

export function connectPacket(deviceId: string, overrides: Partial<IConnectPacket> = {}): IConnectPacket {
  return {
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: true,
    clientId: deviceId,
    keepalive: 60,
    username: deviceId,
    password: Buffer.from(`secret-of-${deviceId}`),
    ...overrides,
  }
}

/** A device that was let in. */
export async function signIn(
  port: number,
  deviceId: string,
  overrides: Partial<IConnectPacket> = {},
): Promise<RawClient> {
  const client = await openSocket(port)
  client.send(connectPacket(deviceId, overrides))
  const { returnCode } = await client.next('connack')
  if (returnCode !== 0) throw new Error(`CONNACK ${returnCode}`)
  return client
}

/** What the broker answers a CONNECT with: the return code, once the connection is closed when that is not 0. */
export async function returnCodeFor(client: RawClient, packet: IConnectPacket): Promise<number | undefined> {
  client.send(packet)
  const { returnCode } = await client.next('connack')
  if (returnCode !== 0) await client.closed
  return returnCode
}

export function publish(
  topic: string,
  payload: string | Buffer,
  options: {
    readonly qos?: 0 | 1 | 2
    readonly messageId?: number
    readonly retain?: boolean
    readonly dup?: boolean
  } = {},
): Packet {
  const { qos = 1, messageId = 1, retain = false, dup = false } = options
  return { cmd: 'publish', topic, payload, qos, retain, dup, ...(qos > 0 && { messageId }) }
}

export function subscribe(
  messageId: number,
  ...filters: readonly (readonly [topic: string, qos: 0 | 1 | 2])[]
): Packet {
  return { cmd: 'subscribe', messageId, subscriptions: filters.map(([topic, qos]) => ({ topic, qos })) } as Packet
}
