import type { Logger } from 'pino'
import { findKind } from '../../contracts/kinds/index.ts'
import type { Kind } from '../../contracts/kinds/kind.ts'
import type { Service } from '../../contracts/service.ts'
import { topics } from '../../contracts/topics.ts'
import { createDeviceConnection, type DeviceConnection } from '../device-connection.ts'
import { createRandom } from '../random.ts'
import { createReadingSource, type ReadingSource } from '../reading-source.ts'
import { type Behaviour, behaviourOf } from './behaviour.ts'
import type { DemoDevice } from './devices.ts'

export interface DemoFleetOptions {
  readonly mqttUrl: string
  readonly devices: readonly { readonly device: DemoDevice; readonly secret: string }[]
  readonly seed: number
  readonly log: Pick<Logger, 'info' | 'warn'>
  readonly now: () => number
  /** How much history a device sends when it has none on the server; 0 for none. At most 24. */
  readonly historyH?: number
  /** Newest event time the server has of a device and kind, so that a restart only fills the gap. */
  readonly newestAtMs?: (deviceId: string, kind: string) => number | undefined
}

const tickMs = 500
/** A sensor's memory: above this it forgets what it measures until the server has caught up. */
const keptReadingsMax = 200
const historyMessageReadingsMax = 60
/** A rest between messages of history: filling a chart must not look like a flood. */
const historyRestMs = 250
const retryAfterMs = 10_000

interface FleetMember {
  readonly device: DemoDevice
  readonly kind: Kind
  readonly source: ReadingSource
  readonly behaviour: Behaviour
  readonly connection: DeviceConnection
  readonly batteryPct: number
  /** Where on the clock its reports lie, so that the fleet does not report in step. */
  readonly phaseMs: number
  state: 'down' | 'opening' | 'up'
  /** Up: when the next report is due. Down: when to try to come back. */
  nextAtMs: number
}

/**
 * The demo city's devices, alive: each connects over MQTT with its own secret, sends what history the server lacks,
 * and then reports at its kind's interval. Times lie on each device's own grid: a reading sent twice is one reading.
 */
export function createDemoFleet(options: DemoFleetOptions): Service {
  const { log, now } = options
  let members: readonly FleetMember[] = []
  let timer: NodeJS.Timeout | undefined
  let opening: Promise<void> = Promise.resolve()
  let isStopping = false

  const tick = () => {
    const atMs = now()
    for (const member of members) {
      const isAway = member.behaviour.isAway?.(atMs) ?? false
      if (member.state === 'up' && isAway) goAway(member)
      else if (member.state === 'up' && atMs >= member.nextAtMs) reportDue(member, atMs)
      else if (member.state === 'down' && !isAway && atMs >= member.nextAtMs) void bringUp(member)
    }
  }

  const bringUp = async (member: FleetMember) => {
    member.state = 'opening'
    try {
      await member.connection.open()
      await sayOnline(member)
      await sendHistory(member, options, () => isStopping)
      member.nextAtMs = nextOnGrid(member, now())
      member.state = 'up'
    } catch (error) {
      await member.connection.close().catch(() => undefined)
      if (!isStopping) log.warn({ deviceId: member.device.id, err: error }, 'demo device could not connect')
      member.nextAtMs = now() + retryAfterMs
      member.state = 'down'
    }
  }

  const openAll = async () => {
    const atMs = now()
    const present = members.filter((member) => !member.behaviour.isAway?.(atMs))
    await Promise.all(present.map(bringUp))
    const reporting = members.filter((member) => member.state === 'up').length
    if (!isStopping) log.info({ reporting, devices: members.length }, 'demo city devices are reporting')
  }

  return {
    name: 'demo-fleet',
    async start() {
      isStopping = false
      members = options.devices.map(({ device, secret }) => createMember(device, secret, options))
      // Connecting a hundred devices and sending their history takes a while; the city is open in the meantime.
      opening = openAll()
      timer = setInterval(tick, tickMs)
    },
    async stop() {
      isStopping = true
      clearInterval(timer)
      await Promise.all(members.map((member) => member.connection.close().catch(() => undefined)))
      await opening
      members = []
    },
  }
}

