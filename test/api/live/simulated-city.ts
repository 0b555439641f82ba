import { expect } from 'vitest'
import { type CityState, createCityState } from '../../../api/live/city-state.ts'
import type { Connection } from '../../../api/live/connection.ts'
import { createFeed, type Feed } from '../../../api/live/feed.ts'
import { defaultLiveOptions, type LiveOptions } from '../../../api/live/options.ts'
import type { Viewer } from '../../../api/live/viewer.ts'
import type { Alert } from '../../../contracts/alert.ts'
import { findKind } from '../../../contracts/kinds/index.ts'
import type { LiveViewport } from '../../../contracts/live.ts'
import { isInArea } from '../../../contracts/live-area.ts'
import { applyDelta, applySnapshot, createLiveState, type LiveState } from '../../../contracts/live-state.ts'
import type { SosRecord } from '../../../contracts/sos.ts'
import { aDevice, anAlert, anSos, aReading, startMs } from './builders.ts'

/** A line to a client that delivers when told to, and may stop taking anything. */
export interface TestLine extends Connection {
  isStalled: boolean
  readonly queued: string[]
  readonly packetsMax: number
  /** Hands over up to so many packets, in order. */
  deliver(count: number): void
}

function createTestLine(receive: (packet: string) => void, onSent: (packet: string) => void = () => {}): TestLine {
  const queued: string[] = []
  let packetsMax = 0
  return {
    isStalled: false,
    queued,
    get packetsMax() {
      return packetsMax
    },
    isIdle() {
      return !this.isStalled || queued.length === 0
    },
    hasRoom(limits) {
      if (!this.isStalled) return true
      const bytes = queued.reduce((sum, packet) => sum + packet.length, 0)
      return queued.length < limits.packetsMax && bytes < limits.bytesMax
    },
    send({ text }) {
      onSent(text)
      queued.push(text)
      if (this.isStalled) packetsMax = Math.max(packetsMax, queued.length)
    },
    deliver(count) {
      for (const packet of queued.splice(0, count)) receive(packet)
    },
  }
}

/** An operator's screen whose line comes and goes; its picture outlives the line. */
export interface TestClient {
  readonly state: LiveState
  readonly maySeeSos: boolean
  /** SOS it has shown, also ahead of their turn. */
  readonly sosShown: Set<string>
  /** SOS whose place was in a packet to it, and those of which the feed said so. */
  readonly placesSent: Set<string>
  readonly placesNoted: Set<string>
  viewer: Viewer | undefined
  line: TestLine
  request: LiveViewport
  resumedCount: number
  snapshotCount: number
}

export interface SimulatedCity {
  readonly city: CityState
  readonly feed: Feed
  readonly clients: TestClient[]
  act(random: () => number): void
  /** Gives every client a free line. */
  settle(): void
  /** Everybody opens the page of a device that is on the screen already. */
  openPages(): void
  readonly activeSos: ReadonlyMap<string, SosRecord>
}

const kinds = ['air-quality', 'noise']
const cityBox = { west: 72.8, south: 18.9, east: 73.0, north: 19.1 }

