import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import {
  type AccessViolation,
  type Broker,
  type BrokerOptions,
  createBroker,
  type RefusalName,
  type SosRead,
} from '../../broker/index.ts'
import { type Bus, createMemoryBus } from '../../contracts/bus.ts'
import type { Device, DeviceCommand, DeviceInput, DevicePresence } from '../../contracts/device.ts'
import { AppError } from '../../contracts/errors.ts'
import type { BusEvents } from '../../contracts/events.ts'
import type { BackendUser } from '../../contracts/ports/backend-users.ts'
import type { CommandQueue, DeviceDirectory, EnrolmentMode } from '../../contracts/ports/devices.ts'
import type { SosIntake } from '../../contracts/ports/sos.ts'
import type { InboundTelemetry, TelemetryIntake } from '../../contracts/ports/telemetry.ts'
import type { SosPress } from '../../contracts/sos.ts'

export function aDevice(id: string, overrides: Partial<Device> = {}): Device {
  return {
    id,
    name: id,
    kinds: [],
    position: undefined,
    gatewayId: undefined,
    ownerId: undefined,
    ownedSinceMs: undefined,
    isPersonal: false,
    labels: {},
    state: 'registered',
    simulated: false,
    credentialsSinceMs: undefined,
    createdAtMs: 0,
    updatedAtMs: 0,
    ...overrides,
  }
}

export function aCommand(id: string, deviceId: string, overrides: Partial<DeviceCommand> = {}): DeviceCommand {
  return {
    id,
    deviceId,
    name: 'sos-received',
    body: {},
    state: 'queued',
    queuedAtMs: 1,
    deliveredAtMs: undefined,
    finishedAtMs: undefined,
    result: undefined,
    ...overrides,
  }
}

/** A directory in memory; a device's secret is `secret-of-<id>`. */
function createDirectory(initial: readonly Device[]) {
  const devices = new Map(initial.map((device) => [device.id, device]))
  const keys = new Map<string, number>()
  const closedKeyIds = new Set<string>()
  /** Device -> id of the key that let it in. */
  const enrolledBy = new Map<string, string | undefined>()
  const directory: DeviceDirectory = {
    find: (id) => devices.get(id),
    verifySecret: (id, secret) =>
      devices.get(id)?.state === 'registered' && Buffer.from(secret).toString() === `secret-of-${id}`,
    isBound: ({ gatewayId, deviceId }) => devices.get(deviceId)?.gatewayId === gatewayId,
    async enrol(input: DeviceInput, by) {
      if (by !== undefined && closedKeyIds.has(by.provisioningKeyId)) {
        throw new AppError('forbidden', 'provisioning-key-closed', 'the key was revoked')
      }
      if (devices.has(input.id)) throw new AppError('conflict', 'device-already-registered', 'there is such a device')
      const key = by?.provisioningKeyId.replace('id-of-', '')
      if (key !== undefined) keys.set(key, (keys.get(key) ?? 0) - 1)
      const device = aDevice(input.id, { kinds: input.kinds })
      devices.set(input.id, device)
      enrolledBy.set(input.id, by?.provisioningKeyId)
      return { device, secret: `secret-of-${input.id}` }
    },
    async findProvisioningKey(key) {
      return (keys.get(key) ?? 0) > 0 ? `id-of-${key}` : undefined
    },
  }
  return { directory, devices, keys, closedKeyIds, enrolledBy }
}

/** Records what is submitted; settles at once, or when told. */
function createIntake() {
  const received: InboundTelemetry[] = []
  const unsettled: ((error?: Error) => void)[] = []
  const rejected: string[] = []
  let isHolding = false
  const intake: TelemetryIntake = {
    submit(message, settle) {
      received.push({ ...message, payload: Buffer.from(message.payload) })
      if (isHolding) unsettled.push(settle)
      else settle()
    },
    countRejected: (deviceId) => void rejected.push(deviceId),
    get pendingCount() {
      return unsettled.length
    },
  }
  return {
    intake,
    received,
    unsettled,
    rejected,
    hold() {
      isHolding = true
    },
    release(error?: Error) {
      isHolding = false
      for (const settle of unsettled.splice(0)) settle(error)
    },
  }
}

