import { useMemo } from 'react'
import type { LiveSystem } from '../../../contracts/live.ts'
import { formatCount } from '../ui/format.ts'
import { LineChart } from '../ui/line-chart.tsx'

const lines = [{ label: 'Readings / s', token: 'chart' }] as const

/** The last minutes of throughput, as the feed told them to this screen. */
export function ThroughputChart({ history }: { history: readonly LiveSystem[] }) {
  const data = useMemo(
    () =>
      [history.map(({ atMs }) => atMs / 1000), history.map(({ readingsPerS }) => readingsPerS)] as [number[], number[]],
    [history],
  )
  if (history.length < 2) return <p className="muted">The curve begins with the second message of the live feed.</p>
  const newest = history.at(-1)!.readingsPerS
  return (
    <LineChart
      data={data}
      lines={lines}
      format={formatCount}
      heightPx={200}
      summary={`Readings a second over the last ${history.length} messages, now ${formatCount(newest)}`}
    />
  )
}
