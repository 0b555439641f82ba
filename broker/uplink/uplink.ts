import type { AedesPublishPacket, Client } from 'aedes'
import type { Logger } from 'pino'
import { z } from 'zod'
import type { Bus } from '../../contracts/bus.ts'
import { AppError } from '../../contracts/errors.ts'
import { positionSchema } from '../../contracts/geo.ts'
import type { CommandQueue } from '../../contracts/ports/devices.ts'
import type { SosIntake } from '../../contracts/ports/sos.ts'
import type { TelemetryIntake } from '../../contracts/ports/telemetry.ts'
import { type Connection, connectionOf, deviceIdOf } from '../connection.ts'
import type { Refusals } from '../refusals.ts'
import type { SessionClient } from '../sessions/session-store.ts'
import { observedAtMs, parseObject } from './device-message.ts'
import type { Settle } from './exactly-once.ts'
import type { Route } from './route.ts'
import { readSosPress } from './sos.ts'

export interface UplinkDeps {
  readonly intake: TelemetryIntake
  readonly sos: SosIntake
  readonly commands: CommandQueue
  readonly bus: Bus
  readonly refusals: Refusals
  readonly log: Logger
  readonly now: () => number
  readonly findRoute: (connection: Connection, topic: string) => Route | undefined
  readonly once: (client: SessionClient, messageId: number, submit: (settle: Settle) => void, done: Settle) => void
  readonly enrol: (connection: Connection, payload: Uint8Array) => Promise<void>
  /** Keeps the payload as the last one of its topic; an empty one removes what was kept. */
  readonly retain: (topic: string, payload: Buffer) => Promise<void>
  readonly onWill: (deviceId: string, client: Client | null, done: Settle) => void
  readonly onStatus: (connection: Connection, deviceId: string, isOnline: boolean | undefined) => void
  readonly onViolation: (connection: Connection, topic: string) => void
}

export interface Uplink {
  /** Aedes's hook before PUBACK and PUBREC: `done` is called when the message is durable where it belongs. */
  authorizePublish(client: Client | null, packet: AedesPublishPacket, done: Settle): void
  readonly publishesReceived: number
}

const statusSchema = z.object({
  online: z.boolean().optional().catch(undefined),
  batteryPct: z.number().min(0).max(100).optional().catch(undefined),
  firmware: z.string().max(64).optional().catch(undefined),
})
const locationSchema = positionSchema.extend({
  ts: z.unknown().optional(),
  accuracyM: z.number().nonnegative().optional().catch(undefined),
  batteryPct: z.number().min(0).max(100).optional().catch(undefined),
})
const resultSchema = z.looseObject({ status: z.enum(['done', 'failed']) })

/** Takes every publish of a device to where it belongs and acknowledges it from there. */
export function createUplink(deps: UplinkDeps): Uplink {
  const { intake, bus, refusals, log, now } = deps
  let publishesReceived = 0

  function authorizePublish(client: Client | null, packet: AedesPublishPacket, done: Settle): void {
    // Wills alone carry the id of the broker that kept them.
    if (client === null || packet.brokerId !== undefined) {
      publishWill(client, packet, done)
      return
    }
    const connection = connectionOf(client)
    const route = connection.routes.get(packet.topic) ?? deps.findRoute(connection, packet.topic)
    if (route === undefined) {
      refuse(connection, packet.topic, done)
      return
    }
    publishesReceived++
    if (packet.qos === 2) {
      deps.once(client, packet.messageId!, (settle) => dispatch(connection, route, packet, settle), done)
    } else dispatch(connection, route, packet, done)
  }

  function dispatch(connection: Connection, route: Route, packet: AedesPublishPacket, done: Settle): void {
    if (route.type === 'telemetry') {
      const { deviceId, detail: kindId, topic } = route
      intake.submit({ deviceId, kindId, topic, payload: packet.payload as Buffer, receivedAtMs: now() }, done)
      return
    }
    const work = take(connection, route, packet)
    if (work === undefined) done()
    else work.then(() => done(), done)
  }

  /** @returns a promise where the message must be stored before it may be acknowledged */
  function take(connection: Connection, route: Route, packet: AedesPublishPacket): Promise<void> | undefined {
    const payload = packet.payload as Buffer
    if (route.type === 'sos') return pressSos(route, payload)
    if (route.type === 'command-result') return finishCommand(route, payload)
    if (route.type === 'enrol-request') return deps.enrol(connection, payload)
    if (route.type === 'status') return takeStatus(connection, route, payload)
    takeLocation(route, payload)
    return undefined
  }

  /** Stored before it is acknowledged, at QoS 0 too; when it cannot be, the connection ends and the device resends. */
  async function pressSos({ deviceId }: Route, payload: Uint8Array): Promise<void> {
    try {
      await deps.sos.press(readSosPress({ deviceId, payload, receivedAtMs: now() }))
    } catch (cause) {
      log.error({ err: cause, deviceId }, 'SOS not stored')
      throw new AppError('unavailable', 'sos-not-stored', 'the SOS could not be stored', { cause })
    }
  }

  function takeLocation({ deviceId }: Route, payload: Uint8Array): void {
    const parsed = locationSchema.safeParse(parseObject(payload))
    if (!parsed.success) {
      refusals.count('location-invalid')
      return
    }
    const { ts, ...position } = parsed.data
    bus.publish('device-location', { deviceId, ...position, observedAtMs: observedAtMs(ts, now()) })
  }

  /** The last word of a device is kept under its own topic, whether or not it asked for that. */
  async function takeStatus(connection: Connection | undefined, route: Route, payload: Buffer): Promise<void> {
    if (payload.length > 0) {
      const parsed = statusSchema.safeParse(parseObject(payload))
      if (!parsed.success) {
        refusals.count('status-invalid')
        return
      }
      bus.publish('device-status', { deviceId: route.deviceId, ...parsed.data, receivedAtMs: now() })
      if (connection !== undefined) deps.onStatus(connection, route.deviceId, parsed.data.online)
    }
    await deps.retain(route.topic, payload)
  }

  function publishWill(client: Client | null, packet: AedesPublishPacket, done: Settle): void {
    const { topic } = packet
    const deviceId = topic.split('/')[2]!
    deps.onWill(deviceId, client, (error) => {
      if (error) done(error)
      else {
        const route: Route = { type: 'status', deviceId, detail: '', topic }
        takeStatus(undefined, route, packet.payload as Buffer).then(() => done(), done)
      }
    })
  }

  async function finishCommand({ deviceId, detail: commandId }: Route, payload: Uint8Array): Promise<void> {
    const parsed = resultSchema.safeParse(parseObject(payload))
    if (!parsed.success) return refusals.count('command-result-invalid')
    const { status, ...result } = parsed.data
    const finish = { deviceId, commandId, atMs: now(), succeeded: status === 'done', result }
    if (!(await deps.commands.finish(finish))) refusals.count('command-result-unknown')
  }

  function refuse(connection: Connection, topic: string, done: Settle): void {
    const deviceId = deviceIdOf(connection)
    if (deviceId !== undefined) intake.countRejected(deviceId)
    deps.onViolation(connection, topic)
    done(new AppError('forbidden', 'publish-not-own', 'a device may publish under its own id only'))
  }

  return {
    authorizePublish,
    get publishesReceived() {
      return publishesReceived
    },
  }
}
