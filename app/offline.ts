import { existsSync } from 'node:fs'
import { pino } from 'pino'
import { createMemoryBus } from '../contracts/bus.ts'
import { AppError } from '../contracts/errors.ts'
import { createAccounts } from '../people/index.ts'
import { createMessenger } from '../safety/index.ts'
import { openDuckDbStore, openRecords, type Records } from '../store/index.ts'
import type { BackupManifest } from './backup/manifest.ts'
import { writeBackup } from './backup/write.ts'
import type { Config } from './config/config.ts'
import { createControlServer } from './control/server.ts'
import { type DataDir, layOut, openDataDir, readOrDrawSecret } from './data-dir.ts'
import { resetPassword } from './reset-password.ts'
import { version } from './version.ts'

/** As much of the configuration as work without a server needs. */
type OfflineConfig = Pick<Config, 'dataDir' | 'recordsKey'>

const log = pino({ level: 'warn' }, pino.destination(2))

/**
 * Keeps every server off a data directory while `work` uses it.
 * @throws AppError `data-dir-in-use`
 */
export async function withClaim<T>(dataDir: DataDir, work: () => Promise<T>): Promise<T> {
  const startedAtMs = Date.now()
  const busy = async () => {
    throw new AppError('conflict', 'data-dir-busy', 'a command is working on this data directory')
  }
  const status = async () => ({ pid: process.pid, version, startedAtMs, url: undefined })
  const claim = createControlServer({
    dataDir: dataDir.path,
    actions: { status, backup: busy, resetPassword: busy },
    log,
  })
  await claim.claim()
  try {
    return await work()
  } finally {
    await claim.release()
  }
}

/** A backup without a server. */
export async function backUpOffline(config: OfflineConfig, directory: string): Promise<BackupManifest> {
  const dataDir = openExistingDataDir(config.dataDir)
  return withClaim(dataDir, () =>
    withRecords(config, dataDir, async (records) => {
      const timeSeries = await openDuckDbStore({ path: dataDir.timeSeriesPath })
      try {
        return await writeBackup({ dataDir, records, timeSeries, version, now: Date.now }, directory)
      } finally {
        await timeSeries.close()
      }
    }),
  )
}

export async function resetPasswordOffline(
  config: OfflineConfig,
  email: string,
): Promise<{ readonly password: string }> {
  const dataDir = openExistingDataDir(config.dataDir)
  return withClaim(dataDir, () =>
    withRecords(config, dataDir, (records) => {
      // No token is made or read here, so which key would sign it does not matter.
      const jwtSecret = readOrDrawSecret(dataDir.jwtSecretPath)
      const accounts = createAccounts({ records, now: Date.now, messenger: createMessenger(nowhere), jwtSecret })
      return resetPassword({ accounts, records, email })
    }),
  )
}

/** A mistyped path must not become an empty data directory. */
function openExistingDataDir(path: string): DataDir {
  if (existsSync(layOut(path).recordsPath)) return openDataDir(path)
  throw new AppError('not-found', 'no-data', `there is no data in ${path}; is it the right directory?`)
}

/** Nobody is written to from the command line. */
const nowhere = { channels: { email: undefined, phone: undefined }, now: Date.now, log }

async function withRecords<T>(
  { recordsKey }: OfflineConfig,
  dataDir: DataDir,
  work: (records: Records) => Promise<T>,
): Promise<T> {
  const bus = createMemoryBus({ onHandlerError: (error) => log.error({ err: error }, 'bus handler failed') })
  const key = recordsKey ?? readOrDrawSecret(dataDir.recordsKeyPath)
  const records = await openRecords({ path: dataDir.recordsPath, key, bus, now: Date.now, log })
  try {
    return await work(records)
  } finally {
    await records.close()
  }
}
