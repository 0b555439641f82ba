import { randomUUID } from 'node:crypto'
import type { Server as HttpServer } from 'node:http'
import type { Logger } from 'pino'
import type { Alert } from '../../contracts/alert.ts'
import type { Bus } from '../../contracts/bus.ts'
import type { LiveSystem } from '../../contracts/live.ts'
import type { BrokerControl } from '../../contracts/ports/broker.ts'
import type { SocketPager } from '../../contracts/ports/outbox.ts'
import type { IngestControl, LatestReadings } from '../../contracts/ports/telemetry.ts'
import type { Service } from '../../contracts/service.ts'
import { openSosStates, type SosRecord } from '../../contracts/sos.ts'
import type { Accounts } from '../../people/index.ts'
import type { AlertDesk, SosViews } from '../../safety/index.ts'
import type { MemoryDeviceDirectory, Page, PageQuery } from '../../store/index.ts'
import { type CityState, createCityState } from './city-state.ts'
import { createFeed, type Feed, type FeedStats } from './feed.ts'
import { createLegacyClients } from './legacy/legacy-clients.ts'
import type { LegacyDeps } from './legacy/legacy-events.ts'
import { defaultLiveOptions, type LiveOptions } from './options.ts'
import { createSocketServer, type SocketStats } from './socket-server.ts'

export interface LiveFeedDeps {
  readonly accounts: Pick<Accounts, 'verify'>
  readonly directory: Pick<MemoryDeviceDirectory, 'all'>
  readonly latest: LatestReadings
  readonly alertDesk: Pick<AlertDesk, 'list'>
  readonly sosDesk: LegacyDeps['sosDesk']
  readonly sosViews: Pick<SosViews, 'over'>
  readonly ingest: Pick<IngestControl, 'stats'>
  /** Absent when the broker runs in another process. */
  readonly broker?: Pick<BrokerControl, 'isOnline' | 'stats'>
  readonly bus: Bus
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>
  readonly now: () => number
  readonly options?: Partial<LiveOptions>
}

export interface LiveFeedStats extends FeedStats, SocketStats {}

/** The operators' live feed of contracts/live.ts. Start it before the server it is attached to listens. */
export interface LiveFeed extends Service, SocketPager {
  /** Takes requests and upgrades of `/socket.io` and leaves all others alone. Call it once. */
  attach(httpServer: HttpServer): void
  stats(): LiveFeedStats
}

const listLimit = 1000

export function createLiveFeed(deps: LiveFeedDeps): LiveFeed {
  const { accounts, latest, sosViews, broker, bus, log, now } = deps
  const options: LiveOptions = { ...defaultLiveOptions, ...deps.options }
  const city = createCityState({
    now,
    latestOf: (deviceId) => latest.of(deviceId),
    isOnline: (deviceId) => broker?.isOnline(deviceId) ?? false,
  })
  const onError = (error: unknown) => log.error({ err: error }, 'live feed failed to tell its viewers')
  const feed = createFeed({ epoch: randomUUID(), city, options, now, onError })
  const noteSosView = sosViews.over('live-feed')
  const { sosDesk } = deps
  const legacy = createLegacyClients({ sosDesk, noteSosView, bus, now, onError, roomsMax: options.roomsMax })
  const sockets = createSocketServer({ accounts, feed, legacy, noteSosView, options, now, log })
  const describeSystem = createSystemObserver(deps, () => feed.stats().viewers)
  let subscriptions: (() => void)[] = []
  let secondTimer: NodeJS.Timeout | undefined

  function everySecond(): void {
    city.noticeSilence()
    sockets.watchClock()
    feed.setSystem(JSON.stringify(describeSystem()))
  }

  return {
    name: 'live-feed',
    attach: sockets.attach,
    page: sockets.page,
    async start() {
      const events = followEvents({ bus, latest, city, feed })
      subscriptions = [
        ...events.subscriptions,
        ...legacy.follow(),
        bus.subscribe('access-changed', ({ userId }) => sockets.recheck(userId)),
      ]
      await loadCity(deps, city)
      events.release()
      everySecond()
      secondTimer = setInterval(everySecond, options.systemEveryMs)
      sockets.open()
      log.info({ devices: city.devices.size, alerts: city.openAlerts.size }, 'live feed is ready')
    },
    async stop() {
      clearInterval(secondTimer)
      for (const unsubscribe of subscriptions) unsubscribe()
      subscriptions = []
      feed.stop()
      sockets.close()
    },
    stats: () => ({ ...feed.stats(), ...sockets.stats() }),
  }
}

