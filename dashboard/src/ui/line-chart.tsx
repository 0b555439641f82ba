import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { readToken, useTheme } from '../theme/theme.ts'
import { formatTime } from './format.ts'

export interface ChartLine {
  readonly label: string
  /** Name of the colour token. */
  readonly token: string
  readonly dash?: readonly number[]
}

export interface ChartLevel {
  readonly value: number
  readonly token: string
  readonly label: string
}

interface LineChartProps {
  /** Seconds since 1970, then the values of each line. */
  readonly data: readonly [readonly number[], ...(readonly (number | null)[])[]]
  readonly lines: readonly ChartLine[]
  readonly levels?: readonly ChartLevel[]
  readonly range?: { readonly fromMs: number; readonly toMs: number }
  readonly format: (value: number) => string
  readonly heightPx: number
  /** Said by a screen reader in place of the drawing. */
  readonly summary: string
}

/** A line chart on a canvas, in the colours of the theme. Drag to zoom, double-click to return. */
export function LineChart({ data, lines, levels = [], range, format, heightPx, summary }: LineChartProps) {
  const host = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot>(undefined)
  const theme = useTheme()
  const newest = useRef({ levels, format, range, data })
  newest.current = { levels, format, range, data }
  const looks = lines.map(({ label, token, dash }) => `${label}|${token}|${dash?.join(' ') ?? ''}`).join('\n')

  // biome-ignore lint/correctness/useExhaustiveDependencies: `looks` stands for the lines; a theme is a new drawing
  useEffect(() => {
    const element = host.current!
    const created = new uPlot(
      {
        width: element.clientWidth,
        height: heightPx,
        ...buildOptions(lines, () => newest.current),
      },
      undefined,
      element,
    )
    chart.current = created
    showData(created, newest.current.data, newest.current.range)
    const resizes = new ResizeObserver(() => created.setSize({ width: element.clientWidth, height: heightPx }))
    resizes.observe(element)
    return () => {
      resizes.disconnect()
      created.destroy()
    }
  }, [looks, heightPx, theme])

  useEffect(() => {
    if (chart.current !== undefined) showData(chart.current, data, range)
  }, [data, range])

  return <div ref={host} className="chart" role="img" aria-label={summary} />
}

function toAligned(data: LineChartProps['data']): uPlot.AlignedData {
  // uPlot's own type is mutable; it does not change what it is given.
  return data as unknown as uPlot.AlignedData
}

/** A reader who has zoomed in keeps the view while points come in at the end. */
function showData(chart: uPlot, data: LineChartProps['data'], range: LineChartProps['range']): void {
  const { min, max } = chart.scales.x!
  const wholeS = range && (range.toMs - range.fromMs) / 1000
  const isZoomed = wholeS !== undefined && min != null && max != null && max - min < wholeS * 0.95
  chart.setData(toAligned(data), range === undefined)
  if (range === undefined) return
  if (isZoomed) chart.redraw()
  else chart.setScale('x', { min: range.fromMs / 1000, max: range.toMs / 1000 })
}

function buildOptions(
  lines: readonly ChartLine[],
  now: () => Pick<LineChartProps, 'levels' | 'format'>,
): Omit<uPlot.Options, 'width' | 'height'> {
  const font = `12px ${readToken('font')}`
  const axis: uPlot.Axis = {
    font,
    stroke: readToken('muted'),
    grid: { stroke: readToken('grid'), width: 1 },
    ticks: { stroke: readToken('grid'), width: 1 },
  }
  return {
    cursor: { y: false, points: { size: 7 } },
    legend: { live: true },
    scales: {
      x: { time: true },
      y: { range: (_chart, min, max) => widen(min, max) },
    },
    axes: [
      { ...axis, space: 70, values: timeTicks },
      { ...axis, size: 56, values: (_chart, splits) => splits.map((value) => trimNumber(value)) },
    ],
    series: [
      { label: 'Time', value: (_chart, at) => (at == null ? '–' : formatTime(at * 1000, Date.now())) },
      ...lines.map(
        (line): uPlot.Series => ({
          label: line.label,
          stroke: readToken(line.token),
          width: 1.6,
          ...(line.dash && { dash: [...line.dash] }),
          points: { show: (chart) => (chart.data[0]?.length ?? 0) < 3 },
          value: (_chart, value) => (value == null ? '–' : now().format(value)),
        }),
      ),
    ],
    hooks: { draw: [(chart) => drawLevels(chart, now().levels ?? [])] },
  }
}

/** Clock times of 24 hours, with the day where it changes: [step, text, year, month, day, hour, minute, second, mode]. */
const timeTicks: uPlot.Axis.DynamicValues | (string | number | null)[][] = [
  [86_400, '{D} {MMM}', null, null, null, null, null, null, 1],
  [60, '{HH}:{mm}', null, null, '\n{D} {MMM}', null, null, null, 1],
  [1, '{HH}:{mm}:{ss}', null, null, '\n{D} {MMM}', null, null, null, 1],
]

/** A flat line lies in the middle, others fill nine tenths of the height. */
function widen(min: number | null, max: number | null): [number, number] {
  if (min == null || max == null) return [0, 1]
  const margin = max === min ? Math.max(1, Math.abs(max) * 0.05) : (max - min) * 0.05
  return [min >= 0 ? Math.max(0, min - margin) : min - margin, max + margin]
}

function trimNumber(value: number): string {
  return Math.abs(value) >= 10_000 ? `${+(value / 1000).toFixed(1)}k` : String(+value.toFixed(4))
}

function drawLevels(chart: uPlot, levels: readonly ChartLevel[]): void {
  const { ctx, bbox } = chart
  for (const level of levels) {
    const y = chart.valToPos(level.value, 'y', true)
    if (y < bbox.top || y > bbox.top + bbox.height) continue
    ctx.save()
    ctx.strokeStyle = readToken(level.token)
    ctx.fillStyle = readToken(level.token)
    ctx.lineWidth = devicePixelRatio
    ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio])
    ctx.beginPath()
    ctx.moveTo(bbox.left, y)
    ctx.lineTo(bbox.left + bbox.width, y)
    ctx.stroke()
    ctx.font = `${11 * devicePixelRatio}px ${readToken('font')}`
    ctx.textAlign = 'right'
    ctx.fillText(level.label, bbox.left + bbox.width - 4, y - 4 * devicePixelRatio)
    ctx.restore()
  }
}
