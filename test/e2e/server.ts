import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import mqtt, { type MqttClient } from 'mqtt'
import { topics } from '../../contracts/topics.ts'

export const administrator = { email: 'admin@prahari.local', password: 'six correct horses and a battery' }

/** How far ahead a reading's clock may be here: short, so that a message set aside for it soon becomes acceptable. */
export const timeAheadMaxMs = 5000

/** The program itself, as an operator starts it. */
export interface RunningServer {
  readonly url: string
  readonly mqttUrl: string
  /** Registers a device and connects as it. */
  addDevice(device: NewDevice): Promise<TestDevice>
  stop(): Promise<void>
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

export async function startServer(options: { readonly demo: boolean }): Promise<RunningServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'prahari-e2e-'))
  const child = spawn(process.execPath, ['bin/prahari.mjs', 'start', '--data-dir', dataDir], {
    env: {
      PATH: process.env.PATH,
      PRAHARI_HTTP_PORT: '0',
      PRAHARI_MQTT_PORT: '0',
      PRAHARI_DEMO: options.demo ? 'on' : 'off',
      PRAHARI_LOG_LEVEL: 'error',
      PRAHARI_TIME_AHEAD_MAX_S: String(timeAheadMaxMs / 1000),
      PRAHARI_ADMIN_EMAIL: administrator.email,
      PRAHARI_ADMIN_PASSWORD: administrator.password,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const { url, mqttUrl } = await readGreeting(child)
  const clients: MqttClient[] = []
  const token = await fetchToken(url)

  async function addDevice({ id, name, kinds = [], position }: NewDevice): Promise<TestDevice> {
    const answer = await fetch(`${url}/api/devices`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ id, name, kinds, position }),
    })
    if (answer.status !== 201) throw new Error(`registering ${id}: ${answer.status} ${await answer.text()}`)
    const { secret } = (await answer.json()) as { secret: string }
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
async function readGreeting(child: ChildProcess): Promise<{ url: string; mqttUrl: string }> {
  const found: { url?: string; mqttUrl?: string } = {}
  for await (const line of createInterface({ input: child.stdout! })) {
    const [, name, value] = /^\s+(Open|MQTT)\s+(\S+)/.exec(line) ?? []
    if (name === 'Open') found.url = value
    if (name === 'MQTT') found.mqttUrl = value
    if (found.url !== undefined && found.mqttUrl !== undefined) {
      child.stdout!.resume()
      return { url: found.url, mqttUrl: found.mqttUrl }
    }
  }
  throw new Error(`the server ended before it was running (exit code ${child.exitCode})`)
}

async function fetchToken(url: string): Promise<string> {
  const answer = await fetch(`${url}/api/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(administrator),
  })
  if (!answer.ok) throw new Error(`signing in: ${answer.status}`)
  return ((await answer.json()) as { accessToken: string }).accessToken
}
