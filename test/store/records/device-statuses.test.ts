import { expect, onTestFinished, test, vi } from 'vitest'
import type { BusEvents } from '../../../contracts/events.ts'
import { createStatusKeeper } from '../../../store/index.ts'
import { aDevice, someRecords, startMs } from './fixture.ts'

type Said = BusEvents['device-status']

const said = (words: Partial<Said> = {}): Said => ({ deviceId: 'lamp-1', receivedAtMs: startMs, ...words })

/** Real records with these devices, and a keeper that has started. */
async function aKeeper({ ids = ['lamp-1'], gatherMs = 5 }: { ids?: readonly string[]; gatherMs?: number } = {}) {
  const house = await someRecords()
  await house.records.devices.registerMany(ids.map((id) => ({ id })))
  const keep = vi.spyOn(house.records.deviceStatuses, 'keep')
  const errors: unknown[] = []
  const log = { error: (fields: unknown) => void errors.push(fields) }
  const keeper = createStatusKeeper({ records: house.records, bus: house.bus, log, gatherMs })
  await keeper.start()
  onTestFinished(() => keeper.stop())
  const say = (words?: Partial<Said>) => house.bus.publish('device-status', said(words))
  return { ...house, keeper, keep, errors, say, get: (id = 'lamp-1') => house.records.deviceStatuses.get(id) }
}

test('keeps what a device last said of itself, over a restart', async () => {
  const { say, get, keeper, records, open } = await aKeeper()
  expect(await get()).toBeUndefined()
  say({ batteryPct: 64, firmware: '1.4.2' })
  const kept = { deviceId: 'lamp-1', batteryPct: 64, firmware: '1.4.2', receivedAtMs: startMs }
  await vi.waitFor(async () => expect(await get()).toEqual(kept))
  await keeper.stop()
  await records.close()
  const again = await open()
  onTestFinished(() => again.close())
  expect(await again.deviceStatuses.get('lamp-1')).toEqual(kept)
})

test.each([
  ['within one commit', 60_000],
  ['in two commits', 0],
])('what a status does not say stays as it was, %s', async (_, gatherMs) => {
  const { say, get, keeper } = await aKeeper({ gatherMs })
  say({ batteryPct: 64, firmware: '1.4.2' })
  if (gatherMs === 0) await vi.waitFor(async () => expect(await get()).toBeDefined())
  say({ batteryPct: 63, receivedAtMs: startMs + 1 })
  say({ online: false, receivedAtMs: startMs + 2 })
  await keeper.stop()
  expect(await get()).toMatchObject({ batteryPct: 63, firmware: '1.4.2', receivedAtMs: startMs + 1 })
})

test('a last will alone says nothing that is kept', async () => {
  const { say, get, keeper, keep } = await aKeeper()
  say({ online: false })
  await keeper.stop()
  expect(await get()).toBeUndefined()
  expect(keep).not.toHaveBeenCalled()
})

test('ten thousand devices that come back at once are forty commits', async () => {
  const ids = Array.from({ length: 10_000 }, (_, i) => `lamp-${i}`)
  const { say, keeper, keep, records } = await aKeeper({ ids, gatherMs: 60_000 })
  for (const batteryPct of [1, 2]) for (const deviceId of ids) say({ deviceId, batteryPct })
  expect(keep).not.toHaveBeenCalled()
  await keeper.stop()
  expect(keep).toHaveBeenCalledTimes(40)
  expect((await records.stats()).rows.device_statuses).toBe(10_000)
  expect(await records.deviceStatuses.get('lamp-9999')).toMatchObject({ batteryPct: 2 })
})

test('what is said while others are written is not lost', async () => {
  const { say, get, keep, records } = await aKeeper({ gatherMs: 0 })
  keep.mockImplementationOnce(async (statuses) => {
    say({ batteryPct: 2 })
    keep.mockRestore()
    await records.deviceStatuses.keep(statuses)
  })
  say({ batteryPct: 1 })
  await vi.waitFor(async () => expect(await get()).toMatchObject({ batteryPct: 2 }))
})

test('a store that fails is tried again, and what was said meanwhile counts', async () => {
  const { say, get, keep, errors } = await aKeeper()
  keep.mockImplementationOnce(async () => {
    say({ firmware: '2.0.0', receivedAtMs: startMs + 1 })
    throw new Error('disk full')
  })
  say({ batteryPct: 50 })
  await vi.waitFor(async () => expect(await get()).toMatchObject({ batteryPct: 50, firmware: '2.0.0' }))
  expect(errors).toHaveLength(1)
})

test('a device that is gone is passed over, and one that comes back under its id starts anew', async () => {
  const { say, get, keeper, records } = await aKeeper({ ids: ['lamp-1', 'lamp-2'], gatherMs: 60_000 })
  await records.deviceStatuses.keep([{ deviceId: 'lamp-1', batteryPct: 9, firmware: undefined, receivedAtMs: startMs }])
  say({ batteryPct: 8 })
  say({ deviceId: 'lamp-2', batteryPct: 7 })
  await records.devices.delete('lamp-1')
  await keeper.stop()
  expect(await get('lamp-2')).toMatchObject({ batteryPct: 7 })
  await records.devices.register(aDevice())
  expect(await get('lamp-1')).toBeUndefined()
})
