import { type Kysely, type Migration, Migrator } from 'kysely'
import { AppError } from '../../../contracts/errors.ts'
import type { Keyring } from '../keys.ts'
import type { Tables } from '../tables.ts'
import { firstTables } from './0001-first-tables.ts'
import { deviceStatuses } from './0002-device-statuses.ts'
import { people } from './0003-people.ts'
import { auditChain } from './0004-audit-chain.ts'
import { deviceOwners } from './0005-device-owners.ts'
import { sosOwners } from './0006-sos-owners.ts'
import { sosLifeCycle } from './0007-sos-life-cycle.ts'
import { dispatch } from './0008-dispatch.ts'
import { outbox } from './0009-outbox.ts'
import { alertLifeCycle } from './0010-alert-life-cycle.ts'
import { personalDevices } from './0012-personal-devices.ts'
import { pendingAddresses } from './0013-pending-addresses.ts'

/** In the order they run. Names are kept in the database: a migration that was released is never renamed or changed. */
const listMigrations = (keys: Keyring): Record<string, Migration> => ({
  '0001-first-tables': firstTables,
  '0002-device-statuses': deviceStatuses,
  '0003-people': people,
  '0004-audit-chain': auditChain(keys),
  '0005-device-owners': deviceOwners,
  '0006-sos-owners': sosOwners,
  '0007-sos-life-cycle': sosLifeCycle,
  '0008-dispatch': dispatch,
  '0009-outbox': outbox,
  '0010-alert-life-cycle': alertLifeCycle,
  '0012-personal-devices': personalDevices,
  '0013-pending-addresses': pendingAddresses,
})

/**
 * Brings the tables up to date; each migration is applied once, whole.
 * @param options.upTo the last to apply; for tests of what an older release left
 * @throws AppError `records-migration-failed`
 */
export async function migrate(
  db: Kysely<Tables>,
  keys: Keyring,
  { upTo }: { readonly upTo?: string } = {},
): Promise<readonly string[]> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => listMigrations(keys) } })
  const { error, results = [] } = await (upTo === undefined ? migrator.migrateToLatest() : migrator.migrateTo(upTo))
  if (error !== undefined) {
    const failed = results.find((result) => result.status === 'Error')?.migrationName ?? 'before the first'
    throw new AppError('unavailable', 'records-migration-failed', `migration failed: ${failed}`, { cause: error })
  }
  return results.map((result) => result.migrationName)
}
