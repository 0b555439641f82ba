import type { Server } from 'node:http'
import type { Client, PublishPacket } from 'aedes'
import type { Logger } from 'pino'
import type { Bus } from '../contracts/bus.ts'
import { AppError } from '../contracts/errors.ts'
import type { BusEvents } from '../contracts/events.ts'
import type { BackendUsers } from '../contracts/ports/backend-users.ts'
import type { Announcer, BrokerControl } from '../contracts/ports/broker.ts'
import type { CommandQueue, DeviceDirectory } from '../contracts/ports/devices.ts'
import type { SosIntake } from '../contracts/ports/sos.ts'
import type { TelemetryIntake } from '../contracts/ports/telemetry.ts'
import type { Service } from '../contracts/service.ts'
import { createEnrol } from './access/enrolment.ts'
import { createIdentify } from './access/identity.ts'
import { createMayRead } from './access/subscribing.ts'
import { createIdentifyUser } from './access/user-identity.ts'
import { type AccessViolation, createReportViolation } from './access/violations.ts'
import { createCommandDelivery } from './command-delivery.ts'
import { type Connection, connectionOf, deviceIdOf } from './connection.ts'
import { createConnections } from './connections.ts'
import { createFrontDoor } from './front-door.ts'
import { type Listener, listenTcp, listenTls } from './listeners/tcp.ts'
import { attachWebSocket } from './listeners/web-socket.ts'
import { type BrokerOptions, defaultLimits } from './options.ts'
import { createPresence } from './presence.ts'
import { createReaders, type SosRead } from './readers.ts'
import { createRefusals } from './refusals.ts'
import { createDatabase } from './sessions/database.ts'
import { createSessionStore } from './sessions/session-store.ts'
import { toStoredPacket } from './sessions/stored-packet.ts'
import { createExactlyOnce, type Settle } from './uplink/exactly-once.ts'
import { createRouteFinder } from './uplink/routes.ts'
import { createUplink } from './uplink/uplink.ts'
import { createAllowances } from './wire/allowances.ts'
import { createFairTurn } from './wire/fair-turn.ts'

export interface BrokerDeps {
  readonly options: BrokerOptions
  readonly intake: TelemetryIntake
  readonly sos: SosIntake
  readonly devices: DeviceDirectory
  readonly commands: CommandQueue
  readonly users: BackendUsers
  readonly bus: Bus
  readonly log: Logger
  readonly now: () => number
  /** For the audit; called for every attempt to publish or subscribe outside what the client may. */
  readonly onViolation?: (violation: AccessViolation) => void
  /** For the audit; called after each SOS that a backend user was sent, which tells where somebody is. */
  readonly onSosRead?: (read: SosRead) => void
}

export interface Broker extends Service, BrokerControl, Announcer {
  /** Port of plain MQTT; 0 before `start`. */
  readonly port: number
  /** Port of MQTT over TLS; undefined when it is off or before `start`. */
  readonly tlsPort: number | undefined
  /** MQTT over WebSocket on one path of an HTTP server. May be called before or after `start`. */
  attachWebSocket(httpServer: Server, path: string): void
}

