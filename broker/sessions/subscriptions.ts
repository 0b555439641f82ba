import type { Database } from './database.ts'
import { createTopicTree } from './topic-tree.ts'

export interface Subscription {
  readonly topic: string
  readonly qos: 0 | 1 | 2
}

interface Kept extends Subscription {
  readonly clientId: string
}

/** Subscriptions of sessions that outlive their connection. */
export interface Subscriptions {
  load(): Promise<void>
  add(clientId: string, added: readonly Subscription[]): Promise<void>
  remove(clientId: string, filters: readonly string[]): Promise<void>
  removeAll(clientId: string): Promise<void>
  ofClient(clientId: string): readonly Subscription[]
  /** Those that a message to the topic must be kept for: QoS 0 is never kept. */
  matching(topic: string): readonly Kept[]
}

const prefix = 'subscription!'

export function createSubscriptions(database: Database): Subscriptions {
  const byClient = new Map<string, Map<string, Kept>>()
  const tree = createTopicTree<Kept>()

  function keep(kept: Kept): void {
    const own = byClient.get(kept.clientId) ?? new Map<string, Kept>()
    byClient.set(kept.clientId, own)
    const before = own.get(kept.topic)
    if (before !== undefined) tree.remove(kept.topic, before)
    own.set(kept.topic, kept)
    if (kept.qos > 0) tree.add(kept.topic, kept)
  }

  async function remove(clientId: string, filters: readonly string[]): Promise<void> {
    const own = byClient.get(clientId)
    if (own === undefined) return
    const gone: string[] = []
    for (const filter of filters) {
      const kept = own.get(filter)
      if (kept === undefined) continue
      tree.remove(filter, kept)
      own.delete(filter)
      gone.push(`${prefix}${clientId}!${filter}`)
    }
    if (own.size === 0) byClient.delete(clientId)
    await database.remove(gone)
  }

  return {
    async load() {
      for await (const [key, qos] of database.range(prefix)) {
        const [, clientId = '', ...filter] = key.split('!')
        keep({ clientId, topic: filter.join('!'), qos: Number(qos) as Kept['qos'] })
      }
    },
    async add(clientId, added) {
      for (const { topic, qos } of added) keep({ clientId, topic, qos })
      await database.putAll(added.map(({ topic, qos }) => [`${prefix}${clientId}!${topic}`, String(qos)]))
    },
    remove,
    removeAll: (clientId) => remove(clientId, [...(byClient.get(clientId)?.keys() ?? [])]),
    ofClient: (clientId) => [...(byClient.get(clientId)?.values() ?? [])].map(({ topic, qos }) => ({ topic, qos })),
    matching: (topic) => tree.match(topic),
  }
}
