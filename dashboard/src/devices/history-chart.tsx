import { useEffect, useMemo, useState } from 'react'
import type { SeriesResource } from '../../../contracts/http/reading.ts'
import { findKind } from '../../../contracts/kinds/index.ts'
import { fieldNames, type Kind } from '../../../contracts/kinds/kind.ts'
import type { LiveDevice } from '../../../contracts/live.ts'
import { request } from '../http/client.ts'
import { useQuery } from '../http/use-query.ts'
import { feed, useConnection } from '../live/use-live.ts'
import { useQueryParameter } from '../routing/router.ts'
import { useNowMs } from '../ui/clock.ts'
import { formatAge, formatCount, formatTime, formatUtc, formatValue } from '../ui/format.ts'
import { LineChart } from '../ui/line-chart.tsx'
import { Empty, Failed, Loading } from '../ui/states.tsx'
import { limitsOf } from './gauge-scale.ts'
import { appendLive, type HistoryPoint, summarise, toChartData } from './history-points.ts'

const ranges = [
  { id: '1h', label: '1 h', spanMs: 3_600_000 },
  { id: '6h', label: '6 h', spanMs: 6 * 3_600_000 },
  { id: '24h', label: '24 h', spanMs: 24 * 3_600_000 },
  { id: '7d', label: '7 d', spanMs: 7 * 86_400_000 },
  { id: '30d', label: '30 d', spanMs: 30 * 86_400_000 },
] as const

/** As many as a wide screen has pixels for; the server thins out the rest without losing peaks. */
const pointsMax = 1200
const livePointsMax = 5000
const tableRowsMax = 50

/** The kinds a device has sent or is expected to send, one field at a time, over a span that ends now. */
export function HistoryChart({ device, kindIds }: { device: LiveDevice; kindIds: readonly string[] }) {
  const [chosenKind, setKind] = useQueryParameter('kind')
  const [chosenField, setField] = useQueryParameter('field')
  const [chosenRange, setRange] = useQueryParameter('range')
  const kind = findKind(kindIds.includes(chosenKind) ? chosenKind : (kindIds[0] ?? ''))
  if (kind === undefined) return <Empty title="No history yet.">This device has not sent a reading.</Empty>
  const fieldName = kind.fields[chosenField] === undefined ? kind.card.primary : chosenField
  const range = ranges.find(({ id }) => id === chosenRange) ?? ranges[0]
  return (
    <section className="card history" aria-label="History">
      <div className="row wrap">
        {kindIds.length > 1 && (
          <Choice
            legend="Kind"
            options={kindIds.map((id) => ({ id, label: findKind(id)?.label ?? id }))}
            chosen={kind.id}
            onChoose={(id) => {
              setField('')
              setKind(id)
            }}
          />
        )}
        <Choice
          legend="Value"
          options={fieldNames(kind).map((id) => ({ id, label: kind.fields[id]!.label }))}
          chosen={fieldName}
          onChoose={setField}
        />
        <Choice legend="Span" options={ranges} chosen={range.id} onChoose={setRange} />
      </div>
      <FieldHistory
        key={`${kind.id} ${fieldName} ${range.id}`}
        device={device}
        kind={kind}
        fieldName={fieldName}
        spanMs={range.spanMs}
      />
    </section>
  )
}

interface ChoiceProps {
  readonly legend: string
  readonly options: readonly { readonly id: string; readonly label: string }[]
  readonly chosen: string
  readonly onChoose: (id: string) => void
}

function Choice({ legend, options, chosen, onChoose }: ChoiceProps) {
  return (
    <fieldset className="choice">
      <legend className="unseen">{legend}</legend>
      {options.map(({ id, label }) => (
        <button key={id} type="button" aria-pressed={id === chosen} onClick={() => onChoose(id)}>
          {label}
        </button>
      ))}
    </fieldset>
  )
}

interface FieldHistoryProps {
  readonly device: LiveDevice
  readonly kind: Kind
  readonly fieldName: string
  readonly spanMs: number
}

/** GET /api/devices/:id/readings */
type ReadingsAnswer = Pick<SeriesResource, 'fromRollup' | 'rowsRead'> & {
  readonly bucketS?: number
  readonly series: readonly { readonly field: string; readonly points: readonly HistoryPoint[] }[]
}

