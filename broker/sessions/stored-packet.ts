/** A message as it outlives the process. */
export interface StoredPacket {
  cmd: string
  topic: string
  payload: Buffer
  qos: 0 | 1 | 2
  retain: boolean
  brokerId: string | undefined
  brokerCounter: number
  /** Set once the message has been sent to its receiver. */
  messageId: number | undefined
  /** Whose message it was; wills only. */
  clientId: string | undefined
}

/** The fields of any packet that Aedes hands over, with what it left out made explicit. */
export function toStoredPacket(packet: Partial<Omit<StoredPacket, 'payload'>> & { payload?: unknown }): StoredPacket {
  const { payload } = packet
  return {
    cmd: packet.cmd ?? 'publish',
    topic: packet.topic ?? '',
    payload: Buffer.isBuffer(payload) ? payload : Buffer.from(typeof payload === 'string' ? payload : ''),
    qos: packet.qos ?? 0,
    retain: packet.retain ?? false,
    brokerId: packet.brokerId,
    brokerCounter: packet.brokerCounter ?? 0,
    messageId: packet.messageId,
    clientId: packet.clientId,
  }
}

export function encodePacket(packet: StoredPacket): string {
  return JSON.stringify({ ...packet, payload: packet.payload.toString('base64') })
}

export function decodePacket(text: string): StoredPacket {
  const stored = JSON.parse(text) as Omit<StoredPacket, 'payload'> & { payload: string }
  return toStoredPacket({ ...stored, payload: Buffer.from(stored.payload, 'base64') })
}
