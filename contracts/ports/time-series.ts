import type { RuleTransition } from '../alert.ts'
import type { QuarantineReason } from '../reading.ts'
import type { QuarantineStore } from './telemetry.ts'

export const aggregates = ['lttb', 'mean', 'min', 'max', 'raw'] as const
export type Aggregate = (typeof aggregates)[number]

export interface SeriesQuery {
  readonly deviceId: string
  readonly kind: string
  /** Field names of the kind, at least one. */
  readonly fields: readonly string[]
  /** Event time, inclusive. */
  readonly fromMs: number
  /** Event time, exclusive. */
  readonly toMs: number
  readonly maxPoints: number
  readonly aggregate: Aggregate
}

export interface SeriesPoint {
  readonly atMs: number
  readonly value: number
}

export interface SeriesResult {
  readonly series: Readonly<Record<string, readonly SeriesPoint[]>>
  /** Width of a bucket, or undefined when points are readings themselves. */
  readonly bucketMs: number | undefined
  /** Rows the answer was made from. */
  readonly rowsRead: number
  /** True when the answer came from roll-ups rather than readings. */
  readonly fromRollup: boolean
}

export interface AreaSeriesQuery {
  readonly kind: string
  readonly field: string
  readonly fromMs: number
  readonly toMs: number
  readonly bucketMs: number
  /** All devices when absent. */
  readonly deviceIds?: readonly string[]
}

export interface AreaSeriesPoint {
  readonly atMs: number
  readonly mean: number
  readonly min: number
  readonly max: number
  readonly count: number
}

export interface AreaMeanQuery {
  readonly kind: string
  readonly field: string
  /** Event time, inclusive. */
  readonly fromMs: number
  /** Event time, exclusive. */
  readonly toMs: number
  readonly deviceIds: readonly string[]
}

export interface AreaMean {
  /** Mean of the devices' own means, so that one that reports often does not speak for the others. */
  readonly mean: number
  /** Devices with a reading in the window. */
  readonly deviceCount: number
}

export interface ExportQuery {
  readonly kind: string
  readonly deviceIds?: readonly string[]
  readonly fromMs: number
  readonly toMs: number
}

export interface ExportRow {
  readonly deviceId: string
  readonly observedAtMs: number
  readonly receivedAtMs: number
  readonly seq: number | undefined
  readonly values: Readonly<Record<string, number>>
}

export interface TimeSeriesStats {
  readonly engine: string
  readonly version: string
  readonly rows: Readonly<Record<string, number>>
  readonly bytesOnDisk: number
  readonly oldestMs: number | undefined
  readonly newestMs: number | undefined
  readonly healthy: boolean
}

/**
 * Reading side of the time series.
 * @throws AppError `query-too-costly` when an answer would need more rows than the guard allows
 * @throws AppError `unknown-kind`, `unknown-field`
 */
export interface TimeSeriesReader {
  series(query: SeriesQuery): Promise<SeriesResult>
  areaSeries(
    query: AreaSeriesQuery,
  ): Promise<{ readonly points: readonly AreaSeriesPoint[]; readonly fromRollup: boolean }>
  /** @returns undefined when no device has a reading in the window */
  areaMean(query: AreaMeanQuery): Promise<AreaMean | undefined>
  /** Rows in pages, oldest first; the consumer's pace is the producer's. */
  exportRows(query: ExportQuery): AsyncIterable<readonly ExportRow[]>
  /** Writes one Parquet file. @returns its size in bytes */
  exportParquet(query: ExportQuery, path: string): Promise<number>
  stats(): Promise<TimeSeriesStats>
  readonly quarantine: QuarantineStore
}

/** Care that is done by the clock or by hand. */
export interface TimeSeriesUpkeep {
  /** Brings hourly roll-ups up to date. */
  rollUp(nowMs: number): Promise<{ readonly rows: number }>
  /** Deletes what is older than its keep. */
  retain(options: {
    readonly nowMs: number
    readonly readingsKeepDays: number
    readonly quarantineKeepDays: number
  }): Promise<{ readonly readings: number; readonly quarantined: number }>
  /** Removes the oldest of quarantine beyond so many messages or bytes: one bad device must not fill the disk. */
  trimQuarantine(options: {
    readonly rowsMax: number
    readonly bytesMax: number
  }): Promise<{ readonly removed: number }>
  /** A consistent copy while running. */
  backup(directory: string): Promise<{ readonly files: readonly string[] }>
}

/** Readings of one kind, column by column; row `i` is the i-th entry of every column. */
export interface ReadingColumns {
  readonly kind: string
  readonly count: number
  /** Numbers of the store's own device dictionary. */
  readonly deviceNo: Int32Array
  readonly observedAtMs: Float64Array
  readonly receivedAtMs: Float64Array
  /** -1 where the device sent none. */
  readonly seq: Float64Array
  /** Bit 0: the time is the broker's, not the device's. */
  readonly flags: Uint8Array
  /** One column per field, in `fieldNames` order; NaN where the device sent none. */
  readonly fields: readonly Float64Array[]
}

export interface QuarantineEntry {
  readonly id: number
  readonly deviceId: string
  readonly topic: string
  readonly reason: QuarantineReason
  readonly field: string | undefined
  readonly receivedAtMs: number
  readonly payload: Uint8Array
}

/** What happened to readings that left no row of their own, so that the ledger adds up after a crash. */
export interface LedgerDelta {
  readonly deviceNo: number
  readonly duplicate: number
  readonly quarantined: number
  readonly rejected: number
}

/** Everything one group commit makes durable, all or nothing. */
export interface WriteBatch {
  /** Rises by one per batch; every row remembers its batch. */
  readonly batchNo: number
  readonly newDevices: readonly { readonly no: number; readonly id: string }[]
  readonly readings: readonly ReadingColumns[]
  readonly quarantine: readonly QuarantineEntry[]
  /** Quarantined messages that were replayed with success. */
  readonly quarantineLeft: readonly number[]
  readonly ledger: readonly LedgerDelta[]
  readonly transitions: readonly RuleTransition[]
  /** State of the pipeline after this batch; recovery starts here. Taken now and then, not with every batch. */
  readonly snapshot: { readonly body: string; readonly transitionsAppliedTo: number } | undefined
}

export interface Recovered {
  readonly devices: readonly { readonly no: number; readonly id: string }[]
  readonly snapshot: string | undefined
  readonly batchNoMax: number
  readonly quarantineIdMax: number
  /** Ledger changes since the snapshot. */
  readonly ledger: readonly LedgerDelta[]
  /** Transitions not known to have reached their sink, oldest first. */
  readonly transitions: readonly { readonly batchNo: number; readonly transition: RuleTransition }[]
  /** Readings stored since the snapshot, in the order they were stored. */
  readonly readings: AsyncIterable<ReadingColumns>
}

/** Writing side of the time series. One writer at a time; `commit` calls may not overlap. */
export interface TimeSeriesWriter {
  recover(): Promise<Recovered>
  /** Resolves when the batch is on disk (fsync). On rejection nothing of it is, and `recover` must be called again. */
  commit(batch: WriteBatch): Promise<void>
  /** @returns for each row of `keys` 1 when a reading with that device, time and sequence is stored, else 0 */
  findStored(keys: Pick<ReadingColumns, 'kind' | 'count' | 'deviceNo' | 'observedAtMs' | 'seq'>): Promise<Uint8Array>
}

export interface TimeSeriesStore extends TimeSeriesReader, TimeSeriesUpkeep, TimeSeriesWriter {
  close(): Promise<void>
}