/** The truth is kept here, apart from the feed's own, so that the two can be compared. */
export function createSimulatedCity(options: Partial<LiveOptions>, onError: (error: unknown) => void): SimulatedCity {
  let nowMs = startMs
  let made = 0
  const now = () => nowMs
  const city = createCityState({ now, latestOf: () => [], isOnline: () => false })
  const feed = createFeed({ epoch: 'run', city, now, onError, options: { ...defaultLiveOptions, ...options } })
  const clients: TestClient[] = []
  const alerts = new Map<string, Alert>()
  const activeSos = new Map<string, SosRecord>()

  const pick = <T>(random: () => number, items: readonly T[]): T | undefined =>
    items[Math.floor(random() * items.length)]
  const between = (random: () => number, low: number, high: number) => low + random() * (high - low)
  const deviceIds = () => [...city.devices.keys()]
  const somewhere = (random: () => number) => ({
    latitude: between(random, cityBox.south, cityBox.north),
    longitude: between(random, cityBox.west, cityBox.east),
  })

  function someRequest(random: () => number): LiveViewport {
    const focus = random() < 0.3 ? [pick(random, deviceIds()) ?? 'd-none', 'd-1'] : []
    if (random() < 0.3) return { viewport: null, focus }
    const { latitude: south, longitude: west } = somewhere(random)
    const size = between(random, 0.005, 0.2)
    return { viewport: { west, south, east: west + size, north: south + size }, focus }
  }

  function connect(client: TestClient): void {
    const line = createTestLine(
      (packet) => receive(client, packet),
      (packet) => {
        const sos: SosRecord[] = JSON.parse(packet.slice(1))[1].sos ?? []
        for (const { id, location } of sos) if (location !== undefined) client.placesSent.add(id)
      },
    )
    client.line = line
    client.viewer = feed.addViewer({
      connection: line,
      seesSos: client.maySeeSos,
      sawPlaceOf: (id) => client.placesNoted.add(id),
    })
    const { epoch, seq, view } = client.state
    const resumed = feed.subscribe(client.viewer, client.request, epoch === '' ? undefined : { epoch, seq, view })
    if (resumed) client.resumedCount++
  }

  function disconnect(client: TestClient): void {
    if (client.viewer !== undefined) feed.removeViewer(client.viewer)
    client.viewer = undefined
    client.line = createTestLine(() => {})
  }

  function raise(deviceId: string): void {
    const alert = anAlert({ id: `a-${made++}`, deviceId, updatedAtMs: nowMs })
    alerts.set(alert.id, alert)
    if (city.putAlert(alert)) feed.announceAlert(alert)
  }

  const actions: readonly [weight: number, act: (random: () => number) => void][] = [
    [
      3,
      (random) =>
        city.putDevice(aDevice({ id: `d-${made++}`, position: random() < 0.9 ? somewhere(random) : undefined })),
    ],
    [1, (random) => city.removeDevice(pick(random, deviceIds()) ?? '')],
    [3, (random) => city.putLocation({ deviceId: pick(random, deviceIds()) ?? '', ...somewhere(random) })],
    [
      1,
      (random) => {
        const device = pick(random, [...city.devices.values()])?.device
        const isPersonal = random() < 0.5
        if (device) city.putDevice({ ...device, isPersonal, updatedAtMs: nowMs })
      },
    ],
    [2, (random) => city.putPresence({ deviceId: pick(random, deviceIds()) ?? '', online: random() < 0.5 })],
    [
      1,
      (random) => {
        const device = pick(random, [...city.devices.values()])?.device
        if (device) city.putDevice({ ...device, name: `renamed ${made++}`, updatedAtMs: nowMs })
      },
    ],
    [
      8,
      (random) => {
        const readings = Array.from({ length: 1 + Math.floor(random() * 8) }, () =>
          aReading({
            deviceId: pick(random, deviceIds()) ?? 'd-none',
            kind: pick(random, kinds)!,
            observedAtMs: nowMs - Math.floor(random() * 5000),
            values: random() < 0.5 ? { pm25: made++, co2: 430 } : { pm25: made++, laeq: random() },
          }),
        )
        city.putReadings(readings)
      },
    ],
    [2, (random) => raise(pick(random, deviceIds()) ?? 'd-none')],
    [
      0.2,
      () => {
        for (let count = 0; count < 15; count++) raise('d-none')
      },
    ],
    [
      2,
      (random) => {
        const open = pick(random, [...alerts.values()])
        if (open === undefined) return
        const state = random() < 0.4 ? 'acknowledged' : 'resolved'
        const changed: Alert = { ...open, state, updatedAtMs: nowMs }
        if (state === 'resolved') alerts.delete(open.id)
        else alerts.set(open.id, changed)
        if (city.putAlert(changed)) feed.announceAlert(changed)
      },
    ],
    [
      1,
      (random) => {
        const isPlaced = random() < 0.7
        const sos = anSos({ id: `s-${made++}`, updatedAtMs: nowMs, ...(!isPlaced && { location: undefined }) })
        activeSos.set(sos.id, sos)
        if (city.putSos(sos)) feed.announceSos(sos)
      },
    ],
    [
      0.5,
      (random) => {
        const active = pick(random, [...activeSos.values()])
        if (active === undefined) return
        activeSos.delete(active.id)
        const resolved: SosRecord = { ...active, state: 'resolved', updatedAtMs: nowMs }
        if (city.putSos(resolved)) feed.announceSos(resolved)
      },
    ],
    [
      1,
      (random) => {
        if (clients.length >= 8) return
        const client: TestClient = {
          state: createLiveState(),
          maySeeSos: random() < 0.7,
          sosShown: new Set(),
          placesSent: new Set(),
          placesNoted: new Set(),
          viewer: undefined,
          line: createTestLine(() => {}),
          request: someRequest(random),
          resumedCount: 0,
          snapshotCount: 0,
        }
        clients.push(client)
        connect(client)
      },
    ],
    [
      2,
      (random) => {
        const client = pick(random, clients)
        if (client === undefined) return
        if (client.viewer !== undefined) return disconnect(client)
        if (random() < 0.3) client.request = someRequest(random)
        connect(client)
      },
    ],
    [
      2,
      (random) => {
        const client = pick(random, clients)
        if (client?.viewer === undefined) return
        client.request = someRequest(random)
        feed.changeView(client.viewer, client.request)
      },
    ],
    [
      2,
      (random) => {
        const client = pick(random, clients)
        if (client !== undefined) client.line.isStalled = random() < 0.5
      },
    ],
    [
      0.5,
      (random) => {
        const viewer = pick(random, clients)?.viewer
        if (viewer !== undefined) feed.setStanding(viewer, random() < 0.5)
      },
    ],
    [
      6,
      (random) => {
        const client = pick(random, clients)
        if (client !== undefined && !client.line.isStalled) client.line.deliver(1 + Math.floor(random() * 5))
      },
    ],
  ]
  const weightSum = actions.reduce((sum, [weight]) => sum + weight, 0)

  return {
    city,
    feed,
    clients,
    activeSos,
    act(random) {
      nowMs += Math.floor(random() * 120)
      let at = random() * weightSum
      const action = actions.find(([weight]) => {
        at -= weight
        return at < 0
      })
      action?.[1](random)
      if (city.hasChanges) feed.requestStep()
    },
    openPages() {
      for (const client of clients) {
        const known = [...client.state.devices.keys()].find((id) => !client.state.view.focus.includes(id))
        if (client.viewer === undefined || known === undefined) continue
        client.request = { ...client.request, focus: [known] }
        feed.changeView(client.viewer, client.request)
      }
    },
    settle() {
      nowMs += 10_000
      for (const client of clients) {
        if (client.viewer === undefined) connect(client)
        else feed.setStanding(client.viewer, false)
        client.line.isStalled = false
        client.line.deliver(Number.POSITIVE_INFINITY)
      }
      feed.requestStep()
    },
  }
}

