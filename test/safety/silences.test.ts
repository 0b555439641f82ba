import { describe, expect, test } from 'vitest'
import { startMs } from '../store/records/fixture.ts'
import { aClear, anAlertDesk, aRaise, pm25RuleId } from './fixture.ts'

const minuteMs = 60_000
const forAnHour = { fromMs: startMs, untilMs: startMs + 60 * minuteMs }

async function oneAlert() {
  const fixture = await anAlertDesk()
  await fixture.desk.apply([aRaise()])
  const [alert] = await fixture.openAlerts()
  const changes = () => fixture.alertEvents.map(({ change }) => change)
  return { ...fixture, id: alert!.id, changes }
}

describe('silencing an alert', () => {
  test('makes it quiet for that long, with who and why, and audits it', async () => {
    const { desk, id, changes, records } = await oneAlert()
    const silenced = await desk.silence({ alertId: id, by: 'asha', durationS: 3600, reason: 'works next door' })
    expect(silenced).toMatchObject({ state: 'firing', silenceEndsAtMs: forAnHour.untilMs })
    expect((await desk.notes(id)).at(-1)).toMatchObject({ action: 'silenced', by: 'asha', text: 'works next door' })
    expect(changes()).toEqual(['raised', 'silenced'])
    const { items } = await records.audit.list({ limit: 1 })
    expect(items).toMatchObject([
      { actor: 'asha', action: 'alerts-silenced', subject: `silence:${silenced.silenceId}` },
    ])
  })

  test('covers the next alert of the same rule and device, and no other', async () => {
    const { desk, id, openAlerts } = await oneAlert()
    await desk.silence({ alertId: id, by: 'asha', durationS: 3600, reason: 'works' })
    await desk.apply([aClear(60), aRaise(120), aRaise(0, { deviceId: 'air-2' })])
    const quiet = Object.fromEntries(
      (await openAlerts()).map((alert) => [alert.deviceId, alert.silenceId !== undefined]),
    )
    expect(quiet).toEqual({ 'air-1': true, 'air-2': false })
  })

  test('ends by the clock, and what still fires is told anew', async () => {
    const { desk, id, clock, changes } = await oneAlert()
    await desk.silence({ alertId: id, by: 'asha', durationS: 3600, reason: 'works' })
    await desk.tick()
    clock.advance(59 * minuteMs)
    await desk.tick()
    expect(changes()).toEqual(['raised', 'silenced'])
    clock.advance(minuteMs)
    await desk.tick()
    expect(changes()).toEqual(['raised', 'silenced', 'silence-ended'])
    expect(await desk.get(id)).toMatchObject({ state: 'firing', silenceId: undefined, silenceEndsAtMs: undefined })
  })

  test('does not hold up what people do, and is over with the alert', async () => {
    const { desk, id } = await oneAlert()
    await desk.silence({ alertId: id, by: 'asha', durationS: 3600, reason: 'works' })
    expect(await desk.acknowledge({ alertId: id, by: 'asha' })).toMatchObject({ state: 'acknowledged' })
    await desk.apply([aClear(60)])
    expect(await desk.get(id)).toMatchObject({ state: 'resolved', silenceId: undefined })
    await expect(desk.silence({ alertId: id, by: 'asha', durationS: 60, reason: 'late' })).rejects.toMatchObject({
      code: 'alert-already-resolved',
    })
  })
})

