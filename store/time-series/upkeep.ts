import { mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { TimeSeriesStats, TimeSeriesUpkeep } from '../../contracts/ports/time-series.ts'
import type { ReadContext } from './read-context.ts'
import { rollUp } from './rollup.ts'
import { readingTable } from './schema.ts'
import { whole } from './series.ts'

const dayMs = 86_400_000
export const backupFileName = 'time-series.duckdb'

type RetentionOptions = Parameters<TimeSeriesUpkeep['retain']>[0]

/** Roll-ups are what long views are drawn from; they are a few bytes an hour. */
const rollupsKeepDays = 5 * 366

/** Deletes readings by event time, quarantine by age, roll-ups after years. */
async function retain(
  context: ReadContext,
  options: RetentionOptions,
): Promise<{ readings: number; quarantined: number }> {
  const { connection } = context
  const readingsBefore = whole(options.nowMs - options.readingsKeepDays * dayMs)
  const quarantineBefore = whole(options.nowMs - options.quarantineKeepDays * dayMs)
  let readings = 0
  for (const kind of context.kinds) {
    const result = await connection.run(`DELETE FROM ${readingTable(kind.id)} WHERE observed_ms < ${readingsBefore}`)
    readings += Number(result.rowsChanged)
  }
  await connection.run(`DELETE FROM rollup_hour WHERE hour_ms < ${whole(options.nowMs - rollupsKeepDays * dayMs)}`)
  const byAge = await connection.run(`DELETE FROM quarantine WHERE received_ms < ${quarantineBefore}`)
  return { readings, quarantined: Number(byAge.rowsChanged) }
}

type TrimOptions = Parameters<TimeSeriesUpkeep['trimQuarantine']>[0]

async function trimQuarantine(
  { connection }: ReadContext,
  { rowsMax, bytesMax }: TrimOptions,
): Promise<{ removed: number }> {
  const byCount = await connection.run(
    `DELETE FROM quarantine WHERE id <= (SELECT max(id) FROM quarantine) - ${whole(rowsMax)}`,
  )
  const byBytes = await connection.run(
    `DELETE FROM quarantine WHERE id <= (
       SELECT max(id) FROM (SELECT id, sum(octet_length(payload)) OVER (ORDER BY id DESC) AS bytes FROM quarantine)
       WHERE bytes > ${whole(bytesMax)})`,
  )
  return { removed: Number(byCount.rowsChanged) + Number(byBytes.rowsChanged) }
}

/** `COPY FROM DATABASE` reads one snapshot, so writes go on meanwhile and the copy is of one moment. */
async function backup(context: ReadContext, directory: string): Promise<{ files: string[] }> {
  const path = join(directory, backupFileName)
  await mkdir(directory, { recursive: true })
  await rm(path, { force: true })
  await context.connection.run(`ATTACH '${path.replaceAll("'", "''")}' AS backup_copy`)
  try {
    const [[source]] = (await context.rows('SELECT current_database()')) as [[string]]
    await context.connection.run(`COPY FROM DATABASE "${source}" TO backup_copy`)
  } finally {
    await context.connection.run('DETACH backup_copy')
  }
  return { files: [backupFileName] }
}

export function createUpkeep(context: ReadContext): TimeSeriesUpkeep {
  return {
    rollUp: () => rollUp(context),
    retain: (options) => retain(context, options),
    trimQuarantine: (options) => trimQuarantine(context, options),
    backup: (directory) => backup(context, directory),
  }
}

export async function readStats(context: ReadContext, path: string): Promise<TimeSeriesStats> {
  const rows: Record<string, number> = {}
  let oldestMs: number | undefined
  let newestMs: number | undefined
  for (const kind of context.kinds) {
    const result = await context.rows(
      `SELECT count(*)::DOUBLE, min(observed_ms)::DOUBLE, max(observed_ms)::DOUBLE FROM ${readingTable(kind.id)}`,
    )
    const [count, low, high] = result[0] as [number, number | null, number | null]
    rows[kind.id] = count
    if (low !== null) oldestMs = Math.min(oldestMs ?? low, low)
    if (high !== null) newestMs = Math.max(newestMs ?? high, high)
  }
  const [[version]] = (await context.rows('SELECT version()')) as [[string]]
  return { engine: 'DuckDB', version, rows, bytesOnDisk: await bytesOnDisk(path), oldestMs, newestMs, healthy: true }
}

async function bytesOnDisk(path: string): Promise<number> {
  let bytes = 0
  for (const file of [path, `${path}.wal`]) {
    bytes += await stat(file).then(
      ({ size }) => size,
      () => 0,
    )
  }
  return bytes
}
