import type { AedesPublishPacket } from 'aedes'
import type { Logger } from 'pino'
import type { BusEvents } from '../contracts/events.ts'
import type { BackendUser } from '../contracts/ports/backend-users.ts'
import { mayUserLocatePeople } from './access/user-topics.ts'
import type { Connection, ConnectionStream } from './connection.ts'
import type { BrokerLimits } from './options.ts'
import type { Refusals } from './refusals.ts'
import { toStoredPacket } from './sessions/stored-packet.ts'
import { createTopicTree } from './sessions/topic-tree.ts'
import { takeMessageId } from './wire/aedes-feed.ts'
import { encodePublishHeader } from './wire/frames.ts'
import { createTokenBucket, refill } from './wire/token-bucket.ts'

type Qos = 0 | 1 | 2

/** Backend users that read along what devices send. */
export interface Readers {
  /** False while nobody reads along; all that a message costs then is to look here. */
  readonly isAny: boolean
  /** Rises with every change of anybody's access. */
  readonly accessChanges: number
  /** @returns false when there are as many as there may be */
  admit(connection: Connection, user: BackendUser): boolean
  subscribed(connection: Connection, subscriptions: readonly { readonly topic: string; readonly qos: number }[]): void
  unsubscribed(connection: Connection, filters: readonly string[]): void
  closed(connection: Connection): void
  /** Passes on what a device said, after it is durable. Never waits: who cannot take it now does not get it. */
  forward(packet: Pick<AedesPublishPacket, 'topic' | 'payload' | 'qos'>): void
  /** Ends the connections whose token is no longer what it was accepted for. */
  accessChanged(event: BusEvents['access-changed']): void
}

export interface ReadersDeps {
  /** True for a device that belongs to a person. */
  readonly isPersonal: (deviceId: string) => boolean
  readonly limits: BrokerLimits
  readonly refusals: Refusals
  readonly log: Logger
  readonly now: () => number
  readonly onSosRead: ((read: SosRead) => void) | undefined
}

/** That a backend user was sent what a device said in an SOS. */
export interface SosRead {
  readonly userId: string
  readonly sessionId: string
  readonly deviceId: string
}

interface Reader {
  readonly connection: Connection
  readonly user: BackendUser
  readonly outbound: ConnectionStream
  readonly filters: Map<string, Subscription>
  readonly expiry: NodeJS.Timeout
  /** True from the first message it could not take until it has read what it was sent. */
  isBehind: boolean
}

interface Subscription {
  readonly reader: Reader
  readonly qos: Qos
}

/** An SOS may go where telemetry has no room left. */
const sosRoom = 2
const timerMsMax = 2 ** 31 - 1
/** What Aedes is given back for an acknowledgement: nobody waits for it but the count. */
const told = toStoredPacket({})

/**
 * Written to the connection directly: Aedes would have a device's next message wait until every reader has room for
 * this one, and keep count for each of them what it has seen.
 */
