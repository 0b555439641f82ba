import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openDuckDbStore } from '../../store/index.ts'
import { aTempDir } from '../support/temp-dir.ts'
import { aBatch, columnsOf, minutesOfPm25, noonMs, openStore, wholeHour } from '../support/time-series-rows.ts'

describe('upkeep', () => {
  it('retention removes what is older than its keep and no more', async () => {
    const { store } = await openStore()
    await store.commit(
      aBatch(1, {
        readings: [
          columnsOf('noise', [
            { atMs: noonMs - 10 * 86_400_000, values: { laeqDb: 1 } },
            { atMs: noonMs, values: { laeqDb: 2 } },
          ]),
        ],
        quarantine: [1, 2, 3].map((id) => ({
          id,
          deviceId: 'aq-1',
          topic: 't',
          reason: 'unparseable' as const,
          field: undefined,
          receivedAtMs: id === 1 ? noonMs - 40 * 86_400_000 : noonMs,
          payload: Uint8Array.of(1),
        })),
      }),
    )
    const options = { nowMs: noonMs, readingsKeepDays: 8, quarantineKeepDays: 30 }
    expect(await store.retain(options)).toEqual({ readings: 1, quarantined: 1 })
    expect((await store.stats()).rows.noise).toBe(1)
    expect((await store.quarantine.list({ limit: 10 })).map((message) => message.id)).toEqual([3, 2])
  })

  it('quarantine keeps the newest within its number and its bytes', async () => {
    const { store } = await openStore()
    const entries = Array.from({ length: 10 }, (_, i) => ({
      id: i + 1,
      deviceId: 'aq-1',
      topic: 't',
      reason: 'unparseable' as const,
      field: undefined,
      receivedAtMs: noonMs,
      payload: new Uint8Array(100),
    }))
    await store.commit(aBatch(1, { quarantine: entries }))
    expect(await store.trimQuarantine({ rowsMax: 20, bytesMax: 1000 })).toEqual({ removed: 0 })
    expect(await store.trimQuarantine({ rowsMax: 8, bytesMax: 1000 })).toEqual({ removed: 2 })
    expect(await store.trimQuarantine({ rowsMax: 8, bytesMax: 350 })).toEqual({ removed: 5 })
    expect((await store.quarantine.list({ limit: 10 })).map(({ id }) => id)).toEqual([10, 9, 8])
    expect(await store.trimQuarantine({ rowsMax: 0, bytesMax: 0 })).toEqual({ removed: 3 })
    expect(await store.trimQuarantine({ rowsMax: 0, bytesMax: 0 })).toEqual({ removed: 0 })
  })

  it('a backup taken between writes opens as a store of that moment', async () => {
    const { store } = await openStore()
    const directory = await aTempDir()
    await store.commit(aBatch(1, { readings: [columnsOf('noise', [{ atMs: noonMs, values: { laeqDb: 60 } }])] }))
    const copying = store.backup(directory)
    await store.commit(aBatch(2, { readings: [columnsOf('noise', [{ atMs: noonMs + 1, values: { laeqDb: 61 } }])] }))
    const { files } = await copying
    const copy = await openDuckDbStore({ path: join(directory, files[0]!) })
    onTestFinished(() => copy.close())
    const rows = (await copy.stats()).rows.noise!
    expect(rows).toBeGreaterThanOrEqual(1)
    expect((await copy.recover()).batchNoMax).toBe(rows)
  })

  it('exports Parquet that reads back', async () => {
    const { store } = await openStore()
    await store.commit(minutesOfPm25(60))
    expect(await store.exportParquet(wholeHour, join(await aTempDir(), 'out.parquet'))).toBeGreaterThan(100)
  })
})

describe('quarantine', () => {
  it('lists newest first with filters, inspects, purges and counts', async () => {
    const { store } = await openStore()
    const payload = Uint8Array.of(0, 255, 39)
    const entry = (id: number, reason: 'unparseable' | 'out-of-range') => ({
      id,
      deviceId: id % 2 ? 'aq-1' : "aq'2",
      topic: 'v1/devices/x',
      reason,
      field: reason === 'out-of-range' ? 'pm25' : undefined,
      receivedAtMs: noonMs + id,
      payload,
    })
    await store.commit(
      aBatch(1, { quarantine: [entry(1, 'unparseable'), entry(2, 'out-of-range'), entry(3, 'unparseable')] }),
    )
    expect((await store.quarantine.list({ limit: 2 })).map((message) => message.id)).toEqual([3, 2])
    expect((await store.quarantine.list({ limit: 9, deviceId: "aq'2" })).map((message) => message.id)).toEqual([2])
    expect(
      (await store.quarantine.list({ limit: 9, beforeId: 3, reason: 'unparseable' })).map((message) => message.id),
    ).toEqual([1])
    expect([...(await store.quarantine.get(1))!.payload]).toEqual([...payload])
    expect(await store.quarantine.counts()).toEqual([
      { reason: 'unparseable', count: 2 },
      { reason: 'out-of-range', count: 1 },
    ])
    expect(await store.quarantine.purge({ limit: 10, reason: 'unparseable' })).toBe(2)
    expect(await store.quarantine.get(1)).toBeUndefined()
  })
})
