import { mkdir, writeFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { AppError } from '../contracts/errors.ts'
import { startLoadGenerator } from '../devices/load/load-generator.ts'
import type { Bench, BenchRow } from './bench.ts'
import { dashboardFps } from './dashboard-fps.ts'
import { durableIngest } from './durable-ingest.ts'
import { kill } from './kill.ts'
import { liveFanout } from './live-fanout.ts'
import { manyDevices } from './many-devices.ts'
import { memory } from './memory.ts'
import { queries } from './queries.ts'
import { sosLatency } from './sos-latency.ts'
import { formatRows } from './table.ts'

/** In the order they run. */
export const benches: readonly Bench[] = [
  durableIngest,
  manyDevices,
  sosLatency,
  kill,
  queries,
  liveFanout,
  dashboardFps,
  memory,
]

export interface BenchRunOptions {
  /** Ids of `benches`; all of them when empty. */
  readonly only: readonly string[]
  readonly isQuick: boolean
  readonly seed: number
  /** Where results and the servers' data go. */
  readonly resultsDir: string
  readonly out: (line: string) => void
  readonly say: (line: string) => void
}

/**
 * Runs benchmarks one after the other, prints a table each and writes everything to one JSON file.
 * @returns whether every target was met
 * @throws AppError `bad-option` for a benchmark that does not exist
 */
export async function runBenches(options: BenchRunOptions): Promise<boolean> {
  const { only, isQuick, seed, out, say } = options
  const known = benches.map(({ id }) => id)
  const unknown = only.filter((id) => !known.includes(id))
  if (unknown.length > 0) {
    throw new AppError(
      'invalid',
      'bad-option',
      `there is no benchmark "${unknown.join(', ')}"; there are ${known.join(', ')}`,
    )
  }
  const resultsDir = resolve(options.resultsDir)
  const workDir = join(resultsDir, 'data')
  await mkdir(workDir, { recursive: true })
  const load = startLoadGenerator()
  const results: { readonly id: string; readonly title: string; readonly rows: readonly BenchRow[] }[] = []
  try {
    for (const bench of benches.filter(({ id }) => only.length === 0 || only.includes(id))) {
      const rows = await bench.run({ isQuick, workDir, seed, say, load })
      results.push({ id: bench.id, title: bench.title, rows })
      for (const line of formatRows(isQuick ? `${bench.title} (quick: not to be quoted)` : bench.title, rows)) out(line)
    }
  } finally {
    await load.stop()
  }
  const at = new Date().toISOString()
  const machine = {
    cpus: cpus().length,
    model: cpus()[0]?.model,
    memoryMb: Math.round(totalmem() / 1e6),
    node: process.version,
  }
  const file = join(resultsDir, `${at.replaceAll(':', '-')}.json`)
  await writeFile(file, `${JSON.stringify({ at, isQuick, seed, machine, results }, null, 2)}\n`)
  out('')
  out(`Written to ${file}.`)
  return results.every(({ rows }) => rows.every(({ isMet }) => isMet !== false))
}
