import { once } from 'node:events'
import { connectAsync, type MqttClient } from 'mqtt'
import { io, type Socket } from 'socket.io-client'
import { describe, expect, it, onTestFinished } from 'vitest'
import { liveEvents } from '../../contracts/live.ts'
import { type RunningPrahari, signIn, startRealPrahari } from '../app/running-prahari.ts'
import { aTempDir } from '../support/temp-dir.ts'

const email = 'ravi@city.example'
const password = 'a password of an operator'

interface Tokens {
  readonly accessToken: string
  readonly user: { readonly id: string }
}

async function call(url: string, method: string, path: string, body: unknown, token?: string) {
  const response = await fetch(url + path, {
    method,
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: response.status === 204 ? undefined : await response.json() }
}

/** One sign-in with everything it can have open: a dashboard's socket, and MQTT. */
interface Seat {
  readonly tokens: Tokens
  readonly socket: Socket
  readonly mqtt: MqttClient
  readonly socketClosed: Promise<unknown>
  readonly mqttClosed: Promise<unknown>
}

async function takeSeat({ url, mqttUrl }: RunningPrahari): Promise<Seat> {
  const tokens = (await call(url, 'POST', '/api/auth/login', { email, password })).body as Tokens
  const auth = { token: tokens.accessToken }
  const socket = io(url, { auth, transports: ['websocket'], reconnection: false, forceNew: true })
  await once(socket as never, 'connect')
  await socket.emitWithAck(liveEvents.subscribe, {})
  const mqtt = await connectAsync(mqttUrl, { username: email, password: tokens.accessToken, reconnectPeriod: 0 })
  await mqtt.subscribeAsync('v1/devices/+/telemetry/#', { qos: 1 })
  onTestFinished(async () => {
    socket.close()
    await mqtt.endAsync(true)
  })
  const mqttClosed = new Promise((resolve) => mqtt.once('close', () => resolve('closed')))
  return { tokens, socket, mqtt, socketClosed: once(socket as never, 'disconnect'), mqttClosed }
}

async function anOperator() {
  const prahari = await startRealPrahari(await aTempDir())
  const admin = await signIn(prahari.url)
  await admin.post('/api/auth/register', { name: 'Ravi', email, password, role: 'operator' })
  const patch = (userId: string, body: unknown) => call(prahari.url, 'PATCH', `/api/users/${userId}`, body, admin.token)
  return { prahari, patch }
}

describe('access that ends over HTTP ends at once on what is open', () => {
  it.each([
    ['a ban', { isBanned: true }],
    ['a lesser role', { role: 'citizen' }],
  ])('%s closes the socket and the MQTT connection', async (_, change) => {
    const { prahari, patch } = await anOperator()
    const seat = await takeSeat(prahari)
    expect((await patch(seat.tokens.user.id, change)).status).toBe(200)
    await Promise.all([seat.socketClosed, seat.mqttClosed])
    const answer = await call(prahari.url, 'POST', '/api/alerts/x/comment', { note: 'x' }, seat.tokens.accessToken)
    expect([401, 403]).toContain(answer.status)
  })

  it('a new password closes every other session, and not the one that changed it', async () => {
    const { prahari } = await anOperator()
    const [here, there] = [await takeSeat(prahari), await takeSeat(prahari)]
    const body = { currentPassword: password, newPassword: 'another password of his' }
    const { accessToken } = here.tokens
    expect((await call(prahari.url, 'POST', '/api/auth/change-password', body, accessToken)).status).toBe(204)
    await Promise.all([there.socketClosed, there.mqttClosed])
    expect(await here.socket.emitWithAck(liveEvents.viewport, { viewport: null })).toEqual({ ok: true })
    expect(here.mqtt.connected).toBe(true)
  })

  it('a session ended from elsewhere closes what it had open', async () => {
    const { prahari } = await anOperator()
    const [here, there] = [await takeSeat(prahari), await takeSeat(prahari)]
    const { accessToken } = here.tokens
    expect((await call(prahari.url, 'DELETE', '/api/auth/sessions', {}, accessToken)).status).toBe(204)
    await Promise.all([there.socketClosed, there.mqttClosed])
    expect(here.socket.connected).toBe(true)
  })
})
