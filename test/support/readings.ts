import { findKind } from '../../contracts/kinds/index.ts'
import { fieldNames } from '../../contracts/kinds/kind.ts'
import type { TimeSeriesStore, WriteBatch } from '../../contracts/ports/time-series.ts'

export interface StoredRow {
  readonly deviceId: string
  readonly atMs: number
  readonly seq?: number
  readonly values: Readonly<Record<string, number>>
}

/** Commits readings of one kind, and quarantined messages, to a store that nobody else writes to. */
export async function putInStore(
  store: TimeSeriesStore,
  kindId: string,
  rows: readonly StoredRow[],
  quarantine: WriteBatch['quarantine'] = [],
): Promise<void> {
  const ids = [...new Set([...rows, ...quarantine].map(({ deviceId }) => deviceId))]
  const { batchNoMax, devices } = await store.recover()
  const numbers = new Map(devices.map(({ id, no }) => [id, no]))
  const newDevices = ids
    .filter((id) => !numbers.has(id))
    .map((id, at) => ({ id, no: Math.max(0, ...numbers.values()) + at + 1 }))
  for (const { id, no } of newDevices) numbers.set(id, no)
  const names = fieldNames(findKind(kindId)!)
  await store.commit({
    batchNo: batchNoMax + 1,
    newDevices,
    readings: [
      {
        kind: kindId,
        count: rows.length,
        deviceNo: Int32Array.from(rows, ({ deviceId }) => numbers.get(deviceId)!),
        observedAtMs: Float64Array.from(rows, ({ atMs }) => atMs),
        receivedAtMs: Float64Array.from(rows, ({ atMs }) => atMs + 250),
        seq: Float64Array.from(rows, ({ seq }) => seq ?? -1),
        flags: new Uint8Array(rows.length),
        fields: names.map((name) => Float64Array.from(rows, ({ values }) => values[name] ?? Number.NaN)),
      },
    ],
    quarantine,
    quarantineLeft: [],
    ledger: [],
    transitions: [],
    snapshot: undefined,
  })
}