/** Records presses; `failWith` makes the store fail until it is cleared. */
function createSosDesk() {
  const presses: SosPress[] = []
  const desk = {
    presses,
    failWith: undefined as Error | undefined,
    intake: {
      async press(press) {
        if (desk.failWith) throw desk.failWith
        presses.push(press)
      },
    } satisfies SosIntake as SosIntake,
  }
  return desk
}

/** Commands in memory, as the records store keeps them. */
function createCommands() {
  const queued = new Map<string, DeviceCommand>()
  const delivered: string[] = []
  const finished: Parameters<CommandQueue['finish']>[0][] = []
  const queue: CommandQueue = {
    pendingFor: async (deviceId) => [...queued.values()].filter((command) => command.deviceId === deviceId),
    async markDelivered(commandId) {
      delivered.push(commandId)
      queued.delete(commandId)
    },
    async finish(options) {
      finished.push(options)
      return true
    },
  }
  return { queue, queued, delivered, finished }
}

export interface HouseOptions {
  readonly devices?: readonly Device[]
  readonly enrolment?: EnrolmentMode
  readonly limits?: BrokerOptions['limits']
  readonly tls?: BrokerOptions['tls']
  readonly sessionsDir?: string
  readonly port?: number
  readonly now?: () => number
}

/** A real broker on a free port, with everything behind its ports in memory. Stopped when the test is over. */
export async function openHouse(options: HouseOptions = {}) {
  const sessionsDir = options.sessionsDir ?? (await aDirectory())
  const { directory, ...registered } = createDirectory(options.devices ?? [aDevice('d1'), aDevice('d2')])
  const { devices } = registered
  const telemetry = createIntake()
  const desk = createSosDesk()
  const commands = createCommands()
  /** By e-mail address and token. */
  const users = new Map<string, BackendUser>()
  const presence: DevicePresence[] = []
  const locations: BusEvents['device-location'][] = []
  const statuses: BusEvents['device-status'][] = []
  const violations: AccessViolation[] = []
  const sosReads: SosRead[] = []
  const busFaults: unknown[] = []
  const bus: Bus = createMemoryBus({ onHandlerError: (error) => busFaults.push(error) })
  bus.subscribe('device-presence', (event) => presence.push(event))
  bus.subscribe('device-location', (event) => locations.push(event))
  bus.subscribe('device-status', (event) => statuses.push(event))

  const broker: Broker = createBroker({
    options: {
      host: '127.0.0.1',
      port: options.port ?? 0,
      sessionsDir,
      enrolment: options.enrolment ?? 'closed',
      limits: options.limits ?? {},
      tls: options.tls,
    },
    intake: telemetry.intake,
    sos: desk.intake,
    devices: directory,
    commands: commands.queue,
    users: { verify: async ({ email, token }) => users.get(`${email} ${token}`) },
    bus,
    log: pino({ level: process.env.BROKER_TEST_LOG ?? 'silent' }),
    now: options.now ?? Date.now,
    onViolation: (violation) => violations.push(violation),
    onSosRead: (read) => sosReads.push(read),
  })
  await broker.start()
  onTestFinished(() => broker.stop())

  return {
    broker,
    bus,
    busFaults,
    ...registered,
    users,
    telemetry,
    desk,
    commands,
    presence,
    locations,
    statuses,
    violations,
    sosReads,
    sessionsDir,
    refused: (name: RefusalName) => broker.stats().refusals[name],
    /** What became of a device, in order: `connect+`, `keepalive-`. */
    presenceOf: (deviceId: string) =>
      presence
        .filter((event) => event.deviceId === deviceId)
        .map(({ cause, online }) => `${cause}${online ? '+' : '-'}`),
    change(deviceId: string, change: BusEvents['device-changed']['change'], next: Partial<Device> = {}) {
      const device = { ...devices.get(deviceId)!, ...next }
      if (change === 'deleted') devices.delete(deviceId)
      else devices.set(deviceId, device)
      bus.publish('device-changed', { device, change })
    },
    queueCommand(command: DeviceCommand) {
      commands.queued.set(command.id, command)
      bus.publish('command-queued', { command })
    },
  }
}

export async function aDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'prahari-broker-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }))
  return directory
}
