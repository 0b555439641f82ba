import { AppError } from '../../contracts/errors.ts'
import type { Scope } from './scope.ts'
import { drawSecret, hashSecret } from './secrets.ts'
import type { ProvisioningKeyRow } from './tables.ts'

/** A key that lets devices enrol themselves; the key itself is shown once and kept only as a hash. */
interface ProvisioningKey {
  readonly id: string
  readonly name: string
  readonly quota: number
  readonly usedCount: number
  readonly createdAtMs: number
  readonly expiresAtMs: number | undefined
  readonly revokedAtMs: number | undefined
}

/** @throws AppError `provisioning-key-not-found` */
export interface ProvisioningKeyRecords {
  create(input: {
    readonly name: string
    /** How many devices may enrol with it. */
    readonly quota: number
    readonly expiresAtMs?: number
  }): Promise<{ readonly provisioningKey: ProvisioningKey; readonly key: string }>
  list(): Promise<readonly ProvisioningKey[]>
  revoke(id: string): Promise<ProvisioningKey>
  /** Takes one use. @returns false when the key is unknown, expired, revoked or used up */
  redeem(key: string): Promise<boolean>
}

export function createProvisioningKeyRecords({ db, now, makeId }: Scope): ProvisioningKeyRecords {
  return {
    async create({ name, quota, expiresAtMs }) {
      const key = drawSecret()
      const row: ProvisioningKeyRow = {
        id: makeId(),
        name,
        key_hash: hashSecret(key).toString('hex'),
        quota,
        used_count: 0,
        created_at_ms: now(),
        expires_at_ms: expiresAtMs ?? null,
        revoked_at_ms: null,
      }
      await db.insertInto('provisioning_keys').values(row).execute()
      return { provisioningKey: toProvisioningKey(row), key }
    },
    async list() {
      const rows = await db.selectFrom('provisioning_keys').selectAll().orderBy('id', 'desc').limit(1000).execute()
      return rows.map(toProvisioningKey)
    },
    async revoke(id) {
      const row = await db
        .updateTable('provisioning_keys')
        .set((eb) => ({ revoked_at_ms: eb.fn.coalesce('revoked_at_ms', eb.val(now())) }))
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirst()
      if (!row) throw new AppError('not-found', 'provisioning-key-not-found', `no provisioning key ${id}`)
      return toProvisioningKey(row)
    },
    async redeem(key) {
      const { numUpdatedRows } = await db
        .updateTable('provisioning_keys')
        .set((eb) => ({ used_count: eb('used_count', '+', 1) }))
        .where('key_hash', '=', hashSecret(key).toString('hex'))
        .whereRef('used_count', '<', 'quota')
        .where('revoked_at_ms', 'is', null)
        .where((eb) => eb.or([eb('expires_at_ms', 'is', null), eb('expires_at_ms', '>', now())]))
        .executeTakeFirstOrThrow()
      return numUpdatedRows > 0n
    },
  }
}

function toProvisioningKey(row: ProvisioningKeyRow): ProvisioningKey {
  return {
    id: row.id,
    name: row.name,
    quota: row.quota,
    usedCount: row.used_count,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms ?? undefined,
    revokedAtMs: row.revoked_at_ms ?? undefined,
  }
}
