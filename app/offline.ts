import { existsSync } from 'node:fs'
import { pino } from 'pino'
import { createMemoryBus } from '../contracts/bus.ts'
import { AppError } from '../contracts/errors.ts'
import { createAccounts } from '../people/index.ts'
import { createMessenger } from '../safety/index.ts'
import {
  type AuditHead,
  type AuditProgress,
  type AuditVerdict,
  openDuckDbStore,
  openRecords,
  type Records,
} from '../store/index.ts'
import type { BackupManifest } from './backup/manifest.ts'
import { writeBackup } from './backup/write.ts'
import type { Config } from './config/config.ts'
import { createControlServer } from './control/server.ts'
import { type DataDir, layOut, openDataDir, readOrDrawSecret } from './data-dir.ts'
import { openWithRecordsKey } from './records-key.ts'
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
    actions: { status, backup: busy, resetPassword: busy, auditVerify: busy },
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

/** @throws AppError `no-records-key`, `audit-head-pruned` */
export async function verifyAuditOffline(
  config: OfflineConfig,
  options: {
    readonly expect: AuditHead | undefined
    readonly onProgress: (progress: AuditProgress) => void
  },
): Promise<AuditVerdict> {
  const dataDir = openExistingDataDir(config.dataDir)
  assertRecordsKey(config, dataDir)
  return withClaim(dataDir, () => withRecords(config, dataDir, (records) => records.audit.verify(options)))
}

/** Writes in the trail of a directory that it was restored. The directory must be claimed by the caller. */
export async function noteRestore(config: OfflineConfig, dataDir: DataDir, manifest: BackupManifest): Promise<void> {
  assertRecordsKey(config, dataDir)
  const { createdAt, version: writtenBy } = manifest
  await withRecords(config, dataDir, ({ audit }) =>
    audit.append({ actor: 'system', action: 'backup-restored', detail: { createdAt, writtenBy } }),
  )
}

/** A key drawn now would make nothing of what was chained with another. */
function assertRecordsKey({ recordsKey }: OfflineConfig, dataDir: DataDir): void {
  if (recordsKey !== undefined || existsSync(dataDir.recordsKeyPath)) return
  throw new AppError(
    'invalid',
    'no-records-key',
    'the records key is not there: set PRAHARI_RECORDS_KEY as the server has it',
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
  const records = await openWithRecordsKey({ dataDir, configured: recordsKey }, (key) =>
    openRecords({ path: dataDir.recordsPath, key, bus, now: Date.now, log }),
  )
  try {
    return await work(records)
  } finally {
    await records.close()
  }
}
