import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { openSosStates, type SosPress } from '../../../contracts/sos.ts'
import type { NewPress, NewSos, Records } from '../../../store/index.ts'
import { createScope } from '../../../store/records/scope.ts'
import { aDevice, aPress, aUser, recordsKey, someRecords, startMs } from './fixture.ts'

const opens: NewSos = { state: 'active', severity: 'high', severityReasons: [] }
const options = { opens, resendWindowMs: 120_000 }

/** A press of a wearable, as the desk stores it. */
function aStoredPress(press: Partial<SosPress> = {}): NewPress {
  return { ...aPress(press), source: 'wearable' }
}

function resolve({ sos }: Records, sosId: string, atMs: number) {
  return sos.update(sosId, { state: 'resolved', closedAtMs: atMs, closedBy: 'asha', updatedAtMs: atMs })
}

test('a hundred presses at once make one SOS that counts them all', async () => {
  const { records } = await someRecords()
  const outcomes = await Promise.all(
    Array.from({ length: 100 }, (_, seq) => records.sos.press(aStoredPress({ seq }), options)),
  )
  expect(outcomes.filter(({ isNew }) => isNew)).toHaveLength(1)
  expect(new Set(outcomes.map(({ sos }) => sos.id)).size).toBe(1)
  const { items } = await records.sos.list({ limit: 10, states: ['active'] })
  expect(items).toMatchObject([{ pressCount: 100, state: 'active' }])
  expect(await records.sos.presses(items[0]!.id)).toHaveLength(100)
})

test('the database itself refuses a second open SOS of a device, and of a person', async () => {
  const { records, path, bus, clock } = await someRecords()
  await records.sos.press(aStoredPress(), { ...options, opens: { ...opens, ownerId: 'asha' } })
  const scope = createScope({ path, key: recordsKey, bus, now: clock.now })
  onTestFinished(() => scope.db.destroy())
  const second = (deviceId: string, ownerId: string, state: string) =>
    sql`insert into sos (id, room_id, source, state, device_id, owner_id, trigger_name, severity, severity_reasons,
      is_duress, pin_failures, escalation, observed_at_ms, received_at_ms, press_count, last_seen_at_ms, updated_at_ms)
      values (${state}, ${state}, 'app', ${state}, ${deviceId}, ${ownerId}, 'manual', 'high', '[]', 0, 0, 0, 1, 1, 1, 1, 1)`.execute(
      scope.db,
    )
  for (const state of openSosStates) {
    await expect(second('band-1', 'nobody', state), `of the device, ${state}`).rejects.toThrow(/UNIQUE.*device_id/)
    await expect(second('band-9', 'asha', state), `of the person, ${state}`).rejects.toThrow(/UNIQUE.*owner_id/)
  }
  await second('band-1', 'asha', 'cancelled')
  await second('band-1', 'asha', 'resolved')
})

test('every device has its own', async () => {
  const { records } = await someRecords()
  const one = await records.sos.press(aStoredPress({ deviceId: 'band-1' }), options)
  const two = await records.sos.press(aStoredPress({ deviceId: 'band-2' }), options)
  expect([one.isNew, two.isNew]).toEqual([true, true])
  expect(one.sos.id).not.toBe(two.sos.id)
})

test('a joining press moves the place and the battery, and leaves what it does not know', async () => {
  const { records } = await someRecords()
  const location = { latitude: 28.6, longitude: 77.2, accuracyM: 12 }
  await records.sos.press(aStoredPress({ location, batteryPct: 80, trigger: 'fall' }), options)
  const { sos } = await records.sos.press(aStoredPress({ observedAtMs: startMs + 5000, batteryPct: 79 }), options)
  expect(sos).toMatchObject({ location, batteryPct: 79, trigger: 'fall', observedAtMs: startMs, pressCount: 2 })
  const moved = { latitude: 28.7, longitude: 77.3 }
  const third = await records.sos.press(aStoredPress({ observedAtMs: startMs + 9000, location: moved }), options)
  expect(third.sos.location).toEqual({ ...moved, accuracyM: undefined })
})

test.each([
  ['with a sequence number', 7],
  ['without one', undefined],
])('the same press resent %s is counted once', async (_, seq) => {
  const { records } = await someRecords()
  const first = await records.sos.press(aStoredPress({ seq }), options)
  const resent = await records.sos.press(aStoredPress({ seq, receivedAtMs: startMs + 3000 }), options)
  expect(resent).toMatchObject({ isNew: false, isRepeat: true, sos: { id: first.sos.id, pressCount: 1 } })
})

