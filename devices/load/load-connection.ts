import { connect, type Socket } from 'node:net'
import { generate, parser } from 'mqtt-packet'
import type { DeviceCredentials } from '../device-connection.ts'
import { createPublishRing, sequenceMax } from './publish-packets.ts'

export interface LoadConnectionOptions {
  readonly host: string
  readonly port: number
  readonly credentials: DeviceCredentials
  /** Publishes that may be on their way at once. */
  readonly window: number
  readonly now: () => number
}

/**
 * One device publishing as cheaply as a process can: a raw socket, ready-made packets, acknowledgements told apart
 * by four bytes each. What is not acknowledged stays in its slot and is sent again, byte for byte, after a reconnect.
 */
export interface LoadConnection {
  readonly deviceId: string
  /** Resolves with the CONNACK, having sent again what a lost connection left unacknowledged. */
  open(): Promise<void>
  /** Sends up to this many new readings, as far as the window has room. @returns how many */
  send(count: number): number
  /** From now on every acknowledgement is answered with a new reading. */
  keepWindowFull(isOn: boolean): void
  close(): void
  readonly sentCount: number
  /** Every reading with a sequence number below this has been acknowledged: acknowledgements come in order [MQTT-4.6.0-2]. */
  readonly acknowledgedCount: number
  readonly resentCount: number
  /** Acknowledgements out of order or of something else; anything but 0 is a broken server. */
  readonly faultCount: number
  readonly isOpen: boolean
}

const pubackLength = 4

export function createLoadConnection(options: LoadConnectionOptions): LoadConnection {
  const { window, now } = options
  const { deviceId, secret } = options.credentials
  const ring = createPublishRing({ deviceId, slotCount: window })
  const { bytes, packetLength } = ring
  let socket: Socket | undefined
  let isOpen = false
  let isKeptFull = false
  let sentCount = 0
  let acknowledgedCount = 0
  let resentCount = 0
  let faultCount = 0
  /** Bytes of a PUBACK that a chunk cut off. */
  let carried: Buffer = Buffer.alloc(0)

  const writeSlots = (from: number, count: number) => {
    const untilWrap = Math.min(count, window - from)
    socket!.write(bytes.subarray(from * packetLength, (from + untilWrap) * packetLength))
    if (count > untilWrap) socket!.write(bytes.subarray(0, (count - untilWrap) * packetLength))
  }

  const send = (count: number): number => {
    const room = Math.min(count, window - (sentCount - acknowledgedCount), sequenceMax - sentCount)
    if (room <= 0 || !isOpen) return 0
    const first = sentCount % window
    const atMs = now()
    for (let index = 0; index < room; index++) {
      const slot = first + index
      ring.write(slot < window ? slot : slot - window, atMs, sentCount + index)
    }
    sentCount += room
    writeSlots(first, room)
    return room
  }

  const takeAcknowledgements = (chunk: Buffer) => {
    const input = carried.length === 0 ? chunk : Buffer.concat([carried, chunk])
    const whole = input.length - (input.length % pubackLength)
    for (let at = 0; at < whole; at += pubackLength) {
      const packetId = (input[at + 2]! << 8) | input[at + 3]!
      if (input[at] !== 0x40 || packetId !== (acknowledgedCount % window) + 1 || acknowledgedCount === sentCount) {
        faultCount += 1
      } else acknowledgedCount += 1
    }
    carried = whole === input.length ? empty : Buffer.from(input.subarray(whole))
    if (isKeptFull) send(window)
  }

  const resend = () => {
    const count = sentCount - acknowledgedCount
    if (count === 0) return
    const first = acknowledgedCount % window
    for (let index = 0; index < count; index++) ring.markResent((first + index) % window)
    resentCount += count
    writeSlots(first, count)
  }

  return {
    deviceId,
    open: () =>
      new Promise((resolve, reject) => {
        const opening = connect({ host: options.host, port: options.port, noDelay: true })
        socket = opening
        carried = empty
        const connack = parser({ protocolVersion: 4 })
        connack.once('packet', (packet) => {
          if (packet.cmd !== 'connack' || packet.returnCode !== 0) {
            reject(
              new Error(`${deviceId} was refused: ${packet.cmd} ${packet.cmd === 'connack' ? packet.returnCode : ''}`),
            )
            opening.destroy()
            return
          }
          isOpen = true
          opening.off('data', onConnack)
          opening.on('data', takeAcknowledgements)
          resend()
          resolve()
        })
        const onConnack = (chunk: Buffer) => connack.parse(chunk)
        opening.on('data', onConnack)
        opening.once('connect', () => opening.write(connectPacket(deviceId, secret)))
        opening.once('error', reject)
        opening.once('close', () => {
          if (socket === opening) isOpen = false
          reject(new Error(`${deviceId} lost its connection`))
        })
      }),
    send,
    keepWindowFull(isOn) {
      isKeptFull = isOn
      if (isOn) send(window)
    },
    close() {
      isKeptFull = false
      isOpen = false
      socket?.destroy()
    },
    get sentCount() {
      return sentCount
    },
    get acknowledgedCount() {
      return acknowledgedCount
    },
    get resentCount() {
      return resentCount
    },
    get faultCount() {
      return faultCount
    },
    get isOpen() {
      return isOpen
    },
  }
}

const empty = Buffer.alloc(0)

function connectPacket(deviceId: string, secret: string | undefined): Buffer {
  return generate({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: true,
    clientId: deviceId,
    keepalive: 0,
    username: deviceId,
    ...(secret !== undefined && { password: Buffer.from(secret) }),
  })
}
