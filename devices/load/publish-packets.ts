import { topics } from '../../contracts/topics.ts'

/** Digits of the two numbers that change from packet to packet; fixed, so that the packet's length never does. */
const timeDigits = 13
const sequenceDigits = 9
export const sequenceMax = 10 ** sequenceDigits - 1

/**
 * A ring of ready-made QoS 1 PUBLISH packets of one device, end to end in one buffer.
 * A slot is written anew only after its PUBACK, by which time the kernel has long taken the bytes.
 */
export interface PublishRing {
  readonly bytes: Buffer
  readonly packetLength: number
  readonly slotCount: number
  /** Packet identifier of a slot [MQTT-2.3.1]: its number plus one, for ever. */
  packetIdOf(slot: number): number
  /** Patches time and sequence number into a slot. */
  write(slot: number, atMs: number, sequence: number): void
  /** Sets the DUP flag, for sending a slot again [MQTT-3.3.1-1]. */
  markResent(slot: number): void
}

/** A reading of the size real sensors send: two measured values besides the time and the sequence number. */
export function createPublishRing({
  deviceId,
  slotCount,
}: {
  readonly deviceId: string
  readonly slotCount: number
}): PublishRing {
  if (slotCount < 1 || slotCount > 65_535)
    throw new RangeError('a ring has 1 to 65535 slots, one per packet identifier')
  const topic = Buffer.from(topics.telemetry(deviceId, 'air-quality'))
  const head = '{"ts":'
  const middle = ',"seq":1'
  const payload = Buffer.from(
    `${head}${'0'.repeat(timeDigits)}${middle}${'0'.repeat(sequenceDigits)},"pm25":12.4,"co2":430}`,
  )
  const remaining = 2 + topic.length + 2 + payload.length
  const lengthBytes = encodeRemainingLength(remaining)
  const packetLength = 1 + lengthBytes.length + remaining
  const idAt = 1 + lengthBytes.length + 2 + topic.length
  const timeAt = idAt + 2 + head.length
  const sequenceAt = timeAt + timeDigits + middle.length

  const bytes = Buffer.alloc(packetLength * slotCount)
  for (let slot = 0; slot < slotCount; slot++) {
    const at = slot * packetLength
    bytes[at] = firstByte
    lengthBytes.forEach((byte, index) => {
      bytes[at + 1 + index] = byte
    })
    bytes.writeUInt16BE(topic.length, at + 1 + lengthBytes.length)
    topic.copy(bytes, at + 1 + lengthBytes.length + 2)
    bytes.writeUInt16BE(slot + 1, at + idAt)
    payload.copy(bytes, at + idAt + 2)
  }

  return {
    bytes,
    packetLength,
    slotCount,
    packetIdOf: (slot) => slot + 1,
    write(slot, atMs, sequence) {
      const at = slot * packetLength
      bytes[at] = firstByte
      writeDigits(bytes, at + timeAt, timeDigits, atMs)
      writeDigits(bytes, at + sequenceAt, sequenceDigits, sequence)
    },
    markResent(slot) {
      bytes[slot * packetLength] = firstByte | dupFlag
    },
  }
}

/** The sequence number as it stands in a reading: a leading 1 keeps it free of leading zeros, which JSON forbids. */
export function sequenceInReading(sequence: number): number {
  return 10 ** sequenceDigits + sequence
}

/** PUBLISH, QoS 1 [MQTT-3.3.1]. */
const firstByte = 0x32
const dupFlag = 0x08

/** Right to left. */
function writeDigits(bytes: Buffer, at: number, digits: number, value: number): void {
  let left = value
  for (let index = at + digits - 1; index >= at; index--) {
    const next = Math.floor(left / 10)
    bytes[index] = 48 + (left - next * 10)
    left = next
  }
}

/** Seven bits a byte, low end first [MQTT-2.2.3]. */
export function encodeRemainingLength(length: number): number[] {
  const encoded: number[] = []
  let left = length
  do {
    const byte = left % 128
    left = Math.floor(left / 128)
    encoded.push(left > 0 ? byte | 128 : byte)
  } while (left > 0)
  return encoded
}
