import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from 'mqtt-packet'
import { pino } from 'pino'
import { type BrokerLimits, createBroker } from '../broker/index.ts'
import { createMemoryBus } from '../contracts/bus.ts'
import type { Device } from '../contracts/device.ts'
import type { CommandQueue, DeviceDirectory } from '../contracts/ports/devices.ts'
import type { SosIntake } from '../contracts/ports/sos.ts'
import type { TelemetryIntake } from '../contracts/ports/telemetry.ts'
import { topics } from '../contracts/topics.ts'
import { startLoadGenerator } from '../devices/load/load-generator.ts'
import { startBareAedes } from './bare-aedes.ts'

/**
 * What the front door costs by itself: acknowledged publishes per second and processor time per publish, with an intake
 * that stores nothing, against Aedes as it comes; and how long an SOS takes to reach the desk while that goes on.
 * Run it with `npx tsx bench/broker-overhead.ts [connections] [window]`.
 */
const connectionCount = Number(process.argv[2] ?? 50)
const window = Number(process.argv[3] ?? 100)
const measureMs = 4000
const batchEveryMs = 5

const devices = Array.from({ length: connectionCount }, (_, i) => ({ deviceId: `load-${i}`, secret: 's' }))

interface Intake extends TelemetryIntake {
  stop(): void
}

/** Settles what has gathered every few milliseconds, as a store that commits in groups does. */
function createBatchingIntake(): Intake {
  let waiting: (() => void)[] = []
  const timer = setInterval(() => {
    const batch = waiting
    waiting = []
    for (const settle of batch) settle()
  }, batchEveryMs)
  return {
    submit: (_message, settle) => void waiting.push(settle),
    countRejected: () => {},
    get pendingCount() {
      return waiting.length
    },
    stop: () => clearInterval(timer),
  }
}

const settlingAtOnce: Intake = {
  submit: (_message, settle) => settle(),
  countRejected: () => {},
  pendingCount: 0,
  stop: () => {},
}

const directory: DeviceDirectory = {
  find: (id) => ({ id, state: 'registered' }) as Device,
  verifySecret: () => true,
  isBound: () => false,
  enrol: () => Promise.reject(new Error('closed')),
  findProvisioningKey: async () => undefined,
}
const noCommands: CommandQueue = {
  pendingFor: async () => [],
  markDelivered: async () => {},
  finish: async () => false,
}

async function measureBroker(name: string, intake: Intake, limits: Partial<BrokerLimits> = {}) {
  const sessionsDir = await mkdtemp(join(tmpdir(), 'broker-overhead-'))
  const arrivals: ((atMs: number) => void)[] = []
  const sos: SosIntake = {
    press: async () => {
      arrivals.shift()?.(performance.now())
    },
  }
  const broker = createBroker({
    options: {
      host: '127.0.0.1',
      port: 0,
      sessionsDir,
      enrolment: 'closed',
      limits: { ratePerSMax: 0, ...limits },
    },
    intake,
    sos,
    devices: directory,
    commands: noCommands,
    users: { verify: async () => undefined },
    bus: createMemoryBus({ onHandlerError: (error) => console.error(error) }),
    log: pino({ level: 'silent' }),
    now: Date.now,
  })
  await broker.start()
  const flood = await measureFlood(broker.port, process.pid, (isOver) => measureSos(broker.port, arrivals, isOver))
  await broker.stop()
  intake.stop()
  await rm(sessionsDir, { recursive: true })
  return { name, ...flood }
}

async function measureFlood(port: number, pid: number, meanwhile?: (isOver: () => boolean) => Promise<number[]>) {
  const load = startLoadGenerator()
  await load.create({ host: '127.0.0.1', port, devices, window })
  await load.open()
  await load.start({ type: 'flood' })
  await load.measure(1000)
  let isOver = false
  const cpuBefore = process.cpuUsage()
  const latencies = meanwhile?.(() => isOver) ?? Promise.resolve([])
  const measured = await load.measure(measureMs)
  isOver = true
  const cpu = process.cpuUsage(cpuBefore)
  const sosMs = (await latencies).sort((a, b) => a - b)
  await load.stop()
  return {
    'acked/s': Math.round(measured.acknowledgedPerS),
    'µs cpu/msg':
      pid === process.pid ? Number(((cpu.user + cpu.system) / measured.acknowledged).toFixed(2)) : undefined,
    'SOS p50 ms': quantile(sosMs, 0.5),
    'SOS p99 ms': quantile(sosMs, 0.99),
    'SOS max ms': quantile(sosMs, 1),
    presses: sosMs.length,
  }
}

/** Presses on a connection of its own, one every 10 ms; from the write to the desk, in this process. */
async function measureSos(port: number, arrivals: ((atMs: number) => void)[], isOver: () => boolean) {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  socket.on('data', () => {})
  await once(socket, 'connect')
  socket.write(
    generate({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clean: true,
      clientId: 'w',
      keepalive: 0,
      username: 'w',
      password: Buffer.from('s'),
    }),
  )
  const latencies: number[] = []
  for (let messageId = 1; !isOver(); messageId++) {
    const payload = JSON.stringify({ seq: messageId })
    const press = generate({
      cmd: 'publish',
      topic: topics.sos('w'),
      payload,
      qos: 1,
      messageId,
      dup: false,
      retain: false,
    })
    const arrived = new Promise<number>((resolve) => arrivals.push(resolve))
    const sentAt = performance.now()
    socket.write(press)
    latencies.push((await arrived) - sentAt)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  socket.destroy()
  return latencies
}

function quantile(sorted: readonly number[], share: number): number | undefined {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
  return value === undefined ? undefined : Number(value.toFixed(1))
}

const bare = await startBareAedes()
const rows = [{ name: 'bare Aedes', ...(await measureFlood(bare.mqttPort, bare.pid)) }]
await bare.stop()
rows.push(await measureBroker('front door, settled at once', settlingAtOnce))
rows.push(await measureBroker(`front door, settled every ${batchEveryMs} ms`, createBatchingIntake()))
rows.push(await measureBroker('the same, rounds unbounded', createBatchingIntake(), { framesPerTurn: 1_000_000 }))
console.table(rows)
process.exit(0)
