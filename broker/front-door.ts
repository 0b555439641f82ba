import { randomUUID } from 'node:crypto'
import {
  Aedes,
  type AedesOptions,
  type AedesPublishPacket,
  type AuthenticateError,
  type Client,
  type ConnectPacket,
} from 'aedes'
import type { Logger } from 'pino'
import type { BackendUser } from '../contracts/ports/backend-users.ts'
import type { EnrolmentMode } from '../contracts/ports/devices.ts'
import { topics } from '../contracts/topics.ts'
import { enrolUsername } from './access/identity.ts'
import { type Introduction, IntroductionRefused, serverUnavailable } from './access/introduction.ts'
import { isUserName, userClientId } from './access/user-identity.ts'
import { mayUserRead } from './access/user-topics.ts'
import type { CommandDelivery } from './command-delivery.ts'
import { type Connection, connectionOf, deviceIdOf, type Identity } from './connection.ts'
import type { BrokerLimits } from './options.ts'
import type { Presence } from './presence.ts'
import type { Readers } from './readers.ts'
import { nameRefusal, type Refusals } from './refusals.ts'
import type { SessionStore } from './sessions/session-store.ts'
import type { Uplink } from './uplink/uplink.ts'
import type { Allowances } from './wire/allowances.ts'
import { createTokenBucket } from './wire/token-bucket.ts'

export interface FrontDoorDeps {
  readonly limits: BrokerLimits
  readonly enrolment: EnrolmentMode
  readonly sessions: SessionStore
  readonly identify: (introduction: Introduction) => Promise<Identity>
  readonly mayRead: (deviceId: string, filter: string) => boolean
  readonly allowances: Allowances
  readonly presence: Presence
  readonly readers: Readers
  readonly refusals: Refusals
  readonly log: Logger
  readonly onViolation: (connection: Connection, action: 'publish' | 'subscribe', topic: string) => void
}

/** The parts that need Aedes themselves, so they are handed over when it is there. */
export interface FrontDoorParts {
  readonly uplink: Uplink
  readonly commandDelivery: CommandDelivery
}

const filtersMax = 32
const filterLengthMax = 256