function createMember(device: DemoDevice, secret: string, options: DemoFleetOptions): FleetMember {
  const random = createRandom(options.seed, device.id)
  const kind = findKind(device.kind)!
  const connection: DeviceConnection = createDeviceConnection({
    url: options.mqttUrl,
    credentials: { deviceId: device.id, secret },
    cleanSession: false,
    reconnectAfterMs: 1000 + Math.floor(random() * 2000),
    onCommand: ({ commandId }) => {
      const payload = Buffer.from('{"status":"done","by":"simulated device"}')
      const topic = topics.commandResult(device.id, commandId)
      connection.publish({ topic, payload, qos: 1 }).catch(() => undefined)
    },
  })
  return {
    device,
    kind,
    source: createReadingSource(kind, random),
    behaviour: behaviourOf(device.id),
    connection,
    batteryPct: 60 + Math.round(random() * 40),
    phaseMs: Math.floor(createRandom('phase', device.id)() * kind.reportEveryS * 1000),
    state: 'down',
    nextAtMs: 0,
  }
}

function reportDue(member: FleetMember, atMs: number): void {
  const dueMs = member.nextAtMs
  member.nextAtMs = nextOnGrid(member, atMs)
  if (member.connection.inFlightCount >= keptReadingsMax) return
  send(member, [readingOf(member, dueMs)]).catch(() => undefined)
}

/** Without a DISCONNECT: the server learns of it from the Last Will, as it would in a tunnel. */
function goAway(member: FleetMember): void {
  member.state = 'down'
  member.connection.drop()
  member.connection.close().catch(() => undefined)
}

function sayOnline({ device, connection, batteryPct }: FleetMember): Promise<void> {
  const payload = Buffer.from(JSON.stringify({ online: true, firmware: 'demo-1', batteryPct }))
  return connection.publish({ topic: topics.status(device.id), payload, qos: 1, retain: true })
}

/** Everything since the newest reading the server has, oldest first, up to now. */
async function sendHistory(member: FleetMember, options: DemoFleetOptions, isStopping: () => boolean): Promise<void> {
  const { device, behaviour } = member
  const earliestMs = options.now() - Math.min(24, options.historyH ?? 6) * 3_600_000
  const newestMs = options.newestAtMs?.(device.id, device.kind) ?? 0
  let atMs = nextOnGrid(member, Math.max(earliestMs, newestMs))
  while (atMs <= options.now() && !isStopping()) {
    const readings: Record<string, number>[] = []
    for (; atMs <= options.now() && readings.length < historyMessageReadingsMax; atMs = nextOnGrid(member, atMs)) {
      if (!behaviour.isAway?.(atMs)) readings.push(readingOf(member, atMs))
    }
    if (readings.length > 0) await send(member, readings)
    if (atMs <= options.now()) await new Promise((resolve) => setTimeout(resolve, historyRestMs))
  }
}

/** The first moment of the device's grid after a given one. */
function nextOnGrid({ kind, phaseMs }: FleetMember, afterMs: number): number {
  const everyMs = kind.reportEveryS * 1000
  return Math.floor((afterMs - phaseMs) / everyMs + 1) * everyMs + phaseMs
}

function readingOf(member: FleetMember, atMs: number): Record<string, number> {
  const values = member.source.next(atMs)
  return { ts: atMs, ...(member.behaviour.shape?.(values, atMs) ?? values) }
}

function send({ device, connection }: FleetMember, readings: readonly Record<string, number>[]): Promise<void> {
  const payload = Buffer.from(JSON.stringify(readings.length === 1 ? readings[0] : readings))
  return connection.publish({ topic: topics.telemetry(device.id, device.kind), payload, qos: 1 })
}