/** What happens while the lists are read is kept and applied after them: events are newer than any list. */
function followEvents(deps: { bus: Bus; latest: LatestReadings; city: CityState; feed: Feed }): {
  readonly subscriptions: (() => void)[]
  release(): void
} {
  const { bus, latest, city, feed } = deps
  let held: (() => void)[] | undefined = []
  const inTurn =
    <E>(apply: (event: E) => void) =>
    (event: E): void => {
      if (held === undefined) apply(event)
      else held.push(() => apply(event))
    }
  const onAlert = ({ alert }: { alert: Alert }) => {
    if (city.putAlert(alert)) feed.announceAlert(alert)
  }
  const onSos = ({ sos }: { sos: SosRecord }) => {
    if (city.putSos(sos)) feed.announceSos(sos)
  }
  const thenStep =
    <E>(apply: (event: E) => void) =>
    (event: E): void => {
      apply(event)
      if (city.hasChanges) feed.requestStep()
    }
  const subscriptions = [
    bus.subscribe('sos-pressed', inTurn(onSos)),
    bus.subscribe('sos-changed', inTurn(onSos)),
    bus.subscribe('sos-position', inTurn(onSos)),
    bus.subscribe('alert-changed', inTurn(onAlert)),
    bus.subscribe(
      'device-changed',
      inTurn(
        thenStep(({ device, change }) =>
          change === 'deleted' ? city.removeDevice(device.id) : city.putDevice(device),
        ),
      ),
    ),
    bus.subscribe('device-presence', inTurn(thenStep(city.putPresence))),
    bus.subscribe('device-location', inTurn(thenStep(city.putLocation))),
    latest.onChange(inTurn(thenStep(city.putReadings))),
  ]
  return {
    subscriptions,
    release() {
      const waiting = held ?? []
      held = undefined
      for (const apply of waiting) apply()
    },
  }
}

async function loadCity({ directory, alertDesk, sosDesk }: LiveFeedDeps, city: CityState): Promise<void> {
  for (const device of directory.all()) city.putDevice(device)
  const open = { states: ['firing', 'acknowledged'] as const }
  await forEachPage((page) => alertDesk.list({ ...open, ...page }), city.putAlert)
  await forEachPage((page) => sosDesk.list({ states: openSosStates, ...page }), city.putSos)
}

async function forEachPage<T>(read: (query: PageQuery) => Promise<Page<T>>, take: (item: T) => void): Promise<void> {
  let cursor: string | undefined
  do {
    const page = await read({ limit: listLimit, cursor })
    page.items.forEach(take)
    cursor = page.nextCursor
  } while (cursor !== undefined)
}

function createSystemObserver({ ingest, broker, now }: LiveFeedDeps, countViewers: () => number): () => LiveSystem {
  let before: { readonly atMs: number; readonly received: number } | undefined
  return () => {
    const atMs = now()
    const stats = ingest.stats()
    const { received } = stats.readings
    const elapsedS = before === undefined ? 0 : (atMs - before.atMs) / 1000
    const readingsPerS = before === undefined || elapsedS <= 0 ? 0 : (received - before.received) / elapsedS
    before = { atMs, received }
    return {
      atMs,
      ingest: stats,
      connections: broker?.stats().connections ?? 0,
      readingsPerS: Math.round(readingsPerS * 10) / 10,
      viewers: countViewers(),
    }
  }
}
