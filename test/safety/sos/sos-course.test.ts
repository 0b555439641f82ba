import { describe, expect, it } from 'vitest'
import { isOpenSos } from '../../../contracts/sos.ts'
import { aDevice, aPress, startMs } from '../../store/records/fixture.ts'
import { aDeskWithAsha, anSosDesk, pins } from './desk.ts'

const withCountdown = { settings: { preferences: { sosCountdownS: 10 } } }
const names = (commands: readonly { command: { name: string } }[]) => commands.map(({ command }) => command.name)

describe('whatever way it comes', () => {
  it('a hundred calls at once of one person are one open SOS with a hundred lines of history', async () => {
    const { desk, call, records, clock } = await aDeskWithAsha()
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, (_, seq) =>
        seq % 2 === 0
          ? desk.press(aPress({ deviceId: 'band-1', seq, receivedAtMs: clock.now() }))
          : call({ source: seq % 4 === 1 ? 'app' : 'socket' }),
      ),
    )
    expect(outcomes.filter(({ isNew }) => isNew)).toHaveLength(1)
    const { items } = await records.sos.list({ limit: 10 })
    expect(items).toHaveLength(1)
    const timeline = await desk.timeline(items[0]!.id)
    expect(timeline.filter(({ action }) => action === 'pressed')).toHaveLength(100)
    expect(timeline.filter(({ toState }) => toState !== undefined)).toHaveLength(1)
    expect(items[0]).toMatchObject({ pressCount: 100 })
  })

  it('what has to be told along with a press is in its transaction, and a fault in it stops no press', async () => {
    const { desk, call, records } = await aDeskWithAsha({
      duringStep: async (repositories, { sos, action, isNew }) => {
        await repositories.settings.set(`told ${sos.id}`, `${action} ${isNew}`)
        if (action === 'pressed') throw new Error('outbox is broken')
      },
    })
    const { sos } = await call()
    expect(await records.settings.get(`told ${sos.id}`)).toBe('pressed true')
    expect(await desk.get(sos.id)).toMatchObject({ state: 'active' })
    await desk.acknowledge({ sosId: sos.id, by: 'ravi' })
    expect(await records.settings.get(`told ${sos.id}`)).toBe('acknowledged false')
  })
})

describe('a countdown', () => {
  it('is on disk at once, told when it is over, and a restart makes it late, not forgotten', async () => {
    const { call, clock, pressed, records, open, reopen } = await aDeskWithAsha(withCountdown)
    const { sos } = await call()
    expect(sos).toMatchObject({ state: 'countdown', countdownEndsAtMs: startMs + 10_000 })
    await records.close()
    const again = await open()
    clock.advance(60_000)
    const restarted = reopen(again)
    expect(pressed).toEqual([])
    expect(await restarted.tick()).toBe(1)
    expect(pressed).toMatchObject([{ isNew: true, sos: { id: sos.id, state: 'active' } }])
    expect(await restarted.get(sos.id)).toMatchObject({ policeNotifiedAtMs: startMs + 60_000 })
    await again.close()
  })

  it('is not cut short by a tick, and not by a second call of the app, but by the wearable', async () => {
    const { desk, call, clock, pressed } = await aDeskWithAsha(withCountdown)
    const { sos } = await call()
    clock.advance(9_999)
    expect(await desk.tick()).toBe(0)
    expect((await call()).sos).toMatchObject({ id: sos.id, state: 'countdown' })
    expect(pressed).toEqual([])
    const { sos: now } = await desk.press(aPress())
    expect(now).toMatchObject({ id: sos.id, state: 'active' })
    expect(pressed).toMatchObject([{ isNew: true }])
    expect((await desk.timeline(sos.id)).map(({ action }) => action)).toContain('activated')
  })

  it('that is taken back in time is told to nobody', async () => {
    const { desk, call, asha, clock, pressed } = await aDeskWithAsha(withCountdown)
    const { sos } = await call()
    await desk.cancel({ sosId: sos.id, by: asha })
    clock.advance(60_000)
    expect(await desk.tick()).toBe(0)
    expect(pressed).toEqual([])
  })

  it.each([
    [undefined, 'active'],
    [0, 'active'],
    ['soon', 'active'],
    [-5, 'active'],
    [31, 'countdown'],
    [1e9, 'countdown'],
  ])('of %s seconds is %s, and thirty at most', async (sosCountdownS, state) => {
    const { call } = await aDeskWithAsha({ settings: { preferences: { sosCountdownS } } })
    const { sos } = await call()
    expect(sos.state).toBe(state)
    if (state === 'countdown') expect(sos.countdownEndsAtMs).toBe(startMs + 30_000)
  })
})

