import { stat } from 'node:fs/promises'
import { sql } from 'kysely'
import type { Logger } from 'pino'
import type { Bus } from '../../contracts/bus.ts'
import { AppError } from '../../contracts/errors.ts'
import { createAlertRecords } from './alerts.ts'
import { createAssignmentRecords } from './assignments.ts'
import { createAuditRecords } from './audit.ts'
import { isTrailHeadSound } from './audit-writer.ts'
import { createBroadcastRecords } from './broadcasts.ts'
import { createCommandRecords } from './commands.ts'
import { createContactRecords } from './contacts.ts'
import type { DeviceWrite } from './device-rows.ts'
import { createDeviceStatusRecords } from './device-statuses.ts'
import { createDeviceRecords } from './devices.ts'
import { createIncidentRecords } from './incidents.ts'
import { checkKey, keepKeyCheck } from './key-check.ts'
import { migrate } from './migrations/index.ts'
import { createNoticeRecipientRecords } from './notice-recipients.ts'
import { createNoticeRecords } from './notices.ts'
import { createOneTimeCodeRecords } from './one-time-codes.ts'
import { createProvisioningKeyRecords } from './provisioning-keys.ts'
import type { Records, RecordsStats, Repositories } from './records.ts'
import { retain } from './retention.ts'
import { createRuleRecords } from './rules.ts'
import { createScope, type Scope } from './scope.ts'
import { createSecondFactorRecords } from './second-factors.ts'
import { createSessionRecords } from './sessions.ts'
import { createSettingRecords } from './settings.ts'
import { createSilenceRecords } from './silences.ts'
import { createSosRecords } from './sos.ts'
import { createSosPinRecords } from './sos-pins.ts'
import { backUp } from './sqlite/backup.ts'
import { createStormRecords } from './storms.ts'
import { tableNames } from './tables.ts'
import { createUnitRecords } from './units.ts'
import { createUserRecords } from './users.ts'

export interface OpenRecordsOptions {
  /** The SQLite file; made when it is not there, its folder too. */
  readonly path: string
  /** What sealed columns, one-time codes and the audit chain depend on; kept outside the file. At least 32 bytes. */
  readonly key: string
  readonly bus: Bus
  readonly now: () => number
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>
  /** Registration beyond this is refused. */
  readonly deviceCountMax?: number
  /** Commands that may wait for one device. */
  readonly commandsPerDeviceMax?: number
  /** Provisioning keys that may be open at a time. */
  readonly provisioningKeysOpenMax?: number
  /** Units there may be. */
  readonly unitCountMax?: number
}

/**
 * Opens the records store and brings its tables up to date.
 * @throws AppError `records-unreadable`, `records-migration-failed`, `records-key-wrong`
 */
export async function openRecords(options: OpenRecordsOptions): Promise<Records> {
  const { path, log } = options
  const scope = createScope(options)
  try {
    await sql`select 1 from sqlite_master`.execute(scope.db)
    await checkKey(scope)
    const applied = await migrate(scope.db, scope.keys)
    if (applied.length > 0) log.info({ applied }, 'records tables brought up to date')
    await keepKeyCheck(scope)
    if (!(await isTrailHeadSound(scope))) {
      log.error({}, 'the head of the audit trail was altered')
    }
  } catch (cause) {
    await scope.db.destroy().catch(() => undefined)
    if (cause instanceof AppError) throw cause
    throw new AppError('unavailable', 'records-unreadable', `cannot open the records at ${path}`, { cause })
  }
  const bind = createBinder(options)
  const repositories = bind(scope)
  let closed: Promise<void> | undefined
  return {
    ...repositories,
    transaction: (work) => scope.atomically((inner) => work(bind(inner))),
    urgently: (work) => scope.urgently((inner) => work(bind(inner))),
    async isHealthy() {
      try {
        await sql`select 1`.execute(scope.db)
        return true
      } catch (error) {
        log.error({ err: error }, 'records do not answer')
        return false
      }
    },
    stats: () => readStats(scope, path),
    async retain(keep) {
      // Only what has come to an end is ever deleted, and a command that nobody fetched has to be ended first.
      await repositories.commands.expireDue(keep.nowMs)
      return retain(scope, keep)
    },
    backup: (target) => backUp({ path, target }),
    close: () => (closed ??= scope.db.destroy()),
  }
}

/** @returns a function that makes the repositories of one scope */
function createBinder({
  deviceCountMax = 200_000,
  commandsPerDeviceMax = 100,
  provisioningKeysOpenMax = 1000,
  unitCountMax = 2000,
}: OpenRecordsOptions): (scope: Scope) => Repositories {
  const listeners = new Set<(write: DeviceWrite) => void>()
  return (scope) => ({
    devices: createDeviceRecords(scope, { countMax: deviceCountMax, listeners }),
    deviceStatuses: createDeviceStatusRecords(scope),
    provisioningKeys: createProvisioningKeyRecords(scope, { openMax: provisioningKeysOpenMax }),
    commands: createCommandRecords(scope, { perDeviceMax: commandsPerDeviceMax }),
    users: createUserRecords(scope),
    sessions: createSessionRecords(scope),
    secondFactors: createSecondFactorRecords(scope),
    oneTimeCodes: createOneTimeCodeRecords(scope),
    contacts: createContactRecords(scope),
    notices: createNoticeRecords(scope),
    noticeRecipients: createNoticeRecipientRecords(scope),
    audit: createAuditRecords(scope),
    settings: createSettingRecords(scope),
    rules: createRuleRecords(scope),
    alerts: createAlertRecords(scope),
    silences: createSilenceRecords(scope),
    storms: createStormRecords(scope),
    sos: createSosRecords(scope),
    sosPins: createSosPinRecords(scope),
    units: createUnitRecords(scope, { countMax: unitCountMax }),
    assignments: createAssignmentRecords(scope),
    incidents: createIncidentRecords(scope),
    broadcasts: createBroadcastRecords(scope),
  })
}

async function readStats({ db }: Scope, path: string): Promise<RecordsStats> {
  const { rows: versions } = await sql<{ version: string }>`select sqlite_version() as version`.execute(db)
  const rows: Record<string, number> = {}
  for (const table of tableNames) {
    const { count } = await db
      .selectFrom(table)
      .select((eb) => eb.fn.countAll().as('count'))
      .executeTakeFirstOrThrow()
    rows[table] = Number(count)
  }
  const sizes = await Promise.all(
    [path, `${path}-wal`].map((file) =>
      stat(file)
        .then(({ size }) => size)
        .catch(() => 0),
    ),
  )
  return {
    engine: 'sqlite',
    version: versions[0]!.version,
    bytesOnDisk: sizes.reduce((sum, size) => sum + size, 0),
    rows,
  }
}
