/** A value of undefined is a break in the line: nothing is known there. */
export interface HistoryPoint {
  readonly atMs: number
  readonly value: number
}

/**
 * Points as uPlot wants them, in seconds, with a break wherever a device was silent so long that a straight line would be
 * an invention.
 * @param points in order of time
 */
export function toChartData(points: readonly HistoryPoint[], gapMs: number): [number[], (number | null)[]] {
  const times: number[] = []
  const values: (number | null)[] = []
  let previousMs: number | undefined
  for (const { atMs, value } of points) {
    if (previousMs !== undefined && atMs - previousMs > gapMs) {
      times.push((previousMs + atMs) / 2000)
      values.push(null)
    }
    times.push(atMs / 1000)
    values.push(value)
    previousMs = atMs
  }
  return [times, values]
}

/** Adds what the feed told since the history was read; what is not newer than the end is already there. */
export function appendLive(points: readonly HistoryPoint[], live: readonly HistoryPoint[]): readonly HistoryPoint[] {
  const endMs = points.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY
  const newer = live.filter(({ atMs }) => atMs > endMs)
  return newer.length === 0 ? points : [...points, ...newer]
}

export interface HistorySummary {
  readonly min: number
  readonly mean: number
  readonly max: number
}

export function summarise(points: readonly HistoryPoint[]): HistorySummary | undefined {
  if (points.length === 0) return undefined
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  let sum = 0
  for (const { value } of points) {
    min = Math.min(min, value)
    max = Math.max(max, value)
    sum += value
  }
  return { min, mean: sum / points.length, max }
}