describe('escalation', () => {
  it('grows while nobody acknowledges, once per level, and stops when somebody does', async () => {
    const { desk, call, clock, changed } = await aDeskWithAsha()
    const { sos } = await call()
    const levels = () =>
      changed.filter(({ action }) => action === 'escalated').map(({ sos: { escalation } }) => escalation)
    for (const [afterMs, expected] of [
      [29_999, []],
      [1, [1]],
      [89_999, [1]],
      [1, [1, 2]],
      [100_000, [1, 2]],
    ] as const) {
      clock.advance(afterMs)
      await desk.tick()
      await desk.tick()
      expect(levels()).toEqual(expected)
    }
    expect(await desk.get(sos.id)).toMatchObject({ escalation: 2, state: 'active' })
  })

  it('does not come to who was acknowledged in time', async () => {
    const { desk, call, clock, changed } = await aDeskWithAsha()
    const { sos } = await call()
    await desk.acknowledge({ sosId: sos.id, by: 'ravi' })
    clock.advance(200_000)
    await desk.tick()
    expect(changed.map(({ action }) => action)).toEqual(['acknowledged'])
  })

  it('after hours away goes to the supervisors at once', async () => {
    const { desk, call, clock, changed } = await aDeskWithAsha()
    await call()
    clock.advance(7_200_000)
    while ((await desk.tick()) > 0);
    expect(changed.map(({ action, sos }) => [action, sos.escalation])).toEqual([
      ['escalated', 2],
      ['silent', 2],
    ])
  })

  it('points out who was not heard of for too long, once, until they are heard again', async () => {
    const { desk, call, clock, changed } = await aDeskWithAsha({ clock: { silentAfterMs: 60_000 } })
    const { sos } = await call()
    await desk.acknowledge({ sosId: sos.id, by: 'ravi' })
    for (let minutes = 0; minutes < 3; minutes++) {
      clock.advance(60_000)
      await desk.tick()
    }
    await desk.checkIn({ sosId: sos.id, by: 'ravi' })
    clock.advance(60_000)
    await desk.tick()
    expect(changed.map(({ action }) => action)).toEqual(['acknowledged', 'silent', 'checked-in', 'silent'])
  })
})

describe('the wearable', () => {
  it('is told once of each step, with the step’s own commit', async () => {
    const { desk, commands, asha, records } = await aDeskWithAsha()
    const { sos } = await desk.press(aPress())
    await desk.press(aPress())
    await desk.press(aPress({ observedAtMs: startMs + 1 }))
    await desk.acknowledge({ sosId: sos.id, by: 'ravi' })
    await desk.setStatus({ sosId: sos.id, by: 'ravi', to: 'dispatched' })
    await expect(desk.setStatus({ sosId: sos.id, by: 'ravi', to: 'dispatched' })).rejects.toThrow()
    await desk.cancel({ sosId: sos.id, by: asha })
    expect(names(commands)).toEqual(['sos-received', 'help-on-the-way', 'cancel-confirmed'])
    const pending = await records.commands.pendingFor('band-1')
    expect(pending.map(({ name, body }) => [name, body])).toEqual(
      names(commands).map((name) => [name, { sosId: sos.id }]),
    )
  })

  it('that shows a cancel under duress is not told that help comes', async () => {
    const { desk, commands, asha } = await aDeskWithAsha({ pins })
    const { sos } = await desk.press(aPress())
    await desk.cancel({ sosId: sos.id, by: asha, pin: '9999' })
    await desk.setStatus({ sosId: sos.id, by: 'ravi', to: 'dispatched' })
    expect(names(commands)).toEqual(['sos-received', 'cancel-confirmed'])
  })

  it('that is not registered, or has a hundred commands waiting, is heard all the same', async () => {
    const { desk, records, commands } = await aDeskWithAsha()
    expect((await desk.press(aPress({ deviceId: 'stranger' }))).isNew).toBe(true)
    for (let i = 0; i < 100; i++) await records.commands.queue({ deviceId: 'band-1', name: 'ping', body: {} })
    expect((await desk.press(aPress())).isNew).toBe(true)
    expect(names(commands).at(-1)).toBe('sos-received')
  })
})

