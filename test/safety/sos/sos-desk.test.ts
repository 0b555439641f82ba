import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSosDesk } from '../../../safety/index.ts'
import { aPress, startMs } from '../../store/records/fixture.ts'
import { anSosDesk } from './desk.ts'

test('a press is on disk before anybody hears of it', async () => {
  const { desk, bus, records, pressed } = await anSosDesk()
  const reads: Promise<unknown>[] = []
  bus.subscribe('sos-pressed', ({ sos }) => reads.push(records.sos.get(sos.id)))
  const location = { latitude: 28.6, longitude: 77.2, accuracyM: 8 }
  const { sos, isNew } = await desk.press(aPress({ location, batteryPct: 64, trigger: 'shake', seq: 3 }))
  expect(isNew).toBe(true)
  expect(sos).toMatchObject({ state: 'active', pressCount: 1, location, batteryPct: 64, trigger: 'shake', seq: 3 })
  expect(pressed).toEqual([{ sos, isNew: true }])
  expect(await Promise.all(reads)).toEqual([sos])
})

test('two presses at once are one SOS, told as one that is new and one that joined', async () => {
  const { desk, pressed } = await anSosDesk()
  const outcomes = await Promise.all([desk.press(aPress({ seq: 1 })), desk.press(aPress({ seq: 2 }))])
  expect(outcomes.map(({ isNew }) => isNew).sort()).toEqual([false, true])
  expect(pressed.map(({ isNew }) => isNew)).toEqual([true, false])
  expect(new Set(outcomes.map(({ sos }) => sos.id)).size).toBe(1)
})

test('a press hours after the first still joins while the SOS is active, and is told again', async () => {
  const { desk, pressed } = await anSosDesk()
  await desk.press(aPress())
  const later = startMs + 5 * 3_600_000
  const { isNew, sos } = await desk.press(aPress({ observedAtMs: later, receivedAtMs: later }))
  expect(isNew).toBe(false)
  expect(sos).toMatchObject({ pressCount: 2, updatedAtMs: later })
  expect(pressed).toHaveLength(2)
})

test('a press delivered again is told again while active, for its first news may be lost, and not when it is over', async () => {
  const { desk, pressed, changed } = await anSosDesk()
  const { sos } = await desk.press(aPress())
  await desk.press(aPress())
  expect(pressed).toMatchObject([
    { isNew: true, sos: { pressCount: 1 } },
    { isNew: false, sos: { pressCount: 1 } },
  ])
  const over = await desk.resolve({ sosId: sos.id, by: 'asha' })
  expect(changed).toEqual([{ sos: over, action: 'resolved' }])
  await desk.press(aPress())
  expect(pressed).toHaveLength(2)
})

test('resolving is one step of one person', async () => {
  const { desk, records } = await anSosDesk()
  const { sos } = await desk.press(aPress())
  const outcomes = await Promise.allSettled(['asha', 'ravi'].map((by) => desk.resolve({ sosId: sos.id, by })))
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  expect(outcomes[1]).toMatchObject({
    reason: {
      code: 'sos-illegal-transition',
      message: expect.stringMatching(/is resolved and cannot become resolved/),
    },
  })
  expect((await records.audit.list({ limit: 10 })).items).toMatchObject([{ actor: 'asha', action: 'sos-resolved' }])
  await expect(desk.resolve({ sosId: 'none', by: 'asha' })).rejects.toMatchObject({ code: 'sos-not-found' })
  await expect(desk.presses('none')).rejects.toMatchObject({ code: 'sos-not-found' })
})

test('an active SOS is still there after a restart, and takes the next press', async () => {
  const { desk, records, open, bus, clock } = await anSosDesk()
  const { sos } = await desk.press(aPress())
  await records.close()
  const again = await open()
  const restarted = createSosDesk({ records: again, bus, now: clock.now })
  expect((await restarted.list({ limit: 10, states: ['active'] })).items).toEqual([sos])
  const next = await restarted.press(aPress({ observedAtMs: startMs + 1 }))
  expect(next).toMatchObject({ isNew: false, sos: { id: sos.id, pressCount: 2 } })
  await again.close()
})

const anything = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -0, 2 ** 60))

test('no fault in what a press says of itself keeps it from being stored', async () => {
  const { desk } = await anSosDesk()
  let devices = 0
  const hostile = fc.record({
    observedAtMs: anything,
    seq: fc.option(anything, { nil: undefined }),
    batteryPct: fc.option(anything, { nil: undefined }),
    location: fc.option(fc.record({ latitude: anything, longitude: anything, accuracyM: anything }), {
      nil: undefined,
    }),
  })
  await fc.assert(
    fc.asyncProperty(hostile, async (fields) => {
      devices += 1
      const { sos, isNew } = await desk.press(aPress({ deviceId: `band-${devices}`, ...fields }))
      expect(isNew).toBe(true)
      expect(await desk.get(sos.id)).toEqual(sos)
      expect(Number.isSafeInteger(sos.observedAtMs)).toBe(true)
      if (sos.location) expect(Math.abs(sos.location.latitude)).toBeLessThanOrEqual(90)
    }),
  )
})
