import { LTTB } from 'downsample'
import { AppError } from '../../contracts/errors.ts'
import type {
  AreaSeriesPoint,
  AreaSeriesQuery,
  SeriesPoint,
  SeriesQuery,
  SeriesResult,
} from '../../contracts/ports/time-series.ts'
import { hourMs, hourOf } from './dirty-hours.ts'
import type { ReadContext } from './read-context.ts'
import { column, readingTable } from './schema.ts'

/** Points a client may ask for; a screen has no use for more. */
export const pointsMax = 10_000
/** Rows one device may contribute to a raw answer before the guard asks for a coarser question. */
const rawRowsMax = 200_000
/** Above this many rows, extremes per bucket are picked in the store first and LTTB chooses among them (MinMaxLTTB). */
const lttbRowsMax = 50_000
const candidatesPerPoint = 4

export async function querySeries(context: ReadContext, query: SeriesQuery): Promise<SeriesResult> {
  const { fields, fromMs, toMs } = query
  const kind = context.requireKind(query.kind)
  for (const name of fields) context.requireField(kind, name)
  if (!(toMs > fromMs)) throw new AppError('invalid', 'bad-time-range', '"to" must be later than "from"')
  const maxPoints = Math.max(2, Math.min(pointsMax, Math.floor(query.maxPoints)))
  const deviceNo = await context.deviceNo(query.deviceId)
  if (deviceNo === undefined)
    return { series: emptySeries(fields), bucketMs: undefined, rowsRead: 0, fromRollup: false }
  const where = `device_no = ${deviceNo} AND observed_ms >= ${whole(fromMs)} AND observed_ms < ${whole(toMs)}`
  const from = `FROM ${readingTable(kind.id)} WHERE ${where}`

  if (query.aggregate === 'raw' || query.aggregate === 'lttb') {
    const [[rowCount]] = (await context.rows(`SELECT count(*)::DOUBLE ${from}`)) as [[number]]
    if (query.aggregate === 'raw') {
      if (rowCount > Math.min(maxPoints, rawRowsMax)) {
        throw new AppError('invalid', 'query-too-costly', `${rowCount} readings; ask for fewer or for an aggregate`)
      }
      return {
        series: await rawSeries(context, fields, from),
        bucketMs: undefined,
        rowsRead: rowCount,
        fromRollup: false,
      }
    }
    if (rowCount <= lttbRowsMax) {
      const raw = await rawSeries(context, fields, from)
      const series = Object.fromEntries(fields.map((name) => [name, thin(raw[name]!, maxPoints)]))
      return { series, bucketMs: undefined, rowsRead: rowCount, fromRollup: false }
    }
    const bucketMs = Math.ceil((toMs - fromMs) / (maxPoints * candidatesPerPoint))
    const series: Record<string, SeriesPoint[]> = {}
    for (const name of fields) series[name] = thin(await extremes(context, name, from, fromMs, bucketMs), maxPoints)
    return { series, bucketMs: undefined, rowsRead: rowCount, fromRollup: false }
  }

  const bucketMs = Math.max(1, Math.ceil((toMs - fromMs) / maxPoints))
  if (bucketMs >= hourMs) return longSeries(context, query, maxPoints)
  const functionName = { mean: 'avg', min: 'min', max: 'max' }[query.aggregate]
  const picked = fields.map((name, i) => `${functionName}(${column(name)}) AS f${i}`).join(', ')
  const rows = await context.rows(
    `SELECT ((observed_ms - ${whole(fromMs)}) // ${bucketMs})::DOUBLE AS bucket, count(*)::DOUBLE AS n, ${picked}
     ${from} GROUP BY bucket ORDER BY bucket`,
  )
  const series = emptySeries(fields)
  let rowsRead = 0
  for (const [bucket, n, ...values] of rows as (number | null)[][]) {
    rowsRead += n!
    const atMs = whole(fromMs) + bucket! * bucketMs
    fields.forEach((name, i) => {
      const value = values[i]
      if (value !== null && value !== undefined) series[name]!.push({ atMs, value })
    })
  }
  return { series, bucketMs, rowsRead, fromRollup: false }
}

/** Buckets of whole hours come from roll-ups, which outlive the readings they were made from. */
async function longSeries(context: ReadContext, query: SeriesQuery, maxPoints: number): Promise<SeriesResult> {
  const fromMs = hourOf(query.fromMs)
  const bucketMs = Math.ceil((query.toMs - fromMs) / maxPoints / hourMs) * hourMs
  const series: Record<string, SeriesPoint[]> = {}
  let rowsRead = 0
  let fromRollup = false
  for (const field of query.fields) {
    const { kind, toMs, deviceId } = query
    const area = await queryArea(context, { kind, field, fromMs, toMs, bucketMs, deviceIds: [deviceId] })
    series[field] = area.points.map((point) => ({
      atMs: point.atMs,
      value: point[query.aggregate as 'mean' | 'min' | 'max'],
    }))
    rowsRead = Math.max(
      rowsRead,
      area.points.reduce((sum, point) => sum + point.count, 0),
    )
    fromRollup ||= area.fromRollup
  }
  return { series, bucketMs, rowsRead, fromRollup }
}

async function rawSeries(
  context: ReadContext,
  fields: readonly string[],
  from: string,
): Promise<Record<string, SeriesPoint[]>> {
  const picked = fields.map((name) => column(name)).join(', ')
  const rows = await context.rows(`SELECT observed_ms::DOUBLE, ${picked} ${from} ORDER BY observed_ms, seq`)
  const series = emptySeries(fields)
  for (const [atMs, ...values] of rows as (number | null)[][]) {
    fields.forEach((name, i) => {
      const value = values[i]
      if (value !== null && value !== undefined) series[name]!.push({ atMs: atMs!, value })
    })
  }
  return series
}