describe('where somebody is', () => {
  const home = { latitude: 19, longitude: 72.8 }
  const position = (sosId: string, by: string, location = home) =>
    ({ sosId, by, source: 'app', location, observedAtMs: 0 }) as const

  it('goes into the trail raw; a jump nobody can make does not become the place', async () => {
    const { desk, call, asha, clock, positions } = await aDeskWithAsha()
    const { sos } = await call({ location: home })
    for (const latitude of [19.0001, 40, 19.0002]) {
      clock.advance(2000)
      await desk.addPosition({ ...position(sos.id, asha, { ...home, latitude }), observedAtMs: clock.now() })
    }
    expect((await desk.trail(sos.id)).map(({ latitude, isPlausible }) => [latitude, isPlausible])).toEqual([
      [19, true],
      [19.0001, true],
      [40, false],
      [19.0002, true],
    ])
    expect(await desk.get(sos.id)).toMatchObject({ location: { latitude: 19.0002 }, lastSeenAtMs: clock.now() })
    expect(positions.map(({ position: { isPlausible } }) => isPlausible)).toEqual([true, false, true])
  })

  it('of a position that was long on its way is where somebody was, not where they are', async () => {
    const { desk, call, asha, clock } = await aDeskWithAsha()
    const { sos } = await call({ location: home })
    clock.advance(10_000)
    const late = { ...position(sos.id, asha, { ...home, latitude: 19.0003 }), observedAtMs: startMs - 60_000 }
    await desk.addPosition(late)
    expect(await desk.get(sos.id)).toMatchObject({ location: home })
    expect(await desk.trail(sos.id)).toHaveLength(2)
  })

  it('comes from a device that pressed, and from every device of the person, once a second at most', async () => {
    const { desk, call, records, bus, clock, asha } = await aDeskWithAsha({
      ownerOf: (deviceId) => (deviceId.startsWith('asha') ? ownerId : undefined),
    })
    const ownerId = asha
    await records.devices.register(aDevice({ id: 'asha-phone', ownerId: asha }))
    await desk.start()
    try {
      const { sos } = await call()
      const tell = (deviceId: string, latitude: number) =>
        bus.publish('device-location', {
          deviceId,
          latitude,
          longitude: 72.8,
          observedAtMs: clock.now(),
          batteryPct: 9,
        })
      tell('asha-phone', 19)
      tell('asha-phone', 19.0001)
      tell('somebody-elses', 20)
      // Behind what was asked for before it.
      await records.transaction(async () => undefined)
      expect(await desk.trail(sos.id)).toMatchObject([{ deviceId: 'asha-phone', latitude: 19, batteryPct: 9 }])
      expect(await desk.get(sos.id)).toMatchObject({ batteryPct: 9, severity: 'critical' })
      await desk.resolve({ sosId: sos.id, by: 'ravi' })
      clock.advance(5000)
      tell('asha-phone', 19.0002)
      await records.transaction(async () => undefined)
      expect(await desk.trail(sos.id)).toHaveLength(1)
    } finally {
      await desk.stop()
    }
  })

  it('is not taken of an SOS that is over', async () => {
    const { desk, call, asha } = await aDeskWithAsha()
    const { sos } = await call()
    await desk.resolve({ sosId: sos.id, by: 'ravi' })
    await expect(desk.addPosition(position(sos.id, asha))).rejects.toMatchObject({ code: 'sos-closed' })
    await expect(desk.addPosition(position('none', asha))).rejects.toMatchObject({ code: 'sos-not-found' })
  })
})

describe('severity', () => {
  it('follows what changes, and says so in the history', async () => {
    const { desk } = await anSosDesk()
    const { sos } = await desk.press(aPress({ batteryPct: 80 }))
    expect([sos.severity, sos.severityReasons]).toEqual(['high', ['pressed by hand']])
    for (let seq = 1; seq < 3; seq++) await desk.press(aPress({ seq, observedAtMs: startMs + seq }))
    expect(await desk.get(sos.id)).toMatchObject({
      severity: 'critical',
      severityReasons: ['pressed by hand', 'pressed again and again'],
    })
    const changes = (await desk.timeline(sos.id)).filter(({ action }) => action === 'severity-changed')
    expect(changes).toMatchObject([{ actor: 'system', detail: { from: 'high', to: 'critical' } }])
  })
})

describe('merging', () => {
  it('two that are one: the person and the device of the first are the other’s from then on', async () => {
    const { desk, call, asha } = await aDeskWithAsha()
    const { sos: anonymous } = await call({ source: 'anonymous', ownerId: undefined, personName: 'Meena' })
    const { sos: own } = await desk.press(aPress())
    const merged = await desk.merge({ sosId: own.id, into: anonymous.id, by: 'ravi' })
    expect(merged).toMatchObject({ pressCount: 2, ownerId: asha, deviceId: 'band-1' })
    expect(await desk.get(own.id)).toMatchObject({ state: 'resolved', mergedInto: anonymous.id })
    expect((await desk.press(aPress({ observedAtMs: startMs + 9 }))).sos.id).toBe(anonymous.id)
    expect((await desk.list({ limit: 9 })).items.filter(isOpenSos)).toHaveLength(1)
  })

  it('into one that is over is refused', async () => {
    const { desk, call } = await aDeskWithAsha()
    const { sos: one } = await call({ source: 'anonymous', ownerId: undefined })
    const { sos: other } = await call({ source: 'anonymous', ownerId: undefined })
    await desk.resolve({ sosId: other.id, by: 'ravi' })
    await expect(desk.merge({ sosId: one.id, into: other.id, by: 'ravi' })).rejects.toMatchObject({
      code: 'sos-closed',
    })
    expect(await desk.get(one.id)).toMatchObject({ state: 'active' })
  })
})
