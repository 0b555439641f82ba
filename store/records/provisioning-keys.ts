import { AppError } from '../../contracts/errors.ts'
import { type Page, type PageQuery, rowsToRead, toPage } from './page.ts'
import type { Scope } from './scope.ts'
import { drawSecret, hashSecret } from './secrets.ts'
import type { ProvisioningKeyRow } from './tables.ts'

/** A key that lets devices enrol themselves; the key itself is shown once and kept only as a hash. */
export interface ProvisioningKey {
  readonly id: string
  readonly name: string
  readonly quota: number
  readonly usedCount: number
  readonly createdAtMs: number
  readonly expiresAtMs: number | undefined
  readonly revokedAtMs: number | undefined
}

/** @throws AppError `provisioning-key-not-found`, `too-many-provisioning-keys` */
export interface ProvisioningKeyRecords {
  create(input: {
    readonly name: string
    /** How many devices may enrol with it. */
    readonly quota: number
    readonly expiresAtMs?: number
  }): Promise<{ readonly provisioningKey: ProvisioningKey; readonly key: string }>
  /** Newest first. */
  list(query: PageQuery): Promise<Page<ProvisioningKey>>
  /** Repeating it is harmless. */
  revoke(id: string): Promise<ProvisioningKey>
  /** Takes nothing. @returns the id of the key; undefined when it is unknown, expired, revoked or used up */
  findByKey(key: string): Promise<string | undefined>
  /** @returns how many may yet enrol with each, by id; of one that is expired, revoked or used up nothing */
  findRoom(ids: readonly string[]): Promise<ReadonlyMap<string, number>>
  /** Takes from the quota; the caller has seen, in the same transaction, that there is as much. */
  use(id: string, count: number): Promise<void>
}

export interface ProvisioningKeyOptions {
  /** Keys that may be open at a time. */
  readonly openMax: number
}

export function createProvisioningKeyRecords(
  scope: Scope,
  { openMax }: ProvisioningKeyOptions,
): ProvisioningKeyRecords {
  const { db, now, makeId, atomically } = scope
  return {
    create: ({ name, quota, expiresAtMs }) =>
      atomically(async (inner) => {
        const { count } = await selectOpen(inner)
          .select((eb) => eb.fn.countAll().as('count'))
          .executeTakeFirstOrThrow()
        if (Number(count) >= openMax) {
          const message = `at most ${openMax} provisioning keys may be open; revoke some`
          throw new AppError('conflict', 'too-many-provisioning-keys', message)
        }
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
        await inner.db.insertInto('provisioning_keys').values(row).execute()
        return { provisioningKey: toProvisioningKey(row), key }
      }),
    async list(query) {
      let rows = db.selectFrom('provisioning_keys').selectAll().orderBy('id', 'desc').limit(rowsToRead(query))
      if (query.cursor !== undefined) rows = rows.where('id', '<', query.cursor)
      return toPage(await rows.execute(), query, toProvisioningKey)
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
    async findByKey(key) {
      const row = await selectOpen(scope)
        .select('id')
        .where('key_hash', '=', hashSecret(key).toString('hex'))
        .whereRef('used_count', '<', 'quota')
        .executeTakeFirst()
      return row?.id
    },
    async findRoom(ids) {
      if (ids.length === 0) return new Map()
      const rows = await selectOpen(scope)
        .select(['id', 'quota', 'used_count'])
        .whereRef('used_count', '<', 'quota')
        .where('id', 'in', [...new Set(ids)])
        .execute()
      return new Map(rows.map(({ id, quota, used_count }) => [id, quota - used_count]))
    },
    async use(id, count) {
      await db
        .updateTable('provisioning_keys')
        .set((eb) => ({ used_count: eb('used_count', '+', count) }))
        .where('id', '=', id)
        .execute()
    },
  }
}

function selectOpen({ db, now }: Scope) {
  return db
    .selectFrom('provisioning_keys')
    .where('revoked_at_ms', 'is', null)
    .where((eb) => eb.or([eb('expires_at_ms', 'is', null), eb('expires_at_ms', '>', now())]))
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
