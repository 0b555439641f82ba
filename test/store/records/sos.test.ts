import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { createScope } from '../../../store/records/scope.ts'
import { aPress, recordsKey, someRecords, startMs } from './fixture.ts'

const options = { resendWindowMs: 120_000 }

test('a hundred presses at once make one SOS that counts them all', async () => {
  const { records } = await someRecords()
  const outcomes = await Promise.all(
    Array.from({ length: 100 }, (_, seq) => records.sos.press(aPress({ seq }), options)),
  )
  expect(outcomes.filter(({ isNew }) => isNew)).toHaveLength(1)
  expect(new Set(outcomes.map(({ sos }) => sos.id)).size).toBe(1)
  const { items } = await records.sos.list({ limit: 10, state: 'active' })
  expect(items).toMatchObject([{ pressCount: 100, state: 'active' }])
  expect(await records.sos.presses(items[0]!.id)).toHaveLength(100)
})

test('the database itself refuses a second active SOS of a device', async () => {
  const { records, path, bus, clock } = await someRecords()
  await records.sos.press(aPress(), options)
  const scope = createScope({ path, key: recordsKey, bus, now: clock.now })
  onTestFinished(() => scope.db.destroy())
  const second = sql`insert into sos (id, state, device_id, trigger_name, observed_at_ms, received_at_ms, press_count,
    updated_at_ms) values ('x', 'active', 'band-1', 'manual', 1, 1, 1, 1)`.execute(scope.db)
  await expect(second).rejects.toThrow(/UNIQUE/)
})

test('every device has its own', async () => {
  const { records } = await someRecords()
  const one = await records.sos.press(aPress({ deviceId: 'band-1' }), options)
  const two = await records.sos.press(aPress({ deviceId: 'band-2' }), options)
  expect([one.isNew, two.isNew]).toEqual([true, true])
  expect(one.sos.id).not.toBe(two.sos.id)
})

test('a joining press moves the place and the battery, and leaves what it does not know', async () => {
  const { records } = await someRecords()
  const location = { latitude: 28.6, longitude: 77.2, accuracyM: 12 }
  await records.sos.press(aPress({ location, batteryPct: 80, trigger: 'fall' }), options)
  const { sos } = await records.sos.press(aPress({ observedAtMs: startMs + 5000, batteryPct: 79 }), options)
  expect(sos).toMatchObject({ location, batteryPct: 79, trigger: 'fall', observedAtMs: startMs, pressCount: 2 })
  const moved = { latitude: 28.7, longitude: 77.3 }
  const third = await records.sos.press(aPress({ observedAtMs: startMs + 9000, location: moved }), options)
  expect(third.sos.location).toEqual({ ...moved, accuracyM: undefined })
})

test.each([
  ['with a sequence number', 7],
  ['without one', undefined],
])('the same press resent %s is counted once', async (_, seq) => {
  const { records } = await someRecords()
  const first = await records.sos.press(aPress({ seq }), options)
  const resent = await records.sos.press(aPress({ seq, receivedAtMs: startMs + 3000 }), options)
  expect(resent).toMatchObject({ isNew: false, isRepeat: true, sos: { id: first.sos.id, pressCount: 1 } })
})

test('a press resent just after its SOS was resolved does not open another', async () => {
  const { records } = await someRecords()
  const { sos } = await records.sos.press(aPress(), options)
  await records.sos.resolve({ sosId: sos.id, by: 'asha', atMs: startMs + 1000 })
  const resent = await records.sos.press(aPress({ receivedAtMs: startMs + 60_000 }), options)
  expect(resent).toMatchObject({ isNew: false, sos: { id: sos.id, state: 'resolved' } })
})

test('a device whose clock stands still is heard again after its SOS was resolved', async () => {
  const { records } = await someRecords()
  const { sos } = await records.sos.press(aPress({ observedAtMs: 0 }), options)
  await records.sos.resolve({ sosId: sos.id, by: 'asha', atMs: startMs + 1000 })
  const later = await records.sos.press(aPress({ observedAtMs: 0, receivedAtMs: startMs + 3_600_000 }), options)
  expect(later.isNew).toBe(true)
  expect(later.sos.id).not.toBe(sos.id)
})

test('a new press after a resolved SOS opens the next, however soon', async () => {
  const { records } = await someRecords()
  const { sos } = await records.sos.press(aPress(), options)
  await records.sos.resolve({ sosId: sos.id, by: 'asha', atMs: startMs + 1 })
  expect(await records.sos.resolve({ sosId: sos.id, by: 'asha', atMs: startMs + 2 })).toBeUndefined()
  const next = await records.sos.press(aPress({ observedAtMs: startMs + 2, receivedAtMs: startMs + 2 }), options)
  expect(next.isNew).toBe(true)
})
