import { describe, expect, it } from 'vitest'
import type { LiveOptions } from '../../../api/live/index.ts'
import { liveEvents } from '../../../contracts/live.ts'
import { type Role, roles } from '../../../contracts/roles.ts'
import { anAlert, aReading, startMs } from './builders.ts'
import { aLiveHouse, type LiveHouse, type Screen } from './live-house.ts'

const airAt = (id: string, latitude: number, longitude: number) => ({
  id,
  kinds: ['air-quality'],
  position: { latitude, longitude },
  labels: {},
})
const here = { west: 72.8, south: 19.0, east: 72.82, north: 19.02 }
const there = { west: 72.9, south: 19.1, east: 72.92, north: 19.12 }

async function register(house: LiveHouse, id: string, latitude = 19.01, longitude = 72.81): Promise<void> {
  await house.records.devices.register(airAt(id, latitude, longitude))
}

function press(house: LiveHouse, deviceId: string) {
  const atMs = house.clock.nowMs
  return house.sosDesk.press({
    deviceId,
    receivedAtMs: atMs,
    observedAtMs: atMs,
    seq: undefined,
    trigger: 'manual',
    location: { latitude: 19.01, longitude: 72.81 },
    batteryPct: 50,
  })
}

/** Resolves when the screen has been told of everything that happened up to now. */
async function settled(screen: Screen): Promise<void> {
  const told = screen.deltas.length
  await screen.until(() => screen.deltas.slice(told).some((delta) => delta.system !== undefined))
}

