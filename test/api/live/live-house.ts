import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pino } from 'pino'
import { io, type Socket } from 'socket.io-client'
import { onTestFinished } from 'vitest'
import { createLiveFeed, type LiveFeed, type LiveOptions } from '../../../api/live/index.ts'
import { type Bus, type BusChannel, createMemoryBus } from '../../../contracts/bus.ts'
import {
  type LiveDelta,
  type LiveRefusal,
  type LiveSnapshot,
  type LiveSubscribe,
  liveEvents,
} from '../../../contracts/live.ts'
import { applyDelta, applySnapshot, createLiveState, type LiveState } from '../../../contracts/live-state.ts'
import type { LatestReading, LatestReadings } from '../../../contracts/ports/telemetry.ts'
import type { Role } from '../../../contracts/roles.ts'
import { type Accounts, createAccounts } from '../../../people/index.ts'
import {
  type AlertDesk,
  createAlertDesk,
  createSosDesk,
  createSosViews,
  type SosDesk,
  type SosViews,
} from '../../../safety/index.ts'
import { createDeviceDirectory, openRecords, type Records } from '../../../store/index.ts'
import { recordsKey } from '../../store/records/fixture.ts'
import { anInbox } from '../../support/inbox.ts'
import { aTempDir } from '../../support/temp-dir.ts'
import { ingestStats, startMs } from './builders.ts'

export interface LiveHouse {
  readonly httpServer: Server
  readonly url: string
  readonly live: LiveFeed
  readonly records: Records
  readonly accounts: Accounts
  readonly alertDesk: AlertDesk
  readonly sosDesk: SosDesk
  readonly sosViews: SosViews
  readonly bus: Bus
  readonly clock: { nowMs: number }
  readonly online: Set<string>
  /** As if ingest had stored them. */
  pushReadings(readings: readonly LatestReading[]): void
  /** A new user of the role, signed in. */
  aToken(role: Role): Promise<{ readonly userId: string; readonly token: string; readonly email: string }>
  signIn(email: string): Promise<string>
  screen(options: { readonly token: unknown; readonly transports?: ('websocket' | 'polling')[] }): Screen
  /** A screen of a new user that is connected and has its picture. */
  aScreenOf(role: Role, request?: LiveSubscribe): Promise<Screen>
}

const password = 'correct horse battery staple'