function receive(client: TestClient, packet: string): void {
  const [event, message] = JSON.parse(packet.slice(1))
  if (event === 'live:snapshot') {
    client.snapshotCount++
    for (const { id } of applySnapshot(client.state, message).sos) client.sosShown.add(id)
    return
  }
  const applied = applyDelta(client.state, message)
  if (applied.type === 'gap') throw new Error(`a gap: at ${client.state.seq}, told ${message.fromSeq}..${message.seq}`)
  for (const { id } of applied.sos) client.sosShown.add(id)
}

/** Holds a client's picture against the city. */
export function expectSamePicture(client: TestClient, simulated: SimulatedCity): void {
  const { state } = client
  const { city } = simulated
  const inView = [...city.devices.values()].filter(
    (device) => isInArea(state.view.area, device) || state.view.focus.includes(device.id),
  )
  expect([...state.devices.keys()].sort()).toEqual(inView.map(({ id }) => id).sort())
  for (const device of inView) {
    const told = state.devices.get(device.id)!
    const { id, latitude, longitude, online, severity } = device
    expect(told).toMatchObject({
      id,
      latitude,
      longitude,
      online,
      severity,
      state: device.state,
      name: device.device.name,
    })
    const isFull = state.view.detail === 'full' || state.view.focus.includes(id)
    for (const { kind, atMs, values } of device.latest.values()) {
      const reading = told.latest[kind]!
      if (isFull) expect(reading).toEqual({ atMs, values: ofKind(kind, values) })
      else {
        const primary = findKind(kind)!.card.primary
        expect(reading.values[primary]).toBe(values[primary])
        expect(Math.abs(reading.atMs - atMs)).toBeLessThanOrEqual(50)
      }
    }
  }
  expect(new Map([...state.alerts].sort())).toEqual(new Map([...city.openAlerts].sort()))
  expect([...state.sos.keys()].sort()).toEqual(client.maySeeSos ? [...simulated.activeSos.keys()].sort() : [])
  if (!client.maySeeSos) expect(client.sosShown.size).toBe(0)
}

function ofKind(kind: string, values: Readonly<Record<string, number>>): Record<string, number> {
  const fields = findKind(kind)!.fields
  return Object.fromEntries(Object.entries(values).filter(([name]) => name in fields))
}
