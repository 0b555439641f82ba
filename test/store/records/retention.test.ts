import { expect, test } from 'vitest'
import { aDevice, aPress, aSession, someRecords, startMs } from './fixture.ts'

const dayMs = 86_400_000
const keep = {
  commandsKeepDays: 30,
  sessionsKeepDays: 7,
  codesKeepDays: 2,
  noticesKeepDays: 30,
  alertsKeepDays: 365,
  sosPositionsKeepDays: 90,
  auditKeepDays: 730,
}

test('a command that nobody fetched is ended, and deleted when its keep is over', async () => {
  const { records, clock, listen } = await someRecords()
  await records.devices.register(aDevice())
  const { id } = await records.commands.queue({ deviceId: 'lamp-1', name: 'blink', body: {}, keepS: 60 })
  const events = listen('command-changed')
  clock.advance(dayMs)
  expect(await records.retain({ ...keep, nowMs: clock.now() })).toMatchObject({ commands: 0 })
  expect(events).toMatchObject([{ command: { id, state: 'expired' } }])
  clock.advance(31 * dayMs)
  expect(await records.retain({ ...keep, nowMs: clock.now() })).toMatchObject({ commands: 1 })
  expect(await records.commands.get(id)).toBeUndefined()
})

test('deletes what ended longer ago than its keep, and nothing that is open', async () => {
  const { records, clock } = await someRecords({ commandsPerDeviceMax: 2000 })
  await records.devices.register(aDevice())
  await records.transaction(async ({ commands }) => {
    for (let index = 0; index < 1200; index++) {
      const { id } = await commands.queue({ deviceId: 'lamp-1', name: 'blink', body: {}, keepS: 86_400 * 100 })
      if (index < 1100) await commands.markDelivered(id, startMs)
    }
  })
  const user = await records.users.create({
    email: 'a@b.example',
    name: 'A',
    role: 'operator',
    password: { hash: 'x', length: 12 },
  })
  const session = (refreshHash: string, days: number) =>
    records.sessions.create(aSession({ userId: user.id, refreshHash, expiresAtMs: startMs + days * dayMs }))
  await session('gone', 1)
  const open = await session('open', 100)

  clock.advance(31 * dayMs)
  const deleted = await records.retain({ ...keep, nowMs: clock.now() })
  expect(deleted).toMatchObject({ commands: 1100, sessions: 1 })
  expect(Object.values(deleted).reduce((sum, count) => sum + count)).toBe(1101)
  const { rows } = await records.stats()
  expect(rows).toMatchObject({ commands: 100, sessions: 1, refresh_tokens: 1 })
  expect((await records.sessions.listOpen(user.id)).map(({ id }) => id)).toEqual([open.id])
  expect(new Set(Object.values(await records.retain({ ...keep, nowMs: clock.now() })))).toEqual(new Set([0]))
})

test('where people were is forgotten when its keep is over, what happened is not; what is open keeps its place', async () => {
  const { records, clock } = await someRecords()
  const location = { latitude: 19, longitude: 72.8 }
  const options = {
    opens: { state: 'active', severity: 'high', severityReasons: [], address: 'Mill Lane' },
    resendWindowMs: 0,
  } as const
  const press = async (deviceId: string) => {
    const { sos } = await records.sos.press({ ...aPress({ deviceId, location }), source: 'wearable' }, options)
    const at = { ...location, sosId: sos.id, source: 'wearable', deviceId, batteryPct: 9, isPlausible: true } as const
    await records.sos.addPosition({ ...at, observedAtMs: startMs, receivedAtMs: startMs })
    return sos.id
  }
  const [open, closed] = [await press('band-1'), await press('band-2')]
  await records.sos.update(closed, { state: 'resolved', closedAtMs: startMs, updatedAtMs: startMs })
  clock.advance(91 * dayMs)
  expect(await records.retain({ ...keep, nowMs: clock.now() })).toMatchObject({ sosPositions: 1 })
  expect(await records.sos.get(closed)).toMatchObject({ location: undefined, address: undefined, state: 'resolved' })
  expect(await records.sos.presses(closed)).toMatchObject([{ location: undefined }])
  expect(await records.sos.trail(closed, { countMax: 9 })).toEqual([])
  expect(await records.sos.get(open)).toMatchObject({ location })
  expect(await records.sos.trail(open, { countMax: 9 })).toHaveLength(1)
})
