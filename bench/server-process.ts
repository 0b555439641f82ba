import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { type CityApi, createCityApi } from '../devices/simulator/city-api.ts'

/** A real server, started as its users start it, on ports and a data directory of its own. */
export interface ServerProcess {
  readonly pid: number
  readonly mqttPort: number
  readonly origin: string
  readonly dataDir: string
  readonly api: CityApi
  /** Readings the ledger says are stored, over all devices. */
  countStored(): Promise<number>
  /** Ends it in order. @throws when it does not end, or ends badly */
  stop(): Promise<void>
  /** SIGKILL: no handler runs, nothing is flushed. */
  kill(): Promise<void>
}

export interface ServerOptions {
  readonly dataDir: string
  readonly ports: ServerPorts
}

export interface ServerPorts {
  readonly mqtt: number
  readonly http: number
}

export const admin = { email: 'bench@prahari.local', password: 'bench-password-of-no-value' } as const

const readyWithinMs = 60_000
const stopsWithinMs = 60_000

/** Starts on what is in the data directory; resolves when the server says that it is ready. */
export async function startServer({ dataDir, ports }: ServerOptions): Promise<ServerProcess> {
  await mkdir(dataDir, { recursive: true })
  const child = spawn(process.execPath, [...commandLine, 'start'], {
    env: { ...withoutPrahari(process.env), ...settings(dataDir, ports) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const log = createWriteStream(`${dataDir}.log`, { flags: 'a' })
  child.stdout.pipe(log, { end: false })
  child.stderr.pipe(log, { end: false })
  child.once('close', () => log.end())
  const origin = `http://127.0.0.1:${ports.http}`
  await untilReady(child, { origin, mqttPort: ports.mqtt, logFile: `${dataDir}.log` })
  const api = createCityApi({ url: origin, ...admin })
  return {
    pid: child.pid!,
    mqttPort: ports.mqtt,
    origin,
    dataDir,
    api,
    countStored: async () => [...(await api.ledger()).values()].reduce((sum, { stored }) => sum + stored, 0),
    async stop() {
      const code = await end(child, 'SIGTERM')
      if (code !== 0) throw new Error(`the server ended with ${code}; see ${dataDir}.log`)
    },
    async kill() {
      await end(child, 'SIGKILL')
    },
  }
}

/** Benchmarks are compiled and start the compiled server; tests run sources, and the server they start does too. */
const commandLine = import.meta.url.endsWith('.ts')
  ? ['--import', 'tsx', join(import.meta.dirname, 'server-from-source.ts')]
  : [join(import.meta.dirname, '../../bin/prahari.mjs')]

function settings(dataDir: string, ports: ServerPorts): Record<string, string> {
  return {
    PRAHARI_DATA_DIR: dataDir,
    PRAHARI_HTTP_PORT: String(ports.http),
    PRAHARI_MQTT_PORT: String(ports.mqtt),
    PRAHARI_DEMO: 'off',
    PRAHARI_DEVICE_ENROLMENT: 'open',
    // The limit that keeps one device from taking the city's share; here fifty devices are the whole city.
    PRAHARI_DEVICE_RATE_MAX: '0',
    PRAHARI_ADMIN_EMAIL: admin.email,
    PRAHARI_ADMIN_PASSWORD: admin.password,
    PRAHARI_LOG_LEVEL: 'warn',
  }
}

function withoutPrahari(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('PRAHARI_')))
}

/** Both doors are open: HTTP says that it is ready, and MQTT takes a connection. */
async function untilReady(
  child: ChildProcess,
  { origin, mqttPort, logFile }: { readonly origin: string; readonly mqttPort: number; readonly logFile: string },
): Promise<void> {
  const untilMs = performance.now() + readyWithinMs
  while (performance.now() < untilMs) {
    if (child.exitCode !== null) throw new Error(`the server ended at start with ${child.exitCode}; see ${logFile}`)
    const answer = await fetch(`${origin}/api/health?ready`).catch(() => undefined)
    if (answer?.ok && (await takesConnections(mqttPort))) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  await end(child, 'SIGKILL')
  throw new Error(`the server was not ready within ${readyWithinMs / 1000} s; see ${logFile}`)
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const ended = once(child, 'exit') as Promise<[number | null]>
  child.kill(signal)
  const forced = setTimeout(() => child.kill('SIGKILL'), stopsWithinMs)
  const [code] = await ended
  clearTimeout(forced)
  return code
}

/** Ports that were free a moment ago. */
export async function findFreePorts(): Promise<ServerPorts> {
  const servers = [createServer(), createServer()]
  const ports = await Promise.all(
    servers.map(async (server) => {
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      return (server.address() as { port: number }).port
    }),
  )
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return { mqtt: ports[0]!, http: ports[1]! }
}

/** Runs something against a fresh server and clears up behind it. */
export async function withServer<T>(dataDir: string, use: (server: ServerProcess) => Promise<T>): Promise<T> {
  await rm(dataDir, { recursive: true, force: true })
  const server = await startServer({ dataDir, ports: await findFreePorts() })
  try {
    const result = await use(server)
    await server.stop()
    await rm(dataDir, { recursive: true, force: true })
    return result
  } catch (error) {
    await server.kill()
    throw error
  }
}
