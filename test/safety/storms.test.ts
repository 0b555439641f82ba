import { describe, expect, test } from 'vitest'
import { aClear, anAlertDesk, aRaise } from './fixture.ts'

const here = { latitude: 28.61, longitude: 77.21 }

/** Devices `air-0` and on, all in one place. */
async function aNeighbourhood(count: number) {
  const fixture = await anAlertDesk()
  const storms = fixture.listen('storm-started')
  for (let at = 0; at < count; at++) {
    await fixture.records.devices.register({ id: `air-${at}`, kinds: [], labels: {}, position: here })
  }
  const raise = (from: number, to: number, atS = 0) =>
    fixture.desk.apply(Array.from({ length: to - from }, (_, at) => aRaise(atS, { deviceId: `air-${from + at}` })))
  return { ...fixture, raise, storms }
}

describe('many alerts of one kind in one place', () => {
  test('become one storm with the tenth, and later ones join it', async () => {
    const { raise, desk, storms, openAlerts, alertEvents } = await aNeighbourhood(14)
    await raise(0, 9)
    expect(await desk.storms()).toEqual([])
    await raise(9, 10, 60)
    await raise(10, 12, 120)
    expect(storms).toHaveLength(1)
    const [storm] = await desk.storms()
    expect(storm).toMatchObject({ kind: 'air-quality', severity: 'high', memberCount: 12, openCount: 12 })
    expect(storm!.position!.latitude).toBeCloseTo(here.latitude, 1)
    expect(new Set((await openAlerts()).map(({ stormId }) => stormId))).toEqual(new Set([storm!.id]))
    // Each is raised once; those that were there before say that they have joined.
    expect(alertEvents.filter(({ change }) => change === 'raised')).toHaveLength(12)
    expect(alertEvents.filter(({ change }) => change === 'joined-storm')).toHaveLength(9)
  })

  test('are none when they are spread over time', async () => {
    const { raise, desk } = await aNeighbourhood(12)
    for (let at = 0; at < 12; at++) await raise(at, at + 1, at * 60)
    expect(await desk.storms()).toEqual([])
  })

  test('are none when they are spread over the city', async () => {
    const { desk, records } = await anAlertDesk()
    for (let at = 0; at < 12; at++) {
      const position = { latitude: here.latitude + at / 10, longitude: here.longitude }
      await records.devices.register({ id: `air-${at}`, kinds: [], labels: {}, position })
    }
    await desk.apply(Array.from({ length: 12 }, (_, at) => aRaise(0, { deviceId: `air-${at}` })))
    expect(await desk.storms()).toEqual([])
  })

  test('are one more storm when the first is over', async () => {
    const { raise, desk, storms } = await aNeighbourhood(24)
    await raise(0, 12)
    await desk.apply(Array.from({ length: 12 }, (_, at) => aClear(60, { deviceId: `air-${at}` })))
    expect(await desk.storms()).toEqual([])
    await raise(12, 24, 3600)
    expect(storms).toHaveLength(2)
    expect(await desk.storms()).toMatchObject([{ memberCount: 12, openCount: 12 }])
  })

  test('of devices without a place are one thing, too', async () => {
    const { desk, listen } = await anAlertDesk()
    const storms = listen('storm-started')
    await desk.apply(Array.from({ length: 500 }, (_, at) => aRaise(0, { deviceId: `lost-${at}` })))
    expect(storms).toHaveLength(1)
    expect(await desk.storms()).toMatchObject([{ memberCount: 500, position: undefined }])
  })
})

test('a storm is kept as long as one of its members, a silence as long as alerts are', async () => {
  const { raise, desk, clock, records, openAlerts } = await aNeighbourhood(12)
  const keep = {
    commandsKeepDays: 30,
    sessionsKeepDays: 30,
    codesKeepDays: 30,
    noticesKeepDays: 30,
    alertsKeepDays: 30,
    sosPositionsKeepDays: 30,
    auditKeepDays: 30,
  }
  const retain = () => records.retain({ ...keep, nowMs: clock.now() })
  await raise(0, 12)
  const [last] = await openAlerts()
  await desk.silence({ alertId: last!.id, by: 'asha', durationS: 3600, reason: 'works' })
  await desk.apply(
    Array.from({ length: 12 }, (_, at) => `air-${at}`)
      .filter((deviceId) => deviceId !== last!.deviceId)
      .map((deviceId) => aClear(60, { deviceId })),
  )
  clock.advance(31 * 86_400_000)
  expect(await retain()).toMatchObject({ alerts: 11, silences: 1, alertStorms: 0 })
  await desk.resolve({ alertId: last!.id, by: 'asha' })
  clock.advance(31 * 86_400_000)
  expect(await retain()).toMatchObject({ alerts: 1, silences: 0, alertStorms: 1 })
})