export function createReaders({ isPersonal, limits, refusals, log, now, onSosRead }: ReadersDeps): Readers {
  const readers = new Map<Connection, Reader>()
  const subscriptions = createTopicTree<Subscription>()
  const rate = limits.forwardsPerSMax
  const budget = createTokenBucket({ ratePerS: rate, burst: rate, nowMs: now() })
  let subscriptionCount = 0
  let accessChanges = 0

  function end({ connection, user }: Reader, reason: 'expired' | 'changed'): void {
    if (connection.isOver) return
    refusals.count('access-ended')
    log.info({ userId: user.userId, reason }, 'backend user disconnected')
    connection.end()
  }

  function remove(reader: Reader, filter: string): void {
    const subscription = reader.filters.get(filter)
    if (subscription === undefined) return
    reader.filters.delete(filter)
    subscriptions.remove(filter, subscription)
    subscriptionCount--
  }

  /** A reader whose filters overlap gets a message once, at the highest of their QoS [MQTT-3.3.5-1]. */
  function readersOf(topic: string): Map<Reader, Qos> {
    const found = new Map<Reader, Qos>()
    for (const { reader, qos } of subscriptions.match(topic)) {
      if (qos >= (found.get(reader) ?? 0)) found.set(reader, qos)
    }
    return found
  }

  function hasRoom(reader: Reader, qos: Qos, isSos: boolean): boolean {
    const { outbound, connection } = reader
    // Filled up again before it is empty, the backlog of a slow reader would look like that of one who never reads.
    if (reader.isBehind) reader.isBehind = outbound.isCongested
    if (reader.isBehind && !isSos) return false
    const room = isSos ? sosRoom : 1
    if (outbound.backlogBytes > limits.readerBacklogBytesMax * room) return false
    return qos === 0 || connection.forwarded.size < limits.readerUnacknowledgedMax * room
  }

  function spend(): boolean {
    if (budget.tokens < 1) refill(budget, now())
    if (budget.tokens < 1) return false
    budget.tokens--
    return true
  }

  function noteSos({ user: { userId, sessionId } }: Reader, topic: string): void {
    onSosRead?.({ userId, sessionId, deviceId: deviceIdIn(topic) })
  }

  function send({ connection, outbound }: Reader, qos: Qos, topic: string, payload: Buffer): void {
    let messageId = 0
    if (qos > 0) {
      do messageId = takeMessageId(connection.client)
      while (connection.forwarded.has(messageId))
      connection.forwarded.set(messageId, told)
    }
    outbound.write(encodePublishHeader({ topic, qos, messageId, payloadBytes: payload.length }))
    if (payload.length > 0) outbound.write(payload)
  }

  return {
    get isAny() {
      return subscriptionCount > 0
    },
    get accessChanges() {
      return accessChanges
    },
    admit(connection, user) {
      if (readers.size >= limits.readersMax) return false
      const leftMs = Math.min(Math.max(0, user.expiresAtMs - now()), timerMsMax)
      const reader: Reader = {
        connection,
        user,
        outbound: connection.client.conn as unknown as ConnectionStream,
        filters: new Map(),
        expiry: setTimeout(() => end(reader, 'expired'), leftMs),
        isBehind: false,
      }
      reader.expiry.unref()
      readers.set(connection, reader)
      return true
    },
    subscribed(connection, added) {
      const reader = readers.get(connection)
      if (reader === undefined) return
      for (const { topic, qos } of added) {
        remove(reader, topic)
        const subscription: Subscription = { reader, qos: qos as Qos }
        reader.filters.set(topic, subscription)
        subscriptions.add(topic, subscription)
        subscriptionCount++
      }
    },
    unsubscribed(connection, filters) {
      const reader = readers.get(connection)
      if (reader !== undefined) for (const filter of filters) remove(reader, filter)
    },
    closed(connection) {
      const reader = readers.get(connection)
      if (reader === undefined) return
      clearTimeout(reader.expiry)
      for (const filter of [...reader.filters.keys()]) remove(reader, filter)
      readers.delete(connection)
    },
    forward(packet) {
      const topic = deviceTopic(packet.topic)
      const found = readersOf(topic)
      if (found.size === 0) return
      const isSos = topic.endsWith('/sos')
      const isWhereabouts = topic.endsWith('/location') && isPersonal(deviceIdIn(topic))
      const payload = packet.payload as Buffer
      for (const [reader, granted] of found) {
        if (isWhereabouts && !mayUserLocatePeople(reader.user.role)) continue
        const qos = Math.min(granted, packet.qos) as Qos
        if (hasRoom(reader, qos, isSos) && (isSos || spend())) {
          send(reader, qos, topic, payload)
          if (isSos) noteSos(reader, topic)
        } else {
          reader.isBehind = true
          refusals.count('reader-behind')
        }
      }
    },
    accessChanged({ userId, sessionId }) {
      accessChanges++
      for (const reader of [...readers.values()]) {
        const { user } = reader
        if (user.userId === userId && (sessionId ?? user.sessionId) === user.sessionId) end(reader, 'changed')
      }
    },
  }
}

/** What a gateway says for a device is that device's. */
function deviceTopic(topic: string): string {
  return topic.startsWith('v1/gateways/') ? topic.replace(/^v1\/gateways\/[^/]+\//, 'v1/') : topic
}

function deviceIdIn(topic: string): string {
  return topic.split('/', 3)[2] ?? ''
}
