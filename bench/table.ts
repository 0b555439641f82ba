import type { BenchRow } from './bench.ts'

/** Rows as people read them: the figure, its target, and the rest below. */
export function formatRows(title: string, rows: readonly BenchRow[]): string[] {
  const names = [...new Set(rows.flatMap(({ figures }) => Object.keys(figures)))]
  const heading = ['', 'measured', 'target', '', ...names]
  const cells = rows.map((row) => [
    row.what,
    row.measured,
    row.target ?? '',
    row.isMet === undefined ? '' : row.isMet ? 'met' : 'MISSED',
    ...names.map((name) => formatFigure(row.figures[name])),
  ])
  const widths = heading.map((text, at) => Math.max(text.length, ...cells.map((row) => row[at]!.length)))
  const line = (row: readonly string[]) =>
    row
      .map((text, at) => (at === 0 || at === 2 || at === 3 ? text.padEnd(widths[at]!) : text.padStart(widths[at]!)))
      .join('  ')
      .trimEnd()
  return ['', title, line(heading), ...cells.map(line)]
}

function formatFigure(figure: number | string | undefined): string {
  if (figure === undefined) return ''
  if (typeof figure === 'string') return figure
  if (Number.isInteger(figure)) return figure.toLocaleString('en')
  return figure.toFixed(Math.abs(figure) < 10 ? 2 : 1)
}

export function perSecond(count: number): string {
  return `${Math.round(count).toLocaleString('en')}/s`
}

export function milliseconds(ms: number): string {
  return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`
}

/** Nearest-rank percentile of unsorted numbers; NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * share) - 1))] ?? Number.NaN
}