describe('who may watch the city', () => {
  const watchers: Role[] = ['operator', 'officer', 'analyst', 'admin', 'super_admin']

  it.each(roles.map((role) => [role, watchers.includes(role) ? 'ok' : 'forbidden']))(
    '%s: %s',
    async (role, outcome) => {
      const house = await aLiveHouse()
      const screen = house.screen({ token: (await house.aToken(role)).token })
      expect(await screen.arrival).toBe('connected')
      if (outcome === 'ok') {
        expect(await screen.subscribe()).toMatchObject({ ok: true, resumed: false, expiresAtMs: startMs + 15 * 60_000 })
        await screen.until(() => screen.snapshots.length === 1)
        return
      }
      expect(await screen.subscribe()).toMatchObject({ error: { code: outcome } })
      const operator = await house.aScreenOf('operator')
      await press(house, 'button-1')
      await operator.until(() => operator.state.sos.size === 1)
      await settled(operator)
      expect([...screen.snapshots, ...screen.deltas]).toEqual([])
    },
  )

  it.each<[string, unknown, string]>([
    ['no token', undefined, 'token-missing'],
    ['an empty token', '', 'token-missing'],
    ['a number', 7, 'token-missing'],
    ['a list', ['a', 'b'], 'token-missing'],
    ['an object that would like to be a string', { toString: 'x' }, 'token-missing'],
    ['a token longer than any of ours', 'x'.repeat(5000), 'token-missing'],
    ['a token that is none of ours', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.', 'invalid-token'],
  ])('refuses %s', async (_case, token, code) => {
    const house = await aLiveHouse()
    expect(await house.screen({ token }).arrival).toBe(code)
    expect(house.live.stats().refusals).toMatchObject({ [code]: 1 })
  })

  it('tells nothing to a socket that has not subscribed', async () => {
    const house = await aLiveHouse()
    const silent = house.screen({ token: (await house.aToken('operator')).token })
    await silent.arrival
    const watching = await house.aScreenOf('operator')
    await press(house, 'button-1')
    await settled(watching)
    expect(await silent.request(liveEvents.viewport, { viewport: null })).toMatchObject({
      error: { code: 'not-subscribed' },
    })
    expect(silent.snapshots.length + silent.deltas.length).toBe(0)
  })

  it('shows what an SOS says only to those who answer it', async () => {
    const house = await aLiveHouse({}, async ({ sosDesk }) => {
      const atMs = startMs
      const press = { receivedAtMs: atMs, observedAtMs: atMs, seq: 1, trigger: 'fall', location: undefined } as const
      await sosDesk.press({ deviceId: 'button-0', batteryPct: undefined, ...press })
    })
    const screens = new Map<Role, Screen>()
    for (const role of watchers) screens.set(role, await house.aScreenOf(role))
    const { sos } = await press(house, 'button-1')
    for (const role of ['operator', 'officer', 'admin', 'super_admin'] as const) {
      const screen = screens.get(role)!
      await screen.until(() => screen.state.sos.has(sos.id))
      expect(screen.state.sos.size).toBe(2)
    }
    const analyst = screens.get('analyst')!
    await settled(analyst)
    expect(analyst.gaps).toBe(0)
    expect(JSON.stringify([analyst.snapshots, analyst.deltas])).not.toContain('button-')
    await house.sosDesk.resolve({ sosId: sos.id, by: 'somebody' })
    const operator = screens.get('operator')!
    await operator.until(() => operator.state.sos.size === 1)
  })

  it('limits connections, for one account and in all', async () => {
    const house = await aLiveHouse({ connectionsPerUserMax: 2, connectionsMax: 3 })
    const { token } = await house.aToken('operator')
    expect(await house.screen({ token }).arrival).toBe('connected')
    const second = house.screen({ token })
    expect(await second.arrival).toBe('connected')
    expect(await house.screen({ token }).arrival).toBe('too-many-connections')
    second.socket.disconnect()
    const other = await house.aToken('admin')
    await expect.poll(() => house.live.stats().viewers).toBe(1)
    expect(await house.screen({ token }).arrival).toBe('connected')
    expect(await house.screen({ token: other.token }).arrival).toBe('connected')
    expect(await house.screen({ token: other.token }).arrival).not.toBe('connected')
  })
})

describe('connections of people who have no part in the feed', () => {
  it.each<[string, Partial<LiveOptions>]>([
    ['for one account', { personalConnectionsPerUserMax: 1 }],
    ['in all', { personalConnectionsMax: 1 }],
  ])('have a limit of their own %s, which leaves room for those who have', async (_, limits) => {
    const house = await aLiveHouse(limits)
    const { token } = await house.aToken('citizen')
    const first = house.screen({ token })
    expect(await first.arrival).toBe('connected')
    expect(await house.screen({ token }).arrival).toBe('too-many-connections')
    const operator = await house.aToken('operator')
    for (let i = 0; i < 2; i++) expect(await house.screen({ token: operator.token }).arrival).toBe('connected')
    first.socket.disconnect()
    await expect.poll(() => house.live.stats().viewers).toBe(2)
    expect(await house.screen({ token }).arrival).toBe('connected')
  })
})

describe('what a screen is told', () => {
  it('has devices, readings, presence, alerts and the state of the system', async () => {
    const house = await aLiveHouse()
    await register(house, 'air-1')
    house.online.add('air-1')
    house.pushReadings([aReading({ deviceId: 'air-1' })])
    const screen = await house.aScreenOf('operator')
    expect(screen.state.devices.get('air-1')).toMatchObject({
      state: 'ok',
      latest: { 'air-quality': { atMs: startMs } },
    })

    house.pushReadings([aReading({ deviceId: 'air-1', observedAtMs: startMs + 5, values: { pm25: 99 } })])
    await screen.until(() => screen.state.devices.get('air-1')?.latest['air-quality']?.values.pm25 === 99)

    await register(house, 'air-2')
    await screen.until(() => screen.state.devices.has('air-2'))
    expect(screen.state.devices.get('air-2')).toMatchObject({ state: 'never-seen', name: 'air-2' })
    house.bus.publish('device-presence', { deviceId: 'air-2', online: true, changedAtMs: startMs, cause: 'connect' })
    await screen.until(() => screen.state.devices.get('air-2')?.state === 'no-data')
    house.bus.publish('device-presence', { deviceId: 'air-2', online: false, changedAtMs: startMs, cause: 'keepalive' })
    await screen.until(() => screen.state.devices.get('air-2')?.state === 'offline')

    house.bus.publish('device-location', { deviceId: 'air-2', latitude: 19.5, longitude: 72.5, observedAtMs: startMs })
    await screen.until(() => screen.state.devices.get('air-2')?.latitude === 19.5)
    await house.records.devices.patch('air-2', { name: 'By the station' })
    await screen.until(() => screen.state.devices.get('air-2')?.name === 'By the station')
    expect(screen.state.devices.get('air-2')).toMatchObject({ latitude: 19.5, longitude: 72.5 })
    await house.records.devices.decommission('air-2')
    await screen.until(() => !screen.state.devices.has('air-2'))

    await screen.until(() => screen.state.system?.ingest.readings.received === 2)
    expect(screen.state.system).toMatchObject({ connections: 3, viewers: 1 })
    expect(screen.gaps).toBe(0)
    expect(screen.snapshots).toHaveLength(1)
  })

  it('calls a device silent when its readings are overdue', async () => {
    const house = await aLiveHouse()
    await register(house, 'air-1')
    house.pushReadings([aReading({ deviceId: 'air-1' })])
    const screen = await house.aScreenOf('operator')
    expect(screen.state.devices.get('air-1')?.state).toBe('ok')
    house.clock.nowMs += 30 * 5 * 1000
    await screen.until(() => screen.state.devices.get('air-1')?.state === 'offline')
  })

  it('follows an alert from firing to resolved, on the device too', async () => {
    const house = await aLiveHouse()
    await register(house, 'air-1')
    const screen = await house.aScreenOf('analyst')
    const [rule] = await house.alertDesk.rules.all()
    const transition = { ruleId: rule!.id, deviceId: 'air-1', kind: 'air-quality', atMs: startMs, value: 40 }
    await house.alertDesk.apply([{ type: 'raise', ...transition }])
    await screen.until(() => screen.state.devices.get('air-1')?.state === 'alert')
    expect(screen.state.devices.get('air-1')?.severity).toBe(rule!.severity)
    const [alert] = [...screen.state.alerts.values()]
    const { userId } = await house.aToken('operator')
    await house.alertDesk.acknowledge({ alertId: alert!.id, by: userId })
    await screen.until(() => screen.state.alerts.get(alert!.id)?.state === 'acknowledged')
    const late = await house.aScreenOf('operator')
    expect([...late.state.alerts.keys()]).toEqual([alert!.id])
    await house.alertDesk.resolve({ alertId: alert!.id, by: userId })
    await screen.until(() => screen.state.alerts.size === 0)
    await screen.until(() => screen.state.devices.get('air-1')?.state === 'never-seen')
  })

  it('does not let an SOS or an alert wait for the next step', async () => {
    const house = await aLiveHouse({ stepEveryMs: 3_600_000, systemEveryMs: 3_600_000 })
    const screen = await house.aScreenOf('operator')
    const { sos } = await press(house, 'button-1')
    await screen.until(() => screen.state.sos.has(sos.id))
    house.bus.publish('alert-changed', { alert: anAlert(), change: 'raised' })
    await screen.until(() => screen.state.alerts.has('alert-1'))
    expect(screen.gaps).toBe(0)
  })

  it('loads what was there before it started', async () => {
    const house = await aLiveHouse({}, async ({ records, alertDesk }) => {
      await records.devices.register(airAt('air-1', 19.01, 72.81))
      const [rule] = await alertDesk.rules.all()
      await alertDesk.apply([
        { type: 'raise', ruleId: rule!.id, deviceId: 'air-1', kind: 'air-quality', atMs: startMs, value: 40 },
      ])
    })
    const screen = await house.aScreenOf('operator')
    expect(screen.state.devices.get('air-1')?.state).toBe('alert')
    expect(screen.state.alerts.size).toBe(1)
  })

  it('works over long polling', async () => {
    const house = await aLiveHouse()
    await register(house, 'air-1')
    const screen = house.screen({ token: (await house.aToken('operator')).token, transports: ['polling'] })
    await screen.subscribe()
    await screen.until(() => screen.state.devices.has('air-1'))
    house.pushReadings([aReading({ deviceId: 'air-1' })])
    await screen.until(() => screen.state.devices.get('air-1')?.state === 'ok')
    expect(screen.gaps).toBe(0)
  })
})

describe('the part of the city a screen shows', () => {
  it('is all it is told of, and what comes into it by moving the map', async () => {
    const house = await aLiveHouse()
    await register(house, 'near')
    await register(house, 'far', 19.11, 72.91)
    const screen = await house.aScreenOf('operator', { viewport: here })
    expect([...screen.state.devices.keys()]).toEqual(['near'])
    house.pushReadings([aReading({ deviceId: 'far' }), aReading({ deviceId: 'near' })])
    await screen.until(() => screen.state.devices.get('near')?.state === 'ok')
    expect(JSON.stringify(screen.deltas)).not.toContain('far')

    expect(await screen.request(liveEvents.viewport, { viewport: there })).toEqual({ ok: true })
    await screen.until(() => screen.state.devices.has('far'))
    expect([...screen.state.devices.keys()]).toEqual(['far'])
    expect(screen.state.devices.get('far')?.latest['air-quality']?.values).toEqual({ pm25: 12.5, co2: 430 })
    await screen.request(liveEvents.viewport, { viewport: null })
    await screen.until(() => screen.state.devices.size === 2)
    expect(screen.snapshots).toHaveLength(1)
    expect(screen.gaps).toBe(0)
  })

  it('is an overview when it is crowded, but for the device whose page is open', async () => {
    const house = await aLiveHouse({ devicesInFullMax: 3 })
    for (let at = 0; at < 5; at++) await register(house, `air-${at}`)
    house.pushReadings([0, 1, 2, 3, 4].map((at) => aReading({ deviceId: `air-${at}` })))
    const screen = await house.aScreenOf('operator', { focus: ['air-3'] })
    const valuesOf = (id: string) => screen.state.devices.get(id)?.latest['air-quality']?.values
    expect(screen.state.view.detail).toBe('overview')
    expect(valuesOf('air-0')).toEqual({ pm25: 12.5 })
    expect(valuesOf('air-3')).toEqual({ pm25: 12.5, co2: 430 })
    for (let at = 0; at < 3; at++) await house.records.devices.delete(`air-${at}`)
    await screen.until(() => screen.state.view.detail === 'full')
    expect(valuesOf('air-4')).toEqual({ pm25: 12.5, co2: 430 })
  })
})

describe('a screen that comes back', () => {
  async function aScreenThatLeft(house: LiveHouse) {
    const { token } = await house.aToken('operator')
    const before = house.screen({ token })
    await before.subscribe()
    await before.until(() => before.state.epoch !== '')
    before.socket.disconnect()
    const { epoch, seq, view } = before.state
    return { token, resume: { epoch, seq, view } }
  }

  it('is told what it missed, each event of it, and nothing else', async () => {
    const house = await aLiveHouse()
    await register(house, 'air-1')
    await register(house, 'air-2')
    house.pushReadings([aReading({ deviceId: 'air-1' }), aReading({ deviceId: 'air-2' })])
    const { token, resume } = await aScreenThatLeft(house)
    const other = await house.aScreenOf('operator')
    house.pushReadings([aReading({ deviceId: 'air-1', observedAtMs: startMs + 1 })])
    await settled(other)
    const { sos } = await press(house, 'button-1')
    house.bus.publish('alert-changed', { alert: anAlert(), change: 'raised' })
    const resolved = anAlert({ state: 'resolved', updatedAtMs: startMs + 1 })
    house.bus.publish('alert-changed', { alert: resolved, change: 'cleared' })
    await settled(other)

    const after = house.screen({ token })
    expect(await after.subscribe({ resume })).toMatchObject({ ok: true, resumed: true })
    await after.until(() => after.deltas.length > 0)
    const missed = after.deltas[0]!
    expect(missed.fromSeq).toBe(resume.seq + 1)
    expect(missed.seq).toBe(other.state.seq)
    expect(missed.readings).toMatchObject([{ kind: 'air-quality', values: { pm25: [12.5] } }])
    expect(missed.alerts?.map(({ state }) => state)).toEqual(['firing', 'resolved'])
    expect(missed.sos?.map(({ id }) => id)).toEqual([sos.id])
    expect(after.snapshots).toHaveLength(0)
  })

  it.each<[string, (resume: { epoch: string; seq: number }) => object]>([
    ['another run of the server', (resume) => ({ ...resume, epoch: 'another' })],
    ['a number that is not yet', (resume) => ({ ...resume, seq: 1e9 })],
    ['no word of what it shows', ({ epoch, seq }) => ({ epoch, seq })],
  ])('gets a new picture when it comes with %s', async (_case, change) => {
    const house = await aLiveHouse()
    const { token, resume } = await aScreenThatLeft(house)
    const after = house.screen({ token })
    expect(await after.request(liveEvents.subscribe, { resume: change(resume) })).toMatchObject({ resumed: false })
    await after.until(() => after.snapshots.length === 1)
  })

  it('gets a new picture when too much has happened', async () => {
    const house = await aLiveHouse({ log: { eventsMax: 3, bytesMax: 100_000 } })
    const { token, resume } = await aScreenThatLeft(house)
    for (let at = 0; at < 4; at++) {
      house.bus.publish('alert-changed', { alert: anAlert({ id: `alert-${at}` }), change: 'raised' })
    }
    const after = house.screen({ token })
    expect(await after.subscribe({ resume })).toMatchObject({ resumed: false })
    await after.until(() => after.state.alerts.size === 4)
  })
})
