import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import mqtt, { type MqttClient } from 'mqtt'
import type { Role } from '../../contracts/roles.ts'
import { topics } from '../../contracts/topics.ts'
import { drawAddress } from './addresses.ts'

export const administrator = { email: 'admin@prahari.local', password: 'six correct horses and a battery' }

/** How far ahead a reading's clock may be here: short, so that a message set aside for it soon becomes acceptable. */
export const timeAheadMaxMs = 5000

/** The program itself, as an operator starts it. */
export interface RunningServer {
  readonly url: string
  readonly mqttUrl: string
  /** Registers somebody, as the administrator. */
  addPerson(person: NewPerson): Promise<Person>
  /** Asks the API as the administrator. */
  administer(method: 'PATCH' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<unknown>
  /** The next code that is sent to an address, each once. They are in the log of a server that is told to put them there. */
  takeCode(address: string): Promise<string>
  /** Registers a device and connects as it. */
  addDevice(device: NewDevice): Promise<TestDevice>
  stop(): Promise<void>
}

export interface NewPerson {
  readonly name: string
  readonly role: Role
  readonly phone?: string
}

export interface Person extends NewPerson {
  readonly id: string
  readonly email: string
  readonly password: string
}

export interface NewDevice {
  readonly id: string
  readonly name: string
  readonly kinds?: readonly string[]
  readonly position?: { readonly latitude: number; readonly longitude: number }
}

export interface TestDevice {
  readonly id: string
  /** Resolves when the broker has acknowledged: stored, or set aside. */
  send(kind: string, payload: unknown): Promise<void>
  pressSos(payload: unknown): Promise<void>
}

export interface ServerOptions {
  readonly demo: boolean
  /** How devices that are not registered may enrol themselves; not at all when absent. */
  readonly enrolment?: 'key'
}

export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'prahari-e2e-'))
  const child = spawn(process.execPath, ['bin/prahari.mjs', 'start', '--data-dir', dataDir], {
    env: {
      PATH: process.env.PATH,
      PRAHARI_HTTP_PORT: '0',
      PRAHARI_MQTT_PORT: '0',
      PRAHARI_DEMO: options.demo ? 'on' : 'off',
      PRAHARI_DEVICE_ENROLMENT: options.enrolment ?? 'closed',
      // Codes are logged as information.
      PRAHARI_LOG_LEVEL: 'info',
      PRAHARI_LOG_FORMAT: 'json',
      // Every browser says it comes from elsewhere, so that what may be guessed at is limited for each by itself.
      PRAHARI_TRUST_PROXY: '1',
      OTP_DELIVERY: 'log',
      PRAHARI_TIME_AHEAD_MAX_S: String(timeAheadMaxMs / 1000),
      PRAHARI_ADMIN_EMAIL: administrator.email,
      PRAHARI_ADMIN_PASSWORD: administrator.password,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout! })
  const codes = collectCodes(lines)
  const { url, mqttUrl } = await readGreeting(child, lines)
  const clients: MqttClient[] = []
  const token = await fetchToken(url)

  async function administer(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'x-forwarded-for': drawAddress(),
      },
      body: body === undefined ? null : JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return answer.status === 204 ? undefined : answer.json()
  }

  async function addPerson(person: NewPerson): Promise<Person> {
    const email = `${person.name.toLowerCase().replaceAll(/\W+/g, '.')}@prahari.local`
    const password = `the password of ${person.name}`
    const { user } = (await administer('POST', '/api/auth/register', { ...person, email, password })) as {
      readonly user: { readonly id: string }
    }
    return { ...person, id: user.id, email, password }
  }

  async function addDevice({ id, name, kinds = [], position }: NewDevice): Promise<TestDevice> {
    const { secret } = (await administer('POST', '/api/devices', { id, name, kinds, position })) as { secret: string }
    const client = await mqtt.connectAsync(mqttUrl, { clientId: id, username: id, password: secret })
    clients.push(client)
    const publish = async (topic: string, payload: unknown) => {
      const bytes = typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload)
      await client.publishAsync(topic, bytes, { qos: 1 })
    }
    return {
      id,
      send: (kind, payload) => publish(topics.telemetry(id, kind), payload),
      pressSos: (payload) => publish(topics.sos(id), payload),
    }
  }

  return {
    url,
    mqttUrl,
    administer,
    addPerson,
    takeCode: codes.take,
    addDevice,
    async stop() {
      await Promise.all(clients.map((client) => client.endAsync(true)))
      if (child.exitCode === null) {
        child.kill('SIGTERM')
        await once(child, 'exit')
      }
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** The addresses are in what the program says to its operator. */
function readGreeting(child: ChildProcess, lines: Interface): Promise<{ url: string; mqttUrl: string }> {
  return new Promise((resolve, reject) => {
    let url: string | undefined
    lines.on('line', (line) => {
      const [, name, value] = /^\s+(Open|MQTT)\s+(\S+)/.exec(line) ?? []
      if (name === 'Open') url = value
      if (name === 'MQTT') resolve({ url: url!, mqttUrl: value! })
    })
    lines.on('close', () => reject(new Error(`the server ended before it was running (exit code ${child.exitCode})`)))
  })
}

/** What the development channel logs instead of sending it. */
function collectCodes(lines: Interface): { take(address: string): Promise<string> } {
  const waiting = new Map<string, string[]>()
  const arrivals = new EventEmitter()
  lines.on('line', (line) => {
    const [, address, code] = /"to":"([^"]+)".*"text":"(\d{6}) /.exec(line) ?? []
    if (address === undefined || code === undefined) return
    waiting.set(address, [...(waiting.get(address) ?? []), code])
    arrivals.emit('code')
  })
  return {
    async take(address) {
      for (;;) {
        const code = waiting.get(address)?.shift()
        if (code !== undefined) return code
        await once(arrivals, 'code')
      }
    },
  }
}

async function fetchToken(url: string): Promise<string> {
  const answer = await fetch(`${url}/api/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(administrator),
  })
  if (!answer.ok) throw new Error(`signing in: ${answer.status}`)
  // The one that does not run out while a slow machine tests.
  return ((await answer.json()) as { token: string }).token
}
