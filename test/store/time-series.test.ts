import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, it, onTestFinished } from 'vitest'
import { kinds } from '../../contracts/kinds/index.ts'
import { openDuckDbStore } from '../../store/index.ts'
import { ensureSchema } from '../../store/time-series/schema.ts'
import { createDuckDbWriter } from '../../store/time-series/writer.ts'
import { aTempDir } from '../support/temp-dir.ts'
import {
  aBatch,
  collect,
  columnsOf,
  everyMinute,
  hourMs,
  minutesOfPm25,
  noonMs,
  openStore,
  wholeHour,
} from '../support/time-series-rows.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

describe('what is committed', () => {
  it('is read back exactly, absent fields absent, large times and sequence numbers whole', async () => {
    const { store } = await openStore()
    const rows = [
      { atMs: noonMs + 1, seq: 9_007_199_254_740_991, values: { pm25: 12.5, co2: 430 } },
      { atMs: noonMs + 2, values: { no2: 0 } },
    ]
    await store.commit(aBatch(1, { readings: [columnsOf('air-quality', rows)] }))
    const pages = await collect(store.exportRows(wholeHour))
    expect(pages.flat()).toEqual([
      {
        deviceId: 'aq-1',
        observedAtMs: noonMs + 1,
        receivedAtMs: noonMs + 251,
        seq: 9_007_199_254_740_991,
        values: { pm25: 12.5, co2: 430 },
      },
      { deviceId: 'aq-1', observedAtMs: noonMs + 2, receivedAtMs: noonMs + 252, seq: undefined, values: { no2: 0 } },
    ])
  })

  it('spans several chunks', async () => {
    const { store } = await openStore()
    const rows = Array.from({ length: 5000 }, (_, i) => ({
      atMs: noonMs + i,
      values: { pm25: i / 10, ...(i % 3 ? {} : { co: 1 }) },
    }))
    await store.commit(aBatch(1, { readings: [columnsOf('air-quality', rows)] }))
    const exported = (await collect(store.exportRows(wholeHour))).flat()
    expect(exported.length).toBe(5000)
    for (const [i, row] of exported.entries()) {
      expect(row.values.pm25).toBe(i / 10)
      expect(row.values.co).toBe(i % 3 ? undefined : 1)
    }
  })

  it('is found again by device, time and sequence, and nothing else is', async () => {
    const { store } = await openStore()
    await store.commit(
      aBatch(1, { readings: [columnsOf('noise', [{ atMs: noonMs, seq: 4, values: { laeqDb: 60 } }])] }),
    )
    const asked = columnsOf('noise', [
      { atMs: noonMs, seq: 4, values: {} },
      { atMs: noonMs, seq: 5, values: {} },
      { atMs: noonMs + 1, seq: 4, values: {} },
      { device: 2, atMs: noonMs, seq: 4, values: {} },
    ])
    expect([...(await store.findStored(asked))]).toEqual([1, 0, 0, 0])
  })

  it('survives closing and opening, with its devices, ledger, transitions and snapshot', async () => {
    const { store, path } = await openStore()
    const transition = { type: 'raise', ruleId: 'r', deviceId: 'aq-1', kind: 'noise', atMs: noonMs, value: 80 } as const
    await store.commit(aBatch(1, { readings: [columnsOf('noise', [{ atMs: noonMs, values: { laeqDb: 80 } }])] }))
    await store.commit(aBatch(2, { snapshot: { body: '{"a":1}', transitionsAppliedTo: 0 } }))
    await store.commit(
      aBatch(3, {
        readings: [columnsOf('noise', [{ atMs: noonMs + 5, seq: 7, values: { laeqDb: 81 } }])],
        ledger: [{ deviceNo: 1, duplicate: 2, quarantined: 0, rejected: 1 }],
        transitions: [transition],
      }),
    )
    await store.close()
    const again = await openDuckDbStore({ path })
    onTestFinished(() => again.close())
    const recovered = await again.recover()
    expect(recovered.snapshot).toBe('{"a":1}')
    expect(recovered.batchNoMax).toBe(3)
    expect(recovered.devices.map((device) => device.id)).toEqual(['aq-1', 'aq-2'])
    expect(recovered.ledger).toEqual([{ deviceNo: 1, duplicate: 2, quarantined: 0, rejected: 1 }])
    expect(recovered.transitions).toEqual([{ batchNo: 3, transition }])
    const [columns, ...more] = await collect(recovered.readings)
    expect(more).toEqual([])
    expect([columns!.count, columns!.observedAtMs[0], columns!.seq[0], columns!.fields[0]![0]]).toEqual([
      1,
      noonMs + 5,
      7,
      81,
    ])
    expect(columns!.fields[1]![0]).toBeNaN()
  })

  it('is all or nothing: a batch that fails half way leaves no trace, and the next one works', async () => {
    const { store } = await openStore()
    const good = columnsOf('noise', [{ atMs: noonMs, values: { laeqDb: 60 } }])
    const bad = { ...columnsOf('weather', [{ atMs: noonMs, values: { windMs: 3 } }]), kind: 'no-such-kind' }
    await expect(store.commit(aBatch(1, { readings: [good, bad] }))).rejects.toThrow()
    const recovered = await store.recover()
    expect(recovered.batchNoMax).toBe(0)
    await store.commit(aBatch(1, { readings: [good] }))
    expect((await store.stats()).rows.noise).toBe(1)
  })

  it('stays refused when the appender that could not write it is collected', async () => {
    const instance = await DuckDBInstance.create(join(await aTempDir(), 'readings.duckdb'))
    onTestFinished(() => instance.closeSync())
    const connection = await instance.connect()
    await ensureSchema(connection, kinds)
    const writer = createDuckDbWriter({ connection, kinds, onCommitted: () => undefined })
    const readingsAt = (atMs: number) => [columnsOf('noise', [{ atMs, values: { laeqDb: 60 } }])]
    await writer.commit({ ...aBatch(1, { readings: readingsAt(noonMs) }), newDevices: [] })
    // An aborted transaction stands for a disk that is full for a while: nothing can be flushed until it is over.
    await connection.run('BEGIN')
    await expect(connection.run("SELECT error('no room')")).rejects.toThrow()
    // Only its text: an error holds on to the functions that it came through, and they to the appender.
    const batch = aBatch(2, { readings: readingsAt(noonMs + 1) })
    expect(await writer.commit(batch).then(() => 'committed', String)).toContain('Failed to append')
    await connection.run('ROLLBACK')
    await writer.recover()
    for (let round = 0; round < 10; round++) {
      collectGarbage()
      await new Promise((resolve) => setImmediate(resolve))
    }
    const rows = await connection.runAndReadAll('SELECT count(*)::DOUBLE FROM reading_noise')
    expect(rows.getRowsJS()).toEqual([[1]])
  })

  it('says so when the file is not a store', async () => {
    const path = join(await aTempDir(), 'readings.duckdb')
    await writeFile(path, 'this is not a database, though it is long enough to look at'.repeat(200))
    await expect(openDuckDbStore({ path })).rejects.toMatchObject({ code: 'store-unavailable' })
  })
})

