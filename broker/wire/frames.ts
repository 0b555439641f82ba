/**
 * MQTT control packets as frames: where one ends, and the little that must be known of it before it is parsed.
 * Nothing is copied or decoded here; the payload is the parser's business.
 * @see MQTT 3.1.1, section 2.2
 */
const publish = 3
const puback = 4
const pubcomp = 7
const pingreq = 12

/** The fixed header has not all arrived. */
export const incomplete = 0
/** The remaining length has a fifth byte [MQTT 3.1.1, section 2.2.3]. */
export const malformed = -1

/**
 * Length of the packet that starts at `at`, fixed header included, known before its body has arrived.
 * @returns bytes >= 2, `incomplete` or `malformed`
 */
export function frameLength(bytes: Uint8Array, at: number): number {
  let remaining = 0
  for (let i = 1; i <= 4; i++) {
    const byte = bytes[at + i]
    if (byte === undefined) return incomplete
    remaining |= (byte & 0x7f) << (7 * (i - 1))
    if (byte < 0x80) return 1 + i + remaining
  }
  return malformed
}

/** CONNECT with its reserved flags as they must be [MQTT-2.2.2-2]; a TLS hello on the plain port differs there alone. */
export function isConnect(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x10
}

export function isPublish(bytes: Uint8Array, at: number): boolean {
  return bytes[at]! >> 4 === publish
}

/**
 * Packets that other packets of the same connection never have to come before: answers to what the server sent, and
 * the ping that keeps the connection alive.
 */
export function isReply(bytes: Uint8Array, at: number): boolean {
  const type = bytes[at]! >> 4
  return (type >= puback && type <= pubcomp) || type === pingreq
}

/** Whether the whole frame at `at` is a PUBLISH to a topic that ends in `/sos`. */
export function isSosPublish(bytes: Uint8Array, at: number, length: number): boolean {
  if (!isPublish(bytes, at)) return false
  let i = at + 1
  while (bytes[i]! >= 0x80) i++
  const topicEnd = i + 3 + ((bytes[i + 1]! << 8) | bytes[i + 2]!)
  return (
    topicEnd <= at + length &&
    topicEnd - 4 >= i + 3 &&
    bytes[topicEnd - 4] === 0x2f && // '/'
    bytes[topicEnd - 3] === 0x73 && // 's'
    bytes[topicEnd - 2] === 0x6f && // 'o'
    bytes[topicEnd - 1] === 0x73 // 's'
  )
}

/**
 * Protocol level of the CONNECT at `at`: 3 for MQTT 3.1, 4 for 3.1.1, 5 for 5.0.
 * @returns undefined when the bytes do not start like a CONNECT of any version
 */
export function protocolLevel(bytes: Uint8Array, at: number, length: number): number | undefined {
  let i = at + 1
  while (bytes[i]! >= 0x80) i++
  const nameAt = i + 3
  const levelAt = nameAt + ((bytes[i + 1]! << 8) | bytes[i + 2]!)
  if (levelAt >= at + length || levelAt - nameAt > 6) return undefined
  const name = String.fromCharCode(...bytes.subarray(nameAt, levelAt))
  if (name !== 'MQTT' && name !== 'MQIsdp') return undefined
  // The high bit marks a bridge (Mosquitto's convention), not another version.
  return bytes[levelAt]! & 0x7f
}

export interface PublishHeader {
  readonly topic: string
  readonly qos: 0 | 1 | 2
  /** Left out of a QoS 0 packet. */
  readonly messageId: number
  readonly payloadBytes: number
}

/** Everything of a PUBLISH but its payload [MQTT 3.1.1, section 3.3]. */
export function encodePublishHeader({ topic, qos, messageId, payloadBytes }: PublishHeader): Buffer {
  const topicBytes = Buffer.byteLength(topic)
  let remaining = 2 + topicBytes + (qos > 0 ? 2 : 0) + payloadBytes
  const bytes = Buffer.allocUnsafe(9 + topicBytes)
  let at = bytes.writeUInt8((publish << 4) | (qos << 1), 0)
  do {
    const digit = remaining & 0x7f
    remaining >>>= 7
    at = bytes.writeUInt8(remaining > 0 ? digit | 0x80 : digit, at)
  } while (remaining > 0)
  at = bytes.writeUInt16BE(topicBytes, at)
  at += bytes.write(topic, at)
  if (qos > 0) at = bytes.writeUInt16BE(messageId, at)
  return bytes.subarray(0, at)
}

/** CONNACK with "Unsupported Protocol Version", in MQTT 5's own shape [MQTT 5.0, section 3.2.2.2]. */
export const connackUnsupportedV5 = Buffer.from([0x20, 0x03, 0x00, 0x84, 0x00])
/** CONNACK with "unacceptable protocol level" [MQTT-3.1.2-2]. */
export const connackUnacceptableLevel = Buffer.from([0x20, 0x02, 0x00, 0x01])
