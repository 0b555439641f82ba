import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { findKind } from '../../contracts/kinds/index.ts'
import { fieldNames } from '../../contracts/kinds/kind.ts'
import type { ReadingColumns, TimeSeriesStore, WriteBatch } from '../../contracts/ports/time-series.ts'
import { openDuckDbStore } from '../../store/index.ts'
import { aTempDir } from './temp-dir.ts'

export const noonMs = Date.UTC(2026, 0, 15, 12)
export const hourMs = 3_600_000

export interface Row {
  readonly device?: number
  readonly atMs: number
  readonly seq?: number
  readonly values: Record<string, number | undefined>
}

export function columnsOf(kindId: string, rows: readonly Row[]): ReadingColumns {
  const names = fieldNames(findKind(kindId)!)
  return {
    kind: kindId,
    count: rows.length,
    deviceNo: Int32Array.from(rows, (row) => row.device ?? 1),
    observedAtMs: Float64Array.from(rows, (row) => row.atMs),
    receivedAtMs: Float64Array.from(rows, (row) => row.atMs + 250),
    seq: Float64Array.from(rows, (row) => row.seq ?? -1),
    flags: new Uint8Array(rows.length),
    fields: names.map((name) => Float64Array.from(rows, (row) => row.values[name] ?? Number.NaN)),
  }
}

export function aBatch(batchNo: number, parts: Partial<WriteBatch> = {}): WriteBatch {
  return {
    batchNo,
    newDevices:
      batchNo === 1
        ? [
            { no: 1, id: 'aq-1' },
            { no: 2, id: 'aq-2' },
          ]
        : [],
    readings: [],
    quarantine: [],
    quarantineLeft: [],
    ledger: [],
    transitions: [],
    snapshot: undefined,
    ...parts,
  }
}

export async function openStore(path?: string): Promise<{ store: TimeSeriesStore; path: string }> {
  const at = path ?? join(await aTempDir(), 'readings.duckdb')
  const store = await openDuckDbStore({ path: at })
  onTestFinished(() => store.close())
  await store.recover()
  return { store, path: at }
}

export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of source) items.push(item)
  return items
}

export function everyMinute(count: number, value: (i: number) => number, device = 1): Row[] {
  return Array.from({ length: count }, (_, i) => ({ device, atMs: noonMs + i * 60_000, values: { pm25: value(i) } }))
}

export const wholeHour = { kind: 'air-quality', fromMs: noonMs, toMs: noonMs + hourMs }

/** The first batch of a store: one reading a minute of one device, with PM2.5 counting up from 0. */
export function minutesOfPm25(count: number): WriteBatch {
  const rows = everyMinute(count, (i) => i)
  return aBatch(1, { readings: [columnsOf('air-quality', rows)] })
}