test('a press resent just after its SOS was resolved does not open another', async () => {
  const { records } = await someRecords()
  const { sos } = await records.sos.press(aStoredPress(), options)
  await resolve(records, sos.id, startMs + 1000)
  const resent = await records.sos.press(aStoredPress({ receivedAtMs: startMs + 60_000 }), options)
  expect(resent).toMatchObject({ isNew: false, sos: { id: sos.id, state: 'resolved' } })
})

test('a device whose clock stands still is heard again after its SOS was resolved', async () => {
  const { records } = await someRecords()
  const { sos } = await records.sos.press(aStoredPress({ observedAtMs: 0 }), options)
  await resolve(records, sos.id, startMs + 1000)
  const later = await records.sos.press(aStoredPress({ observedAtMs: 0, receivedAtMs: startMs + 3_600_000 }), options)
  expect(later.isNew).toBe(true)
  expect(later.sos.id).not.toBe(sos.id)
})

test('a new press after a resolved SOS opens the next, however soon', async () => {
  const { records } = await someRecords()
  const { sos } = await records.sos.press(aStoredPress(), options)
  await resolve(records, sos.id, startMs + 1)
  const next = await records.sos.press(aStoredPress({ observedAtMs: startMs + 2, receivedAtMs: startMs + 2 }), options)
  expect(next.isNew).toBe(true)
})

test.each([
  ['the app first', ['app', 'wearable']],
  ['the wearable first', ['wearable', 'app']],
] as const)('a person’s app and wearable at once are one SOS: %s', async (_, order) => {
  const { records } = await someRecords()
  const asha = await aUser(records)
  await records.devices.register(aDevice({ id: 'band-1', ownerId: asha }))
  const presses = {
    app: [{ ...aStoredPress({ observedAtMs: startMs + 1 }), deviceId: undefined, source: 'app' }, asha],
    wearable: [aStoredPress(), undefined],
  } as const
  const outcomes = await Promise.all(
    order.map((source) => {
      const [press, ownerId] = presses[source]
      return records.sos.press(press, { ...options, opens: { ...opens, ownerId } })
    }),
  )
  expect(outcomes.map(({ isNew }) => isNew)).toEqual([true, false])
  expect(outcomes[1]!.sos).toMatchObject({ id: outcomes[0]!.sos.id, source: order[0], pressCount: 2 })
  // Whichever came first, the next press of the device and its positions find it.
  expect(outcomes[1]!.sos).toMatchObject({ ownerId: asha, deviceId: 'band-1' })
})

test('where both the person and the device have one, the person’s is joined, and the device’s stays what it is', async () => {
  const { records } = await someRecords()
  await records.devices.register(aDevice({ id: 'band-1' }))
  const ofDevice = await records.sos.press(aStoredPress(), options)
  const asha = await aUser(records)
  await records.devices.patch('band-1', { ownerId: asha })
  const app = { ...aStoredPress(), deviceId: undefined, source: 'app' } as const
  const ofPerson = await records.sos.press(app, { ...options, opens: { ...opens, ownerId: asha } })
  expect([ofDevice.isNew, ofPerson.isNew]).toEqual([true, true])
  const next = await records.sos.press(aStoredPress({ observedAtMs: startMs + 5 }), options)
  expect(next).toMatchObject({ isNew: false, isFirstOfDevice: true, sos: { id: ofPerson.sos.id, deviceId: undefined } })
  expect(await records.sos.get(ofDevice.sos.id)).toMatchObject({ state: 'active', pressCount: 1, deviceId: 'band-1' })
})

test('calls of nobody we know are each their own', async () => {
  const { records } = await someRecords()
  const anonymous = { ...aStoredPress(), deviceId: undefined, source: 'anonymous' } as const
  const outcomes = [await records.sos.press(anonymous, options), await records.sos.press(anonymous, options)]
  expect(outcomes.map(({ isNew }) => isNew)).toEqual([true, true])
  expect(outcomes[0]!.sos.roomId).not.toBe(outcomes[1]!.sos.roomId)
  expect(outcomes[0]!.sos.roomId).toHaveLength(43)
})
