import { Readable } from 'node:stream'
import { AppError } from '../../contracts/errors.ts'
import { topics } from '../../contracts/topics.ts'
import type { Database } from './database.ts'
import { createOfflineQueue } from './offline-queue.ts'
import { createRetainedMessages } from './retained-messages.ts'
import { decodePacket, encodePacket, type StoredPacket, toStoredPacket } from './stored-packet.ts'
import { createSubscriptions, type Subscription } from './subscriptions.ts'

export interface SessionStoreDeps {
  readonly database: Database
  readonly retainedMax: number
  readonly retainedPayloadBytesMax: number
  readonly offlineMessagesMax: number
  /** Whether the client may read what the filter matches; what it may not is not kept either. */
  readonly mayRead: (clientId: string, filter: string) => boolean
  /** A message sent to a session that ends with its connection, by the identifier that the PUBACK named. */
  readonly takeForwarded: (client: SessionClient, messageId: number) => StoredPacket | undefined
  readonly onRetainedFull: () => void
  readonly onRetainedUnreadable: (error: unknown) => void
  readonly onQueueFull: () => void
}

/** What Aedes passes as the client of a session. */
export interface SessionClient {
  readonly id: string
  readonly clean?: boolean
}

/** Aedes's persistence port (aedes-persistence 11, as far as Aedes 1.2 uses it), and what the broker adds to it. */
export type SessionStore = ReturnType<typeof createSessionStore>

const unknownPacket = new AppError('not-found', 'packet-unknown', 'no such packet')
const incomingPrefix = 'incoming!'
const willPrefix = 'will!'

/**
 * Sessions, subscriptions, wills and retained messages in one LevelDB, all but the retained messages mirrored in
 * memory. A connect with a clean session and no will touches no disk, and nothing here is on the path of a reading:
 * Aedes asks for subscriptions only when the broker itself publishes.
 */
