import { once } from 'node:events'
import { connectAsync, type MqttClient } from 'mqtt'
import { pino } from 'pino'
import { io, type Socket } from 'socket.io-client'
import { onTestFinished } from 'vitest'
import { readConfig } from '../../app/config/config.ts'
import { createLifecycle } from '../../app/lifecycle.ts'
import { type Prahari, startPrahari } from '../../app/prahari.ts'
import { liveEvents } from '../../contracts/live.ts'
import { applyDelta, applySnapshot, createLiveState, type LiveState } from '../../contracts/live-state.ts'

export const administrator = { email: 'asha@city.example', password: 'a password of this test' } as const

export interface RunningPrahari extends Prahari {
  readonly url: string
  readonly mqttUrl: string
  stop(): Promise<void>
}

/** The real thing, composed as in production, on ports of its own. Stopped when the test is over, if not before. */
export async function startRealPrahari(dataDir: string, env: Record<string, string> = {}): Promise<RunningPrahari> {
  const config = readConfig({
    env: {
      PRAHARI_DATA_DIR: dataDir,
      PRAHARI_HTTP_PORT: '0',
      PRAHARI_MQTT_PORT: '0',
      PRAHARI_DEMO: 'off',
      PRAHARI_ADMIN_EMAIL: administrator.email,
      PRAHARI_ADMIN_PASSWORD: administrator.password,
      ...env,
    },
    workingDir: dataDir,
    isTerminal: false,
    serves: true,
  })
  const log = pino({ level: 'silent' })
  const lifecycle = createLifecycle({ stopDeadlineMs: 20_000, log })
  onTestFinished(() => lifecycle.stop())
  const prahari = await startPrahari({ config, log, lifecycle, now: Date.now })
  return { ...prahari, url: prahari.url!, mqttUrl: prahari.mqttUrl!, stop: lifecycle.stop }
}

export interface SignedIn {
  readonly token: string
  get<T>(path: string): Promise<T>
  post<T>(path: string, body: unknown): Promise<T>
}

export async function signIn(url: string): Promise<SignedIn> {
  const call = async <T>(method: string, path: string, body?: unknown, token?: string): Promise<T> => {
    const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) }
    const response = await fetch(`${url}${path}`, {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const answer = (await response.json()) as T
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`)
    return answer
  }
  const { accessToken: token } = await call<{ accessToken: string }>('POST', '/api/auth/login', administrator)
  return {
    token,
    get: (path) => call('GET', path, undefined, token),
    post: (path, body) => call('POST', path, body, token),
  }
}

/** Registers a device and connects as it. */
export async function connectDevice(api: SignedIn, mqttUrl: string, id: string): Promise<MqttClient> {
  const { secret } = await api.post<{ secret: string }>('/api/devices', {
    id,
    kinds: ['noise'],
    position: { latitude: 15, longitude: 88 },
  })
  const client = await connectAsync(mqttUrl, { clientId: id, username: id, password: secret, reconnectPeriod: 0 })
  onTestFinished(() => client.endAsync(true))
  return client
}

/** A dashboard's picture of the city, kept up to date. */
export async function watchCity(
  url: string,
  token: string,
): Promise<{
  readonly state: LiveState
  readonly socket: Socket
  until(isTrue: (state: LiveState) => boolean): Promise<void>
}> {
  const socket = io(url, { auth: { token }, transports: ['websocket'], reconnection: false })
  onTestFinished(() => void socket.close())
  const state = createLiveState()
  const waiting = new Set<() => void>()
  const changed = () => {
    for (const look of [...waiting]) look()
  }
  socket.on(liveEvents.snapshot, (snapshot) => {
    applySnapshot(state, snapshot)
    changed()
  })
  socket.on(liveEvents.delta, (delta) => {
    applyDelta(state, delta)
    changed()
  })
  await once(socket as never, 'connect')
  await socket.emitWithAck(liveEvents.subscribe, {})
  const until = (isTrue: (state: LiveState) => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!isTrue(state)) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      look()
    })
  return { state, socket, until }
}