function FieldHistory({ device, kind, fieldName, spanMs }: FieldHistoryProps) {
  const [showsTable, setShowsTable] = useState(false)
  const field = kind.fields[fieldName]!
  // What came while the feed was away is in the store, not in the feed: read it again after every return.
  const { state } = useConnection()
  const returns = feed.facts().resumedCount + feed.facts().snapshotCount
  const key = `${device.id} ${kind.id} ${fieldName} ${spanMs} ${state === 'live' ? returns : 'away'}`
  const [lastKey, setLastKey] = useState(key)
  useEffect(() => {
    if (state === 'live') setLastKey(key)
  }, [state, key])
  const history = useQuery(lastKey, (signal) =>
    request<ReadingsAnswer>(`/api/devices/${encodeURIComponent(device.id)}/readings`, {
      signal,
      query: {
        kind: kind.id,
        field: fieldName,
        from: Date.now() - spanMs,
        to: Date.now() + 60_000,
        maxPoints: pointsMax,
        aggregate: 'lttb',
      },
    }),
  )
  const live = useLivePoints(device, kind.id, fieldName)
  const stored = history.data?.series[0]?.points
  const points = useMemo(() => (stored ? appendLive(stored, live) : undefined), [stored, live])
  const gapMs = Math.max(kind.reportEveryS * 5000, (history.data?.bucketS ?? 0) * 3000, spanMs / 100)
  const data = useMemo(() => toChartData(points ?? [], gapMs), [points, gapMs])
  const nowMs = Math.floor(useNowMs() / 5000) * 5000
  const range = useMemo(() => ({ fromMs: nowMs - spanMs, toMs: nowMs + spanMs / 100 }), [nowMs, spanMs])
  if (history.error !== undefined && points === undefined) {
    return <Failed what="the history" error={history.error} onRetry={history.reload} />
  }
  if (points === undefined) return <Loading what="the history" />
  if (points.length === 0) {
    return <Empty title={`No ${field.label} in this span.`}>Choose a longer one, or wait for the next reading.</Empty>
  }
  const summary = summarise(points)!
  const format = (value: number) => `${formatValue(field, value)} ${field.unit}`
  return (
    <>
      <LineChart
        data={data}
        lines={[{ label: `${field.label}, ${field.unit}`, token: 'chart' }]}
        levels={limitsOf(kind, fieldName).map(({ value, severity }) => ({
          value,
          token: severity,
          label: `${severity} ${formatValue(field, value)}`,
        }))}
        range={range}
        format={format}
        heightPx={300}
        summary={`${field.label} of ${device.name}: ${formatCount(points.length)} points, lowest ${format(summary.min)}, mean ${format(summary.mean)}, highest ${format(summary.max)}`}
      />
      <div className="row wrap chart-foot">
        <span>
          lowest <b className="number">{format(summary.min)}</b>
        </span>
        <span>
          mean of points <b className="number">{format(summary.mean)}</b>
        </span>
        <span>
          highest <b className="number">{format(summary.max)}</b>
        </span>
        <span className="muted">{describeSource(history.data!, points.length)}</span>
        <button type="button" className="quiet" aria-expanded={showsTable} onClick={() => setShowsTable(!showsTable)}>
          {showsTable ? 'Hide table' : 'Show as table'}
        </button>
      </div>
      {showsTable && <PointTable points={points} format={format} />}
    </>
  )
}

function describeSource({ bucketS, fromRollup, rowsRead }: ReadingsAnswer, pointCount: number): string {
  const width = bucketS === undefined ? '' : `, ${formatAge(bucketS * 1000)} each`
  return `${formatCount(pointCount)} points${width} from ${formatCount(rowsRead)} ${fromRollup ? 'hourly rows' : 'readings'}`
}

/** What the feed has told of this field since the page was opened. */
function useLivePoints(device: LiveDevice, kindId: string, fieldName: string): readonly HistoryPoint[] {
  const [points, setPoints] = useState<readonly HistoryPoint[]>([])
  const atMs = device.latest[kindId]?.atMs
  const value = device.latest[kindId]?.values[fieldName]
  useEffect(() => {
    if (atMs === undefined || value === undefined) return
    setPoints((earlier) => {
      const lastMs = earlier.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY
      return atMs > lastMs ? [...earlier.slice(1 - livePointsMax), { atMs, value }] : earlier
    })
  }, [atMs, value])
  return points
}

interface PointTableProps {
  readonly points: readonly HistoryPoint[]
  readonly format: (value: number) => string
}

function PointTable({ points, format }: PointTableProps) {
  const nowMs = Date.now()
  return (
    <table>
      <caption>
        The newest {Math.min(points.length, tableRowsMax)} of {formatCount(points.length)} points
      </caption>
      <thead>
        <tr>
          <th scope="col">Time</th>
          <th scope="col" className="right">
            Value
          </th>
        </tr>
      </thead>
      <tbody>
        {points
          .slice(-tableRowsMax)
          .toReversed()
          .map(({ atMs, value }) => (
            <tr key={atMs}>
              <td title={formatUtc(atMs)}>{formatTime(atMs, nowMs)}</td>
              <td className="right number">{format(value)}</td>
            </tr>
          ))}
      </tbody>
    </table>
  )
}