export function createSessionStore(deps: SessionStoreDeps) {
  const { database } = deps
  const subscriptions = createSubscriptions(database)
  const outgoing = createOfflineQueue({ database, messagesMax: deps.offlineMessagesMax, onFull: deps.onQueueFull })
  const retained = createRetainedMessages({
    database,
    retainedMax: deps.retainedMax,
    payloadBytesMax: deps.retainedPayloadBytesMax,
    onFull: deps.onRetainedFull,
  })
  const wills = new Map<string, StoredPacket>()
  /** Identifiers of QoS 2 messages between PUBREC and PUBREL. Their content is stored where it belongs. */
  const incoming = new Map<string, Set<number>>()
  /** The same of clean sessions, which end with their connection: a message may settle after another one has begun. */
  const incomingOfClean = new WeakMap<SessionClient, Set<number>>()
  let brokerId: string | undefined

  async function load(): Promise<void> {
    await Promise.all([subscriptions.load(), outgoing.load(), retained.load()])
    for await (const [key, value] of database.range(willPrefix)) {
      wills.set(key.slice(willPrefix.length), decodePacket(value))
    }
    for await (const key of database.keys(incomingPrefix)) {
      const [, clientId = '', messageId] = key.split('!')
      incomingOf({ id: clientId }).add(Number(messageId))
    }
  }

  function knownIncomingOf(client: SessionClient): Set<number> | undefined {
    return client.clean ? incomingOfClean.get(client) : incoming.get(client.id)
  }

  function incomingOf(client: SessionClient): Set<number> {
    const ids = knownIncomingOf(client) ?? new Set()
    if (client.clean) incomingOfClean.set(client, ids)
    else incoming.set(client.id, ids)
    return ids
  }

  /** Aedes pipes this stream without listening for its errors: one would end the process. */
  async function* readRetained(filters: readonly string[]): AsyncGenerator<StoredPacket> {
    try {
      yield* retained.matching(filters)
    } catch (error) {
      deps.onRetainedUnreadable(error)
    }
  }

  async function forgetIncoming(client: SessionClient): Promise<void> {
    const { id } = client
    incomingOfClean.delete(client)
    const ids = incoming.get(id)
    if (ids === undefined) return
    incoming.delete(id)
    await database.remove([...ids].map((messageId) => `${incomingPrefix}${id}!${messageId}`))
  }

  async function forgetWill({ id }: SessionClient): Promise<StoredPacket | undefined> {
    const will = wills.get(id)
    if (will === undefined) return undefined
    wills.delete(id)
    await database.remove([willPrefix + id])
    return will
  }

  return {
    async setup(broker: { readonly id: string }): Promise<void> {
      brokerId = broker.id
      await load()
    },
    /** Removes everything of a device that will not come back. */
    async forget(clientId: string): Promise<void> {
      const client = { id: clientId }
      await Promise.all([
        subscriptions.removeAll(clientId),
        outgoing.forget(clientId),
        forgetIncoming(client),
        forgetWill(client),
        retained.store(toStoredPacket({ topic: topics.status(clientId) })),
      ])
    },
    get retainedCount(): number {
      return retained.count
    },

    storeRetained: (packet: StoredPacket) => retained.store(packet),
    createRetainedStreamCombi: (filters: readonly string[]) => Readable.from(readRetained(filters)),

    // Aedes passes the whole SUBSCRIBE, the filters that were refused among them.
    addSubscriptions: ({ id }: SessionClient, added: readonly Subscription[]) =>
      subscriptions.add(
        id,
        added.filter(({ topic }) => deps.mayRead(id, topic)),
      ),
    removeSubscriptions: ({ id }: SessionClient, filters: readonly string[]) => subscriptions.remove(id, filters),
    cleanSubscriptions: ({ id }: SessionClient) => subscriptions.removeAll(id),
    subscriptionsByClient: async ({ id }: SessionClient) => subscriptions.ofClient(id),
    subscriptionsByTopic: async (topic: string) => subscriptions.matching(topic),

    outgoingEnqueue: (subscription: { readonly clientId: string }, packet: StoredPacket) =>
      outgoing.add([subscription.clientId], packet),
    async outgoingEnqueueCombi(found: readonly { readonly clientId: string }[], packet: StoredPacket): Promise<void> {
      if (found.length > 0) await outgoing.add([...new Set(found.map(({ clientId }) => clientId))], packet)
    },
    outgoingUpdate: ({ id }: SessionClient, packet: StoredPacket) => outgoing.update(id, packet),
    async outgoingClearMessageId(client: SessionClient, packet: { readonly messageId?: number }) {
      const { messageId } = packet
      if (client.clean && messageId !== undefined) {
        const forwarded = deps.takeForwarded(client, messageId)
        if (forwarded !== undefined) return forwarded
      }
      return outgoing.acknowledge(client.id, messageId)
    },
    outgoingStream: ({ id }: SessionClient) => Readable.from(outgoing.messagesFor(id)),

    async incomingStorePacket(client: SessionClient, { messageId }: { readonly messageId: number }) {
      const { id, clean } = client
      incomingOf(client).add(messageId)
      if (!clean) await database.put(`${incomingPrefix}${id}!${messageId}`, '')
    },
    async incomingGetPacket(client: SessionClient, { messageId }: { readonly messageId: number }) {
      if (knownIncomingOf(client)?.has(messageId) !== true) throw unknownPacket
      return { messageId }
    },
    async incomingDelPacket(client: SessionClient, { messageId }: { readonly messageId: number }) {
      const { id, clean } = client
      const ids = knownIncomingOf(client)
      if (ids?.delete(messageId) !== true) throw unknownPacket
      if (ids.size === 0 && !clean) incoming.delete(id)
      if (!clean) await database.remove([`${incomingPrefix}${id}!${messageId}`])
    },
    cleanIncoming: forgetIncoming,

    async putWill({ id }: SessionClient, packet: StoredPacket): Promise<void> {
      // Aedes publishes this very object when the client is lost.
      packet.brokerId = brokerId
      packet.clientId = id
      const will = toStoredPacket(packet)
      wills.set(id, will)
      await database.put(willPrefix + id, encodePacket(will))
    },
    getWill: async ({ id }: SessionClient) => wills.get(id),
    delWill: forgetWill,
    /** Wills of devices that a broker which is no longer there has left behind. */
    streamWill: (alive: Readonly<Record<string, unknown>> = {}) =>
      Readable.from([...wills.values()].filter((will) => will.brokerId === undefined || !(will.brokerId in alive))),
  }
}
