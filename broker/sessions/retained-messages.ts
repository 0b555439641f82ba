import type { Database } from './database.ts'
import { decodePacket, encodePacket, type StoredPacket, toStoredPacket } from './stored-packet.ts'
import { filterMatches, literalPrefix } from './topic-tree.ts'

export interface RetainedMessages {
  load(): Promise<void>
  /** An empty payload removes [MQTT-3.3.1-10]. */
  store(packet: StoredPacket): Promise<void>
  matching(filters: readonly string[]): AsyncGenerator<StoredPacket>
  removeUnder(topicPrefix: string): Promise<void>
  readonly count: number
}

export interface RetainedMessagesDeps {
  readonly database: Database
  readonly retainedMax: number
  readonly payloadBytesMax: number
  readonly onFull: () => void
}

const prefix = 'retained!'

/**
 * On disk, with only the topics in memory. A subscription reads the range of topics that its filter's literal start
 * allows, not all of them: ten thousand devices that reconnect would otherwise each scan ten thousand messages.
 */
export function createRetainedMessages(deps: RetainedMessagesDeps): RetainedMessages {
  const { database, retainedMax, payloadBytesMax, onFull } = deps
  const topics = new Set<string>()

  async function* matching(filters: readonly string[]): AsyncGenerator<StoredPacket> {
    const sent = new Set<string>()
    for (const filter of filters) {
      for await (const [key, value] of database.range(prefix + literalPrefix(filter))) {
        const topic = key.slice(prefix.length)
        if (sent.has(topic) || !filterMatches(filter, topic)) continue
        sent.add(topic)
        yield decodePacket(value)
      }
    }
  }

  return {
    async load() {
      for await (const key of database.keys(prefix)) topics.add(key.slice(prefix.length))
    },
    async store(packet) {
      const { topic, payload } = toStoredPacket(packet)
      if (payload.length === 0) {
        if (topics.delete(topic)) await database.remove([prefix + topic])
        return
      }
      if (payload.length > payloadBytesMax || (topics.size >= retainedMax && !topics.has(topic))) return onFull()
      topics.add(topic)
      await database.put(prefix + topic, encodePacket(toStoredPacket(packet)))
    },
    matching,
    async removeUnder(topicPrefix) {
      const gone = []
      for await (const key of database.keys(prefix + topicPrefix)) gone.push(key)
      for (const key of gone) topics.delete(key.slice(prefix.length))
      await database.remove(gone)
    },
    get count() {
      return topics.size
    },
  }
}