/** The live feed on a real HTTP server, over real records, accounts and desks. Only ingest is played by the test. */
export async function aLiveHouse(
  options: Partial<LiveOptions> = {},
  prepare: (house: { records: Records; sosDesk: SosDesk; alertDesk: AlertDesk }) => Promise<void> = async () => {},
  /** What the feed does not hear of. */
  deafTo?: BusChannel,
  /** Where views of an SOS are written down. */
  viewRecords?: Pick<Records, 'transaction'>,
): Promise<LiveHouse> {
  const clock = { nowMs: startMs }
  const now = () => clock.nowMs
  const log = pino({ level: 'silent' })
  const bus = createMemoryBus({
    onHandlerError: (error) => {
      throw error
    },
  })
  const records = await openRecords({ path: join(await aTempDir(), 'records.sqlite'), key: recordsKey, bus, now, log })
  const directory = createDeviceDirectory({ records })
  await directory.start()
  const inbox = anInbox()
  const accounts = createAccounts({ records, now, messenger: inbox, jwtSecret: 'test'.repeat(16), bcryptCost: 4 })
  const alertDesk = createAlertDesk({ records, bus, now, log })
  await alertDesk.start()
  const sosDesk = createSosDesk({ records, bus, now })
  const sosViews = createSosViews({ records: viewRecords ?? records, log })
  await prepare({ records, sosDesk, alertDesk })

  const readings = new Map<string, LatestReading>()
  const listeners = new Set<(changed: readonly LatestReading[]) => void>()
  const latest: LatestReadings = {
    of: (deviceId) => [...readings.values()].filter((reading) => reading.deviceId === deviceId),
    all: () => readings.values(),
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  const online = new Set<string>()
  let received = 0
  const live = createLiveFeed({
    accounts,
    directory,
    latest,
    alertDesk,
    sosDesk,
    sosViews,
    ingest: { stats: () => ingestStats(received) },
    broker: {
      isOnline: (deviceId) => online.has(deviceId),
      stats: () => ({ connections: 3, connectionsMax: 10, publishesReceived: 0, throttled: 0, refusals: {} }),
    },
    bus: { ...bus, subscribe: (channel, handler) => (channel === deafTo ? () => {} : bus.subscribe(channel, handler)) },
    log,
    now,
    options: { stepEveryMs: 10, systemEveryMs: 20, ...options },
  })
  const httpServer = createServer((_request, response) => response.end('hello'))
  live.attach(httpServer)
  await live.start()
  httpServer.listen(0, '127.0.0.1')
  await once(httpServer, 'listening')
  const url = `http://127.0.0.1:${(httpServer.address() as AddressInfo).port}`
  const screens: Screen[] = []
  onTestFinished(async () => {
    for (const screen of screens) screen.socket.disconnect()
    await live.stop()
    await sosViews.stop()
    httpServer.closeAllConnections()
    httpServer.close()
    await records.close()
  })

  let userCount = 0
  const signIn = async (email: string) =>
    (await accounts.signIn({ email, password, clientAddress: '192.0.2.1' })).accessToken
  const house: LiveHouse = {
    httpServer,
    url,
    live,
    records,
    accounts,
    alertDesk,
    sosDesk,
    sosViews,
    bus,
    clock,
    online,
    pushReadings(changed) {
      received += changed.length
      for (const reading of changed) readings.set(`${reading.deviceId} ${reading.kind}`, reading)
      for (const listener of listeners) listener(changed)
    },
    async aToken(role) {
      const email = `${role}-${userCount++}@city.example`
      const { id } = await accounts.createUser({ email, password, name: role, role, by: 'system' })
      return { userId: id, email, token: await signIn(email) }
    },
    signIn,
    screen({ token, transports = ['websocket'] }) {
      const screen = createScreen(io(url, { auth: { token }, transports, reconnection: false, forceNew: true }))
      screens.push(screen)
      return screen
    },
    async aScreenOf(role, request = {}) {
      const screen = house.screen({ token: (await house.aToken(role)).token })
      await screen.subscribe(request)
      await screen.until(() => screen.state.epoch !== '')
      return screen
    },
  }
  return house
}

/** What an operator's browser does with the feed, and a record of what it was told. */
export interface Screen {
  readonly socket: Socket
  readonly state: LiveState
  readonly snapshots: LiveSnapshot[]
  readonly deltas: LiveDelta[]
  readonly notices: (LiveRefusal & { graceMs: number })[]
  readonly gaps: number
  /** Resolves with the error code the handshake was refused with, or `connected`. */
  readonly arrival: Promise<string>
  readonly departure: Promise<string>
  request(event: string, body: unknown): Promise<unknown>
  subscribe(request?: LiveSubscribe): Promise<unknown>
  /** Waits for messages until something is so. */
  until(isSo: () => boolean): Promise<void>
}

function createScreen(socket: Socket): Screen {
  const state = createLiveState()
  const snapshots: LiveSnapshot[] = []
  const deltas: LiveDelta[] = []
  const notices: Screen['notices'] = []
  const watchers = new Set<() => void>()
  let gaps = 0
  socket.on(liveEvents.snapshot, (snapshot: LiveSnapshot) => {
    snapshots.push(snapshot)
    applySnapshot(state, snapshot)
  })
  socket.on(liveEvents.delta, (delta: LiveDelta) => {
    deltas.push(delta)
    if (applyDelta(state, delta).type === 'gap') gaps++
  })
  socket.on(liveEvents.reauthenticate, (notice) => notices.push(notice))
  socket.onAny(() => {
    // After the listeners above, which hear of the message in the same turn.
    setImmediate(() => {
      for (const look of watchers) look()
    })
  })
  const screen: Screen = {
    socket,
    state,
    snapshots,
    deltas,
    notices,
    get gaps() {
      return gaps
    },
    arrival: new Promise((resolve) => {
      socket.once('connect', () => resolve('connected'))
      socket.once('connect_error', (error: Error & { data?: { code?: string } }) =>
        resolve(error.data?.code ?? error.message),
      )
    }),
    departure: new Promise((resolve) => {
      socket.once('disconnect', resolve)
    }),
    request: (event, body) => socket.emitWithAck(event, body),
    async subscribe(request = {}) {
      return screen.request(liveEvents.subscribe, request)
    },
    until: (isSo) =>
      new Promise((resolve) => {
        const look = () => {
          if (!isSo()) return
          watchers.delete(look)
          resolve()
        }
        watchers.add(look)
        look()
      }),
  }
  return screen
}
