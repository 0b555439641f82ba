import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { findKind } from '../contracts/kinds/index.ts'
import { fieldNames } from '../contracts/kinds/kind.ts'
import type { ReadingColumns, TimeSeriesStore } from '../contracts/ports/time-series.ts'
import { createRandom } from '../devices/random.ts'
import { openDuckDbStore } from '../store/index.ts'
import type { Bench, BenchRow } from './bench.ts'
import { milliseconds, percentile } from './table.ts'

const kindId = 'air-quality'
const deviceCount = 1000
const dayMs = 86_400_000
const hourMs = 3_600_000
const batchRows = 50_000
const targets = { seriesMsMax: 40, areaMsMax: 500, rollupMsMax: 20 } as const

/** Questions dashboards ask, of a store with 30 million readings: 1,000 devices, one reading every 29 s, ten days. */
export const queries: Bench = {
  id: 'queries',
  title: 'Queries over stored readings',
  async run({ isQuick, workDir, seed, say }) {
    const rowCount = isQuick ? 1_000_000 : 30_000_000
    const path = join(workDir, 'queries', 'time-series.duckdb')
    await rm(join(workDir, 'queries'), { recursive: true, force: true })
    const store = await openDuckDbStore({ path })
    try {
      const toMs = Math.floor(Date.now() / hourMs) * hourMs
      const everyMs = Math.floor((10 * dayMs * deviceCount) / rowCount)
      say(`storing ${rowCount} readings`)
      const storedInS = await fill(store, { rowCount, everyMs, toMs, seed })
      const rows = [await timeSeries(store, toMs, seed)]
      const areaCold = await timeArea(store, toMs)
      say('rolling up')
      await store.rollUp(Date.now())
      const areaRolled = await timeArea(store, toMs)
      const { bytesOnDisk } = await store.stats()
      const figures = {
        rows: rowCount,
        'stored/s': Math.round(rowCount / storedInS),
        'MB on disk': Math.round(bytesOnDisk / 1e6),
      }
      return [
        ...rows,
        areaRow('from readings', areaCold, targets.areaMsMax),
        areaRow('from roll-ups', areaRolled, targets.rollupMsMax),
      ].map((row): BenchRow => ({ ...row, figures: { ...row.figures, ...figures } }))
    } finally {
      await store.close()
      await rm(join(workDir, 'queries'), { recursive: true, force: true })
    }
  },
}

/** Fills in event-time order, as a city would. @returns how long it took, seconds */
async function fill(
  store: TimeSeriesStore,
  options: { readonly rowCount: number; readonly everyMs: number; readonly toMs: number; readonly seed: number },
): Promise<number> {
  const { rowCount, everyMs, toMs, seed } = options
  const fields = fieldNames(findKind(kindId)!)
  const random = createRandom(seed, 'fill')
  const fromMs = toMs - Math.ceil(rowCount / deviceCount) * everyMs
  const { batchNoMax } = await store.recover()
  const startedAtMs = performance.now()
  for (let at = 0, batchNo = batchNoMax + 1; at < rowCount; at += batchRows, batchNo++) {
    const count = Math.min(batchRows, rowCount - at)
    const readings: ReadingColumns = {
      kind: kindId,
      count,
      deviceNo: Int32Array.from({ length: count }, (_none, row) => ((at + row) % deviceCount) + 1),
      observedAtMs: Float64Array.from(
        { length: count },
        (_none, row) => fromMs + Math.floor((at + row) / deviceCount) * everyMs,
      ),
      receivedAtMs: Float64Array.from(
        { length: count },
        (_none, row) => fromMs + Math.floor((at + row) / deviceCount) * everyMs + 40,
      ),
      seq: new Float64Array(count).fill(-1),
      flags: new Uint8Array(count),
      fields: fields.map((_name, field) =>
        Float64Array.from({ length: count }, () => (field < 4 ? Math.round(random() * 400) / 10 : Number.NaN)),
      ),
    }
    await store.commit({
      batchNo,
      newDevices:
        at === 0
          ? Array.from({ length: deviceCount }, (_none, index) => ({ no: index + 1, id: `query-${index + 1}` }))
          : [],
      readings: [readings],
      quarantine: [],
      quarantineLeft: [],
      ledger: [],
      transitions: [],
      snapshot: undefined,
    })
  }
  return (performance.now() - startedAtMs) / 1000
}

async function timeSeries(store: TimeSeriesStore, toMs: number, seed: number): Promise<BenchRow> {
  const random = createRandom(seed, 'series')
  let points = 0
  const tookMs = await timeEach(60, async () => {
    const deviceId = `query-${1 + Math.floor(random() * deviceCount)}`
    const endMs = toMs - Math.floor(random() * 8) * dayMs
    const query = {
      deviceId,
      kind: kindId,
      fields: ['pm25'],
      fromMs: endMs - dayMs,
      toMs: endMs,
      maxPoints: 1000,
      aggregate: 'lttb',
    } as const
    const { series } = await store.series(query)
    points += series.pm25?.length ?? 0
  })
  const p50 = percentile(tookMs, 0.5)
  return {
    what: 'one device, 24 h, at most 1,000 points',
    measured: `p50 ${milliseconds(p50)}`,
    target: `p50 <= ${targets.seriesMsMax} ms`,
    isMet: p50 <= targets.seriesMsMax && points > 0,
    figures: { 'p50 ms': p50, 'p99 ms': percentile(tookMs, 0.99), 'points each': Math.round(points / tookMs.length) },
  }
}

async function timeArea(store: TimeSeriesStore, toMs: number) {
  let answer: Awaited<ReturnType<TimeSeriesStore['areaSeries']>> | undefined
  const tookMs = await timeEach(7, async () => {
    answer = await store.areaSeries({ kind: kindId, field: 'pm25', fromMs: toMs - 10 * dayMs, toMs, bucketMs: hourMs })
  })
  return { tookMs, points: answer!.points.length, fromRollup: answer!.fromRollup }
}

function areaRow(from: string, area: Awaited<ReturnType<typeof timeArea>>, msMax: number): BenchRow {
  const p50 = percentile(area.tookMs, 0.5)
  const isAsNamed = area.fromRollup === (from === 'from roll-ups')
  return {
    what: `city-wide hourly mean, ten days, ${area.fromRollup ? 'from roll-ups' : 'from readings'}`,
    measured: `p50 ${milliseconds(p50)}`,
    target: `p50 <= ${msMax} ms`,
    isMet: p50 <= msMax && isAsNamed,
    figures: { 'p50 ms': p50, 'p99 ms': percentile(area.tookMs, 0.99), 'points each': area.points },
  }
}

async function timeEach(count: number, act: () => Promise<void>): Promise<number[]> {
  const tookMs: number[] = []
  for (let turn = 0; turn < count; turn++) {
    const startedAtMs = performance.now()
    await act()
    tookMs.push(performance.now() - startedAtMs)
  }
  return tookMs
}