describe('series', () => {
  it('gives buckets their mean, lowest and highest', async () => {
    const { store } = await openStore()
    await store.commit(minutesOfPm25(60))
    const query = { deviceId: 'aq-1', ...wholeHour, fields: ['pm25'], maxPoints: 2 } as const
    const valuesOf = async (aggregate: 'mean' | 'min' | 'max') =>
      (await store.series({ ...query, aggregate })).series.pm25!.map((point) => point.value)
    expect(await valuesOf('mean')).toEqual([14.5, 44.5])
    expect(await valuesOf('min')).toEqual([0, 30])
    expect(await valuesOf('max')).toEqual([29, 59])
  })

  it('keeps a lone spike when it thins a long series', async () => {
    const { store } = await openStore()
    const rows = Array.from({ length: 60_000 }, (_, i) => ({
      atMs: noonMs + i * 50,
      values: { pm25: i === 31_234 ? 900 : 10 },
    }))
    await store.commit(aBatch(1, { readings: [columnsOf('air-quality', rows)] }))
    const { series, rowsRead } = await store.series({
      deviceId: 'aq-1',
      ...wholeHour,
      fields: ['pm25'],
      maxPoints: 200,
      aggregate: 'lttb',
    })
    expect(rowsRead).toBe(60_000)
    expect(series.pm25!.length).toBeLessThanOrEqual(200)
    expect(Math.max(...series.pm25!.map((point) => point.value))).toBe(900)
    const times = series.pm25!.map((point) => point.atMs)
    expect(times).toEqual([...times].sort((a, b) => a - b))
  })

  it.each([
    ['an unknown kind', { kind: 'nope' }, 'unknown-kind'],
    ['an unknown field', { fields: ['pm25"; DROP TABLE device; --'] }, 'unknown-field'],
    ['a range that ends before it starts', { toMs: noonMs - 1 }, 'bad-time-range'],
    ['a time that is no number', { fromMs: Number.NaN }, 'bad-time-range'],
    ['more raw readings than asked for', { aggregate: 'raw' as const, maxPoints: 5 }, 'query-too-costly'],
  ])('refuses %s', async (_name, change, code) => {
    const { store } = await openStore()
    await store.commit(minutesOfPm25(60))
    const query = { deviceId: 'aq-1', ...wholeHour, fields: ['pm25'], maxPoints: 100, aggregate: 'mean' as const }
    await expect(store.series({ ...query, ...change })).rejects.toMatchObject({ code })
  })

  it('is empty for a device it has never heard of', async () => {
    const { store } = await openStore()
    const result = await store.series({
      deviceId: "x'; --",
      ...wholeHour,
      fields: ['pm25'],
      maxPoints: 10,
      aggregate: 'mean',
    })
    expect(result.series).toEqual({ pm25: [] })
  })
})

