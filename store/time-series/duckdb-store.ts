import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { AppError } from '../../contracts/errors.ts'
import { kinds as allKinds } from '../../contracts/kinds/index.ts'
import type { Kind } from '../../contracts/kinds/kind.ts'
import type { TimeSeriesStore } from '../../contracts/ports/time-series.ts'
import { queryAreaMean } from './area-mean.ts'
import { createDirtyHours } from './dirty-hours.ts'
import { exportParquet, exportRows } from './export.ts'
import { createQuarantineStore } from './quarantine.ts'
import { createReadContext } from './read-context.ts'
import { refreshDirtyHour } from './rollup.ts'
import { ensureSchema } from './schema.ts'
import { queryArea, querySeries } from './series.ts'
import { createUpkeep, readStats } from './upkeep.ts'
import { createDuckDbWriter } from './writer.ts'

export interface DuckDbOptions {
  /** File of the database; its write-ahead log lies beside it. */
  readonly path: string
  readonly kinds?: readonly Kind[]
  /** What DuckDB may hold in memory; beyond it, it spills to disk. */
  readonly memoryMb?: number
  readonly threads?: number
  /** Write-ahead log size at which DuckDB folds it into the database file. */
  readonly checkpointMb?: number
}

/**
 * The embedded time-series store. One process, one writer connection, readers beside it under MVCC.
 * @throws AppError `store-unavailable` when the file cannot be opened, for example because another process has it
 */
export async function openDuckDbStore(options: DuckDbOptions): Promise<TimeSeriesStore> {
  const kinds = options.kinds ?? allKinds
  await mkdir(dirname(options.path), { recursive: true })
  const instance = await openInstance(options)
  const connections: DuckDBConnection[] = []
  const connect = async () => {
    const connection = await instance.connect()
    connections.push(connection)
    return connection
  }
  await ensureSchema(await connect(), kinds)

  const dirtyHours = createDirtyHours()
  const reads = createReadContext(await connect(), kinds, dirtyHours)
  const upkeep = createReadContext(await connect(), kinds, dirtyHours)
  for (const kind of kinds) await refreshDirtyHour(reads, kind.id)
  const writer = createDuckDbWriter({ connection: await connect(), kinds, onCommitted: dirtyHours.note })

  return {
    ...writer,
    ...createUpkeep(upkeep),
    series: (query) => querySeries(reads, query),
    areaSeries: (query) => queryArea(reads, query),
    areaMean: (query) => queryAreaMean(reads, query),
    // A stream holds its connection until it ends, so each export has one of its own.
    exportRows: async function* (query) {
      const connection = await instance.connect()
      try {
        yield* exportRows(createReadContext(connection, kinds, dirtyHours), query)
      } finally {
        connection.closeSync()
      }
    },
    exportParquet: (query, path) => exportParquet(reads, query, path),
    stats: () => readStats(reads, options.path),
    quarantine: createQuarantineStore(reads),
    async close() {
      for (const connection of connections.splice(0)) connection.closeSync()
      instance.closeSync()
    },
  }
}

async function openInstance(options: DuckDbOptions): Promise<DuckDBInstance> {
  try {
    return await DuckDBInstance.create(options.path, {
      threads: String(options.threads ?? 2),
      memory_limit: `${options.memoryMb ?? 256}MB`,
      checkpoint_threshold: `${options.checkpointMb ?? 64}MB`,
    })
  } catch (cause) {
    throw new AppError('unavailable', 'store-unavailable', `cannot open the time-series store at ${options.path}`, {
      cause,
    })
  }
}
