import { connect, type Socket } from 'node:net'
import type { DeviceCredentials } from '../device-connection.ts'
import { encodeConnect, readConnack } from './connect-packet.ts'
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
  const { deviceId } = options.credentials
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
        const onConnack = (chunk: Buffer) => {
          carried = Buffer.concat([carried, chunk])
          const returnCode = readConnack(carried)
          if (returnCode === undefined) return
          carried = empty
          opening.off('data', onConnack)
          if (returnCode !== 0) {
            reject(new Error(`${deviceId} was refused: CONNACK ${returnCode}`))
            opening.destroy()
            return
          }
          isOpen = true
          opening.on('data', takeAcknowledgements)
          resend()
          resolve()
        }
        opening.on('data', onConnack)
        opening.once('connect', () => opening.write(encodeConnect(options.credentials)))
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
