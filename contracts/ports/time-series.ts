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
    readonly quarantineRowsMax: number
  }): Promise<{ readonly readings: number; readonly quarantined: number }>
  /** A consistent copy while running. */
  backup(directory: string): Promise<{ readonly files: readonly string[] }>
}