/** Aedes with the house's rules: who may come in, what may be said and heard, and what happens when it ends. */
export function createFrontDoor(deps: FrontDoorDeps) {
  const { limits, enrolment, sessions, allowances, presence, readers, refusals, log } = deps
  let parts: FrontDoorParts | undefined

  const introductions = new WeakMap<Client, ConnectPacket>()

  const preConnect: AedesOptions['preConnect'] = (client, packet, callback) => {
    introductions.set(client, packet)
    const { certificate } = connectionOf(client)
    if (enrolment === 'key' && packet.username === enrolUsername) {
      // Whatever it calls itself: the name must not be one whose session it would take over.
      packet.clientId = `${enrolUsername}/${randomUUID()}`
      packet.clean = true
    } else if (isUserName(packet.username)) {
      packet.clientId = userClientId({ username: packet.username, clientId: packet.clientId || randomUUID() })
    } else if (packet.clientId === '' && packet.clean) {
      // [MQTT-3.1.3-6]: the server names a client that leaves its name open.
      packet.clientId = (certificate.type === 'valid' ? certificate.commonName : packet.username) ?? ''
    }
    packet.keepalive ||= limits.keepaliveDefaultS
    callback(null, true)
  }

  const authenticate: AedesOptions['authenticate'] = (client, username, password, done) => {
    const connection = connectionOf(client)
    const { certificate } = connection
    // Not `client.id`: for a name that is still open Aedes has made one up by now.
    const { clientId = '', clean = false, will } = introductions.get(client) ?? {}
    const willTopic = will?.topic
    deps
      .identify({ clientId, clean, username, password, willTopic, certificate })
      .then((identity) => recognise(connection, identity))
      .then(
        () => done(null, true),
        (error: unknown) => done(asAuthenticateError(error), false),
      )
  }

  function recognise(connection: Connection, identity: Identity): void {
    // Gone while it was looked up; it would never be let go.
    if (connection.isOver) return
    connection.identity = identity
    if (identity.type === 'user') admitReader(connection, identity)
    if (identity.type !== 'device') return
    presence.recognised(connection)
    connection.bucket = allowances.of(identity.deviceId)
    const older = presence.connectionOf(identity.deviceId)
    if (older === undefined) return
    older.successor = connection
    refusals.count('taken-over')
  }

  function admitReader(connection: Connection, user: BackendUser): void {
    if (!readers.admit(connection, user)) {
      throw new IntroductionRefused('readers-max', serverUnavailable, 'as many backend users read along as may')
    }
    // It sends acknowledgements, pings and subscriptions, of which the gate counts none.
    connection.bucket = createTokenBucket({ ratePerS: 0, burst: 0, nowMs: 0 })
  }

  const authorizeSubscribe: AedesOptions['authorizeSubscribe'] = (client, subscription, callback) => {
    const connection = connectionOf(client)
    const { topic } = subscription
    if (!mayHear(connection, topic)) {
      deps.onViolation(connection, 'subscribe', topic)
      return callback(null, null)
    }
    const isOneMore = !connection.filters.has(topic)
    if (topic.length > filterLengthMax || (isOneMore && connection.filters.size >= filtersMax)) {
      refusals.count('subscriptions-max')
      return callback(null, null)
    }
    connection.filters.add(topic)
    callback(null, subscription)
  }

  function mayHear(connection: Connection, filter: string): boolean {
    const { identity } = connection
    if (identity?.type === 'device') return deps.mayRead(identity.deviceId, filter)
    if (identity?.type === 'user') return mayUserRead(identity.role, filter)
    return identity?.type === 'enrolling' && filter === topics.enrolResponse
  }

  const authorizeForward: AedesOptions['authorizeForward'] = (client, packet) => {
    const connection = connectionOf(client)
    if (!mayHear(connection, packet.topic)) return null
    parts?.commandDelivery.forwarding(connection, packet)
    return packet
  }

  const aedes = new Aedes({
    persistence: sessions,
    // Unbounded: with a bound, that many slow readers would hold up what is sent to everybody else.
    concurrency: 0,
    connectTimeout: limits.connectTimeoutMs,
    drainTimeout: limits.drainTimeoutMs,
    maxTopicLevels: limits.topicLevelsMax,
    // MQTT 3.1 allows 23; our device ids go up to 64 in either version, and a user's comes after an e-mail address.
    maxClientsIdLength: 384,
    preConnect,
    authenticate,
    authorizePublish: (client, packet, done) =>
      parts?.uplink.authorizePublish(client, packet as Parameters<Uplink['authorizePublish']>[1], done),
    authorizeSubscribe,
    authorizeForward,
  })

  const fanOut = aedes.publish.bind(aedes) as (packet: unknown, client: unknown, done?: unknown) => void
  aedes.publish = ((packet: object, client: unknown, done?: () => void) => {
    // With two arguments it is the broker itself that speaks. What devices say has gone where it belongs before this,
    // and nobody but backend users may read it: looking for other subscribers would only be cost.
    if (typeof client !== 'object' || client === null) return fanOut(packet, client, done)
    if (readers.isAny) readers.forward(packet as AedesPublishPacket)
    done?.()
  }) as typeof aedes.publish

  aedes.on('client', (client) => presence.arrived(connectionOf(client)))
  aedes.on('clientReady', (client) => {
    const connection = connectionOf(client)
    connection.open()
    parts?.commandDelivery.subscribed(connection, [...connection.filters])
  })
  aedes.on('subscribe', (subscriptions, client) => {
    const granted = subscriptions.filter(({ qos }) => (qos as number) < 128)
    if (client === null) return
    const connection = connectionOf(client)
    const filters = granted.map(({ topic }) => topic)
    parts?.commandDelivery.subscribed(connection, filters)
    readers.subscribed(connection, granted)
  })
  aedes.on('unsubscribe', (filters, client) => {
    const connection = connectionOf(client)
    for (const filter of filters) connection.filters.delete(filter)
    parts?.commandDelivery.unsubscribed(connection, filters)
    readers.unsubscribed(connection, filters)
  })
  aedes.on('clientDisconnect', (client) => presence.left(connectionOf(client)))
  aedes.on('keepaliveTimeout', (client) => {
    connectionOf(client).closeCause ??= 'keepalive'
  })
  aedes.on('ack', (packet, client) => {
    const topic = (packet as { readonly topic?: string } | undefined)?.topic
    if (topic !== undefined) parts?.commandDelivery.acknowledged(client, topic)
  })
  aedes.on('clientError', onFault)
  aedes.on('connectionError', onFault)
  // Not in Aedes's types: what goes wrong in its own housekeeping.
  ;(aedes as NodeJS.EventEmitter).on('error', (error: unknown) => log.error({ err: error }, 'MQTT housekeeping failed'))

  function onFault(client: Client, error: Error): void {
    const connection = connectionOf(client)
    // What comes after the first fault, or after the end, is its echo.
    if (connection.isOver) return
    connection.isOver = true
    const reason = nameRefusal(error, connection.isParserError(error))
    refusals.count(reason)
    log.debug({ reason, deviceId: deviceIdOf(connection), remote: connection.remote }, 'connection ended by a fault')
    connection.end()
  }

  return {
    aedes,
    furnish(given: FrontDoorParts): void {
      parts = given
    },
  }
}

function asAuthenticateError(error: unknown): AuthenticateError {
  if (error instanceof IntroductionRefused) return error
  return new IntroductionRefused('store-unavailable', serverUnavailable, 'devices cannot be looked up', error)
}