describe('roll-ups', () => {
  const area = { kind: 'air-quality', field: 'pm25', fromMs: noonMs, toMs: noonMs + 3 * hourMs, bucketMs: hourMs }

  it('answer as the readings do, also after late data and before the next run', async () => {
    const { store } = await openStore()
    await store.commit(
      aBatch(1, {
        readings: [columnsOf('air-quality', [...everyMinute(170, (i) => i), ...everyMinute(90, (i) => 2 * i, 2)])],
      }),
    )
    const fromReadings = await store.areaSeries(area)
    expect(fromReadings.fromRollup).toBe(false)
    await store.rollUp(noonMs)
    const fromRollups = await store.areaSeries(area)
    expect(fromRollups.fromRollup).toBe(true)
    expect(fromRollups.points).toEqual(fromReadings.points)

    const late = columnsOf('air-quality', [{ device: 2, atMs: noonMs + 30_000, values: { pm25: 777 } }])
    await store.commit(aBatch(2, { readings: [late] }))
    const withLate = await store.areaSeries(area)
    expect(withLate.points[0]!.max).toBe(777)
    await store.rollUp(noonMs)
    expect((await store.areaSeries(area)).points).toEqual(withLate.points)
  })

  it('leave the mean of an area to the readings: every device counts once, however often it reports', async () => {
    const { store } = await openStore()
    const rows = [
      ...[10, 20, 30].map((pm25, i) => ({ device: 1, atMs: noonMs + i, values: { pm25 } })),
      { device: 2, atMs: noonMs, values: { pm25: 80 } },
      { device: 2, atMs: noonMs + 5, values: { co2: 400 } },
      { device: 2, atMs: noonMs + 9, values: { pm25: 999 } },
    ]
    await store.commit(aBatch(1, { readings: [columnsOf('air-quality', rows)] }))
    const query = { kind: 'air-quality', field: 'pm25', fromMs: noonMs, toMs: noonMs + 9 }
    const ofBoth = await store.areaMean({ ...query, deviceIds: ['aq-1', 'aq-2', "o'neill", 'aq-9'] })
    expect(ofBoth).toEqual({ mean: 50, deviceCount: 2 })
    expect(await store.areaMean({ ...query, deviceIds: ['aq-1'] })).toEqual({ mean: 20, deviceCount: 1 })
    expect(await store.areaMean({ ...query, deviceIds: [] })).toBeUndefined()
    expect(await store.areaMean({ ...query, deviceIds: ['aq-9'] })).toBeUndefined()
    const unknown = store.areaMean({ ...query, field: 'nothing', deviceIds: ['aq-1'] })
    await expect(unknown).rejects.toMatchObject({ code: 'unknown-field' })
  })

  it('still draw a device’s long history when its readings are gone', async () => {
    const { store } = await openStore()
    await store.commit(minutesOfPm25(150))
    await store.rollUp(noonMs)
    await store.retain({
      nowMs: noonMs + 9 * 86_400_000,
      readingsKeepDays: 8,
      quarantineKeepDays: 8,
    })
    const query = {
      deviceId: 'aq-1',
      kind: 'air-quality',
      fields: ['pm25'],
      fromMs: noonMs + 1,
      toMs: noonMs + 100 * hourMs,
    }
    const result = await store.series({ ...query, maxPoints: 100, aggregate: 'mean' })
    expect(result.fromRollup).toBe(true)
    expect(result.bucketMs).toBe(hourMs)
    expect(result.series.pm25!.map((point) => point.value)).toEqual([29.5, 89.5, 134.5])
  })

  it('run again without work when nothing came in', async () => {
    const { store } = await openStore()
    await store.commit(minutesOfPm25(60))
    expect((await store.rollUp(noonMs)).rows).toBeGreaterThan(0)
    expect((await store.rollUp(noonMs)).rows).toBe(0)
  })
})