/** The lowest and the highest reading of every bucket, in time order. */
async function extremes(
  context: ReadContext,
  name: string,
  from: string,
  fromMs: number,
  bucketMs: number,
): Promise<SeriesPoint[]> {
  const value = column(name)
  const rows = (await context.rows(
    `SELECT arg_min(observed_ms, ${value})::DOUBLE, min(${value}), arg_max(observed_ms, ${value})::DOUBLE, max(${value})
     ${from} AND ${value} IS NOT NULL GROUP BY (observed_ms - ${whole(fromMs)}) // ${bucketMs}
     ORDER BY (observed_ms - ${whole(fromMs)}) // ${bucketMs}`,
  )) as number[][]
  const points: SeriesPoint[] = []
  for (const [lowAt, low, highAt, high] of rows) {
    const a = { atMs: lowAt!, value: low! }
    const b = { atMs: highAt!, value: high! }
    if (a.atMs === b.atMs) points.push(a)
    else if (a.atMs < b.atMs) points.push(a, b)
    else points.push(b, a)
  }
  return points
}

/** Largest triangle three buckets (Steinarsson 2013): keeps the shape a person would see. */
function thin(points: SeriesPoint[], maxPoints: number): SeriesPoint[] {
  if (points.length <= maxPoints) return points
  const chosen = LTTB(
    points.map(({ atMs, value }) => [atMs, value] as [number, number]),
    maxPoints,
  ) as ArrayLike<[number, number]>
  return Array.from(chosen, ([atMs, value]) => ({ atMs, value }))
}

/** Buckets over many devices: full hours that are rolled up come from roll-ups, the rest from readings. */
export async function queryArea(
  context: ReadContext,
  query: AreaSeriesQuery,
): Promise<{ points: AreaSeriesPoint[]; fromRollup: boolean }> {
  const kind = context.requireKind(query.kind)
  context.requireField(kind, query.field)
  const { fromMs, toMs, bucketMs } = query
  if (!(toMs > fromMs)) throw new AppError('invalid', 'bad-time-range', '"to" must be later than "from"')
  if (!(bucketMs >= 1000) || (toMs - fromMs) / bucketMs > pointsMax) {
    throw new AppError('invalid', 'query-too-costly', `at most ${pointsMax} buckets of a second or more`)
  }
  const deviceFilter = await deviceCondition(context, query.deviceIds)
  if (deviceFilter === undefined) return { points: [], fromRollup: false }

  // Roll-ups only fit where both ends and the bucket are whole hours.
  const isHourly = bucketMs % hourMs === 0 && fromMs % hourMs === 0
  const rolledUpTo = isHourly ? Math.min(toMs - (toMs % hourMs), context.dirtyHours.oldest(kind.id)) : fromMs
  const parts: string[] = []
  if (rolledUpTo > fromMs) {
    parts.push(
      `SELECT (hour_ms - ${whole(fromMs)}) // ${whole(bucketMs)} AS bucket, n, total, low, high FROM rollup_hour
       WHERE kind = '${kind.id}' AND field = '${query.field}'
         AND hour_ms >= ${whole(fromMs)} AND hour_ms < ${whole(rolledUpTo)} ${deviceFilter}`,
    )
  }
  const readFrom = Math.max(fromMs, rolledUpTo)
  if (readFrom < toMs) {
    const value = column(query.field)
    parts.push(
      `SELECT (observed_ms - ${whole(fromMs)}) // ${whole(bucketMs)} AS bucket, count(${value}) AS n, sum(${value}) AS total,
              min(${value}) AS low, max(${value}) AS high
       FROM ${readingTable(kind.id)}
       WHERE observed_ms >= ${whole(readFrom)} AND observed_ms < ${whole(toMs)} ${deviceFilter} GROUP BY bucket`,
    )
  }
  const rows = (await context.rows(
    `SELECT bucket::DOUBLE, sum(total) / sum(n), min(low), max(high), sum(n)::DOUBLE FROM (${parts.join(' UNION ALL ')})
     GROUP BY bucket HAVING sum(n) > 0 ORDER BY bucket`,
  )) as number[][]
  return {
    points: rows.map(([bucket, mean, min, max, count]) => ({
      atMs: whole(fromMs) + bucket! * bucketMs,
      mean: mean!,
      min: min!,
      max: max!,
      count: count!,
    })),
    fromRollup: rolledUpTo > fromMs,
  }
}

/** @returns an SQL condition, empty for all devices, or undefined when none of the named devices is known */
export async function deviceCondition(
  context: ReadContext,
  deviceIds: readonly string[] | undefined,
): Promise<string | undefined> {
  if (deviceIds === undefined) return ''
  const numbers: number[] = []
  for (const id of deviceIds) {
    const no = await context.deviceNo(id)
    if (no !== undefined) numbers.push(no)
  }
  return numbers.length === 0 ? undefined : `AND device_no IN (${numbers.join(',')})`
}

function emptySeries(fields: readonly string[]): Record<string, SeriesPoint[]> {
  return Object.fromEntries(fields.map((name) => [name, []]))
}

/** Times are interpolated into SQL, so they must be plain integers. */
export function whole(value: number): number {
  if (!Number.isSafeInteger(Math.round(value))) throw new AppError('invalid', 'bad-time-range', 'time out of range')
  return Math.round(value)
}