describe('a silence', () => {
  test.each([
    ['its rule', { ruleId: pm25RuleId }, true],
    ['its device', { deviceId: 'air-1' }, true],
    ['its kind', { kind: 'air-quality' }, true],
    ['all of them', { ruleId: pm25RuleId, deviceId: 'air-1', kind: 'air-quality' }, true],
    ['another device', { ruleId: pm25RuleId, deviceId: 'air-2' }, false],
    ['another kind', { kind: 'noise' }, false],
  ])('that names %s', async (_, match, isQuiet) => {
    const { desk, id } = await oneAlert()
    await desk.silences.create({ match, period: forAnHour, reason: 'drill', by: 'asha' })
    expect((await desk.get(id)).silenceId !== undefined).toBe(isQuiet)
  })

  test('of an area covers the devices that stand in it, and none that belongs to a person', async () => {
    const { desk, records, openAlerts } = await anAlertDesk()
    const position = { latitude: 28.6, longitude: 77.2 }
    const owner = await records.users.create({ email: 'a@city.example', name: 'A', role: 'citizen' })
    await records.devices.register({ id: 'air-1', kinds: [], labels: {}, position })
    await records.devices.register({ id: 'air-2', kinds: [], labels: {}, position: { ...position, latitude: 28.7 } })
    await records.devices.register({ id: 'air-3', kinds: [], labels: {}, position, ownerId: owner.id })
    await desk.apply(['air-1', 'air-2', 'air-3', 'air-4'].map((deviceId) => aRaise(0, { deviceId })))
    const area = { type: 'circle', center: position, radiusM: 500 } as const
    await desk.silences.create({ match: { area }, period: forAnHour, reason: 'fair', by: 'asha' })
    const quiet = (await openAlerts()).filter(({ silenceId }) => silenceId !== undefined)
    expect(quiet.map(({ deviceId }) => deviceId)).toEqual(['air-1'])
  })

  test('that is to come begins by the clock', async () => {
    const { desk, id, clock } = await oneAlert()
    const period = { fromMs: startMs + 10 * minuteMs, untilMs: startMs + 20 * minuteMs }
    await desk.silences.create({ match: { kind: 'air-quality' }, period, reason: 'drill', by: 'asha' })
    await desk.tick()
    expect((await desk.get(id)).silenceId).toBeUndefined()
    clock.advance(10 * minuteMs)
    await desk.tick()
    expect((await desk.get(id)).silenceEndsAtMs).toBe(period.untilMs)
  })

  test('that lasts longer takes over; when it is ended the other still holds', async () => {
    const { desk, id } = await oneAlert()
    const match = { deviceId: 'air-1' }
    const short = await desk.silences.create({ match, period: forAnHour, reason: 'short', by: 'asha' })
    const untilMs = startMs + 90 * minuteMs
    const long = await desk.silences.create({ match, period: { fromMs: startMs, untilMs }, reason: 'long', by: 'ravi' })
    expect((await desk.get(id)).silenceId).toBe(long.id)
    await desk.silences.end({ silenceId: long.id, by: 'ravi' })
    expect((await desk.get(id)).silenceId).toBe(short.id)
    await desk.silences.end({ silenceId: short.id, by: 'ravi' })
    expect((await desk.get(id)).silenceId).toBeUndefined()
  })

  test('is ended once, and not made for the past', async () => {
    const { desk } = await oneAlert()
    const match = { deviceId: 'air-1' }
    const { id } = await desk.silences.create({ match, period: forAnHour, reason: 'short', by: 'asha' })
    await desk.silences.end({ silenceId: id, by: 'asha' })
    await expect(desk.silences.end({ silenceId: id, by: 'asha' })).rejects.toMatchObject({
      code: 'silence-already-over',
    })
    await expect(desk.silences.end({ silenceId: 'none', by: 'asha' })).rejects.toMatchObject({
      code: 'silence-not-found',
    })
    const past = { fromMs: startMs - 2 * minuteMs, untilMs: startMs - minuteMs }
    await expect(desk.silences.create({ match, period: past, reason: 'x', by: 'asha' })).rejects.toMatchObject({
      code: 'silence-already-over',
    })
  })

  test('is one of at most five hundred', async () => {
    const { desk, records } = await oneAlert()
    const { items } = await desk.silences.list({ limit: 1 })
    expect(items).toEqual([])
    const made = await desk.silences.create({ match: { kind: 'noise' }, period: forAnHour, reason: 'x', by: 'asha' })
    await records.transaction(async ({ silences }) => {
      for (let at = 1; at < 500; at++) await silences.insert({ ...made, id: `${made.id}-${at}` })
    })
    await expect(
      desk.silences.create({ match: { kind: 'noise' }, period: forAnHour, reason: 'x', by: 'asha' }),
    ).rejects.toMatchObject({ code: 'too-many-silences' })
  })
})
