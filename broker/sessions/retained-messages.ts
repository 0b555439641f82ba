import type { Database } from './database.ts'
import { decodePacket, encodePacket, type StoredPacket, toStoredPacket } from './stored-packet.ts'
import { filterMatches, topicRange } from './topic-tree.ts'

export interface RetainedMessages {
  load(): Promise<void>
  /** An empty payload removes [MQTT-3.3.1-10]. */
  store(packet: StoredPacket): Promise<void>
  matching(filters: readonly string[]): AsyncGenerator<StoredPacket>
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
      for await (const [topic, value] of candidates(filter)) {
        if (sent.has(topic) || !filterMatches(filter, topic)) continue
        sent.add(topic)
        yield decodePacket(value)
      }
    }
  }

  async function* candidates(filter: string): AsyncGenerator<[topic: string, value: string]> {
    const range = topicRange(filter)
    const value =
      range.topic !== undefined && topics.has(range.topic) ? await database.get(prefix + range.topic) : undefined
    if (range.topic !== undefined && value !== undefined) yield [range.topic, value]
    if (range.prefix === undefined) return
    for await (const [key, text] of database.range(prefix + range.prefix)) yield [key.slice(prefix.length), text]
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
    get count() {
      return topics.size
    },
  }
}