/** The MQTT front door. Constructing it has no effects; `start` opens the sessions and the ports. */
export function createBroker(deps: BrokerDeps): Broker {
  const { options, intake, sos, devices, commands, users, bus, log, now } = deps
  const limits = { ...defaultLimits, ...options.limits }
  const share = { ratePerS: limits.ratePerSMax, burst: limits.burstMax }
  const refusals = createRefusals()
  const allowances = createAllowances({ ...share, now })
  const presence = createPresence({ bus, now })
  // One that is forgotten meanwhile may have been worn.
  const isPersonal = (deviceId: string) => devices.find(deviceId)?.isPersonal ?? true
  const readers = createReaders({ isPersonal, limits, refusals, log, now, onSosRead: deps.onSosRead })
  const mayRead = createMayRead(devices)
  const reportViolation = createReportViolation({ refusals, log, now, onViolation: deps.onViolation })
  const gateways = new Set<Connection>()
  const database = createDatabase(options.sessionsDir)
  const sessions = createSessionStore({
    database,
    retainedMax: limits.retainedMax,
    retainedPayloadBytesMax: limits.retainedPayloadBytesMax,
    offlineMessagesMax: limits.offlineMessagesMax,
    mayRead,
    takeForwarded,
    onRetainedFull: () => refusals.count('retained-full'),
    onRetainedUnreadable: (error) => {
      if (!isStopping) log.error({ err: error }, 'retained messages cannot be read')
    },
    onQueueFull: () => refusals.count('offline-queue-full'),
  })
  const turn = createFairTurn({
    framesPerTurn: limits.framesPerTurn,
    isIntakeFull: () => intake.pendingCount >= limits.pendingMax,
  })
  const identifyUser = createIdentifyUser({ users, accessChanges: () => readers.accessChanges })
  const { aedes, furnish } = createFrontDoor({
    limits,
    enrolment: options.enrolment,
    sessions,
    identify: createIdentify({ devices, enrolment: options.enrolment, identifyUser }),
    mayRead,
    allowances,
    presence,
    readers,
    refusals,
    log,
    onViolation: reportViolation,
  })
  const commandDelivery = createCommandDelivery({ commands, publish, log, now })
  const uplink = createUplink({
    intake,
    sos,
    commands,
    bus,
    refusals,
    log,
    now,
    findRoute: createRouteFinder({ devices, gateways, share }),
    once: createExactlyOnce(sessions),
    enrol: createEnrol({ devices, refusals, log }),
    retain: (topic, payload) => sessions.storeRetained(toStoredPacket({ topic, payload, retain: true })),
    onWill,
    onStatus: (connection, deviceId, isOnline) => {
      if (isOnline !== undefined && deviceId !== deviceIdOf(connection)) {
        presence.announced(connection, deviceId, isOnline)
      }
    },
    onViolation: (connection, topic) => reportViolation(connection, 'publish', topic),
  })
  furnish({ uplink, commandDelivery })
  const connections = createConnections({ aedes, limits, turn, refusals, log, now, onClosed })

  let listeners: Listener[] = []
  let unsubscribe: (() => void)[] = []
  const detach: (() => void)[] = []
  let isStopping = false
  let stopped: Promise<void> | undefined

  function takeForwarded(client: object, messageId: number) {
    const { forwarded } = connectionOf(client as Client)
    const packet = forwarded.get(messageId)
    forwarded.delete(messageId)
    return packet
  }

  function publish(packet: PublishPacket): void {
    aedes.publish(packet, (error?: Error | null) => {
      if (error) log.error({ err: error }, 'message for a device not published')
    })
  }

  function onWill(deviceId: string, client: Client | null, done: Settle): void {
    // Kept for the next start: a device that is back by then has withdrawn it [MQTT 3.1.1, section 3.1.2.5].
    if (isStopping) return
    if (client === null) {
      // Left behind by a broker that was killed, by a device that did not come back.
      if (!presence.isOnline(deviceId)) {
        bus.publish('device-presence', { deviceId, online: false, cause: 'last-will', changedAtMs: now() })
      }
      done()
      return
    }
    const connection = connectionOf(client)
    if (connection.successor !== undefined && !connection.successor.client.closed) {
      done(new AppError('conflict', 'taken-over', 'the device is connected again: it is not offline'))
      return
    }
    connection.closeCause ??= 'last-will'
    done()
  }

  function onClosed(connection: Connection): void {
    gateways.delete(connection)
    presence.closed(connection)
    commandDelivery.disconnected(connection)
    readers.closed(connection)
    const deviceId = deviceIdOf(connection)
    if (deviceId !== undefined) allowances.release(deviceId)
  }

  function onDeviceChanged({ device, change }: BusEvents['device-changed']): void {
    if (change === 'created') return
    // What a gateway may do depends on the devices behind it.
    for (const gateway of gateways) if (gateway.spokenFor.has(device.id)) gateway.routes.clear()
    presence.bound(device.id, isInService(device.id) ? device.gatewayId : undefined)
    if (change === 'updated') return
    disconnect(device.id, change === 'decommissioned' ? change : 'revoked')
    if (change === 'decommissioned' || change === 'deleted') {
      sessions.forget(device.id).catch((error: unknown) => {
        log.error({ err: error, deviceId: device.id }, 'session of a removed device not deleted')
      })
    }
  }

  function isInService(deviceId: string): boolean {
    return devices.find(deviceId)?.state === 'registered'
  }

  function disconnect(deviceId: string, cause: 'revoked' | 'decommissioned'): void {
    for (const connection of presence.connectionsOf(deviceId)) {
      connection.closeCause = 'revoked'
      log.info({ deviceId, cause }, 'device disconnected')
      connection.end()
    }
  }

  async function start(): Promise<void> {
    try {
      await database.open()
      await (aedes as unknown as { listen(): Promise<void> }).listen()
      unsubscribe = [
        bus.subscribe('device-changed', onDeviceChanged),
        bus.subscribe('access-changed', readers.accessChanged),
        bus.subscribe('command-queued', ({ command }) => commandDelivery.queued(command)),
      ]
      connections.open()
      const { host, port, tls } = options
      const onArrival = connections.accept
      listeners.push(await listenTcp({ host, port, onArrival }))
      if (tls !== undefined) {
        const onHandshakeFailed = () => refusals.count('tls-handshake')
        const handshakeTimeoutMs = limits.connectTimeoutMs
        listeners.push(await listenTls({ host, tls, handshakeTimeoutMs, onArrival, onHandshakeFailed }))
      }
    } catch (error) {
      await stop()
      throw error
    }
    log.info({ port: listeners[0]?.port, tlsPort: listeners[1]?.port }, 'MQTT listening')
  }

  function stop(): Promise<void> {
    stopped ??= stopOnce()
    return stopped
  }

  async function stopOnce(): Promise<void> {
    isStopping = true
    connections.close()
    for (const end of [...unsubscribe, ...detach]) end()
    const closing = listeners.map((listener) => listener.close())
    for (const connection of connections.all()) connection.closeCause ??= 'shutdown'
    const closed = new Promise<void>((resolve) => aedes.close(() => resolve()))
    for (const connection of connections.all()) connection.end()
    await Promise.all([closed, ...closing])
    turn.stop()
    await database.close()
    listeners = []
  }

  return {
    name: 'broker',
    start,
    stop,
    disconnect,
    isOnline: presence.isOnline,
    stats: () => ({
      connections: aedes.connectedClients ?? 0,
      connectionsMax: limits.connectionsMax,
      publishesReceived: uplink.publishesReceived,
      throttled: connections.throttled,
      refusals: refusals.counts(),
    }),
    get port() {
      return listeners[0]?.port ?? 0
    },
    get tlsPort() {
      return listeners[1]?.port
    },
    attachWebSocket(httpServer, path) {
      const messageBytesMax = limits.packetBytesMax * 4
      const onRefused = refusals.count
      detach.push(attachWebSocket({ httpServer, path, messageBytesMax, onArrival: connections.accept, onRefused }))
    },
    announce({ topic, payload, isRetained }) {
      if (!topic.startsWith('v1/city/')) {
        throw new AppError('invalid', 'topic-not-city', 'announcements go below v1/city/')
      }
      const packet = {
        cmd: 'publish',
        topic,
        payload: Buffer.from(payload),
        qos: 1,
        retain: isRetained,
        dup: false,
      } as const
      return new Promise((resolve, reject) => {
        aedes.publish(packet, (error?: Error | null) => (error ? reject(error) : resolve()))
      })
    },
  }
}
