import type { Database } from './database.ts'
import { decodePacket, encodePacket, type StoredPacket, toStoredPacket } from './stored-packet.ts'

/** Messages on their way to devices with a lasting session: from the broker's publish to the device's PUBACK. */
export interface OfflineQueue {
  load(): Promise<void>
  add(clientIds: readonly string[], packet: StoredPacket): Promise<void>
  /** Notes the packet identifier under which a message was sent, or that its PUBREC came (a PUBREL without a topic). */
  update(clientId: string, packet: StoredPacket): Promise<void>
  /** @returns the message that was acknowledged, undefined when there is none of that identifier */
  acknowledge(clientId: string, messageId: number | undefined): Promise<StoredPacket | undefined>
  /** Oldest first; those that were sent before carry DUP [MQTT-3.3.1-1]. */
  messagesFor(clientId: string): readonly (StoredPacket & { dup: boolean })[]
  forget(clientId: string): Promise<void>
}

export interface OfflineQueueDeps {
  readonly database: Database
  /** Per device. When it is full the oldest broadcast gives way. */
  readonly messagesMax: number
  readonly onFull: () => void
}

interface Entry {
  readonly key: string
  packet: StoredPacket
}

const prefix = 'outgoing!'

/** Mirrored in memory, so that a reconnect of everybody reads nothing from the disk. */
export function createOfflineQueue({ database, messagesMax, onFull }: OfflineQueueDeps): OfflineQueue {
  const entries = new Map<string, Entry[]>()
  let lastNumber = 0

  function keyFor(clientId: string): string {
    return `${prefix}${clientId}!${(++lastNumber).toString().padStart(16, '0')}`
  }

  return {
    async load() {
      for await (const [key, value] of database.range(prefix)) {
        const [, clientId = '', number] = key.split('!')
        lastNumber = Math.max(lastNumber, Number(number))
        const queue = entries.get(clientId) ?? []
        entries.set(clientId, queue)
        queue.push({ key, packet: decodePacket(value) })
      }
    },
    async add(clientIds, packet) {
      const stored = toStoredPacket(packet)
      const text = encodePacket(stored)
      const puts: [string, string][] = []
      const gone: string[] = []
      for (const clientId of clientIds) {
        const queue = entries.get(clientId) ?? []
        entries.set(clientId, queue)
        if (queue.length >= messagesMax) {
          gone.push(queue.shift()!.key)
          onFull()
        }
        const key = keyFor(clientId)
        queue.push({ key, packet: stored })
        puts.push([key, text])
      }
      await database.remove(gone)
      await database.putAll(puts)
    },
    async update(clientId, packet) {
      const queue = entries.get(clientId)
      const isSame =
        packet.cmd === 'publish'
          ? ({ packet: p }: Entry) => p.brokerId === packet.brokerId && p.brokerCounter === packet.brokerCounter
          : ({ packet: p }: Entry) => p.messageId === packet.messageId
      const entry = queue?.find(isSame)
      // It gave way to a newer one meanwhile: it is still sent, only not kept.
      if (entry === undefined) return
      const { cmd, messageId } = packet
      entry.packet = { ...entry.packet, cmd, messageId }
      await database.put(entry.key, encodePacket(entry.packet))
    },
    async acknowledge(clientId, messageId) {
      const queue = entries.get(clientId)
      if (queue === undefined || messageId === undefined) return undefined
      const at = queue.findIndex(({ packet }) => packet.messageId === messageId)
      if (at === -1) return undefined
      const [entry] = queue.splice(at, 1)
      if (queue.length === 0) entries.delete(clientId)
      await database.remove([entry!.key])
      return entry!.packet
    },
    messagesFor: (clientId) =>
      (entries.get(clientId) ?? []).map(({ packet }) => ({ ...packet, dup: packet.messageId !== undefined })),
    async forget(clientId) {
      const queue = entries.get(clientId) ?? []
      entries.delete(clientId)
      await database.remove(queue.map(({ key }) => key))
    },
  }
}
