import type { Scope } from './scope.ts'
import type { SecondFactorRow } from './tables.ts'

/** A time-based second factor; its secret is sealed in the database. */
export interface SecondFactor {
  readonly secret: string
  /** Undefined while its owner has not shown that it works; until then it is not asked for. */
  readonly confirmedAtMs: number | undefined
  readonly recoveryCodesLeft: number
}

export interface SecondFactorRecords {
  get(userId: string): Promise<SecondFactor | undefined>
  /** True when signing in needs it. */
  isConfirmed(userId: string): Promise<boolean>
  /** Takes the place of one that was never confirmed. @returns false when a confirmed one is there */
  begin(userId: string, secret: string): Promise<boolean>
  confirm(userId: string, recoveryHashes: readonly string[]): Promise<void>
  /** @returns false when a code of this time step, or a later one, was used before */
  spendStep(userId: string, step: number): Promise<boolean>
  /** @returns false when there is no such code, or it was used */
  spendRecoveryCode(userId: string, codeHash: string): Promise<boolean>
  /** Repeating it is harmless. */
  remove(userId: string): Promise<void>
}

export function createSecondFactorRecords({ db, now, keys, atomically }: Scope): SecondFactorRecords {
  const find = (userId: string) =>
    db.selectFrom('second_factors').selectAll().where('user_id', '=', userId).executeTakeFirst()

  return {
    async get(userId) {
      const row = await find(userId)
      if (row === undefined) return undefined
      const { count } = await db
        .selectFrom('recovery_codes')
        .select((eb) => eb.fn.countAll().as('count'))
        .where('user_id', '=', userId)
        .where('used_at_ms', 'is', null)
        .executeTakeFirstOrThrow()
      return {
        secret: keys.open(row.sealed_secret, sealedFor(userId)),
        confirmedAtMs: row.confirmed_at_ms ?? undefined,
        recoveryCodesLeft: Number(count),
      }
    },
    async isConfirmed(userId) {
      const row = await find(userId)
      return row !== undefined && row.confirmed_at_ms !== null
    },
    begin: (userId, secret) =>
      atomically(async (inner) => {
        const old = await inner.db
          .selectFrom('second_factors')
          .select('confirmed_at_ms')
          .where('user_id', '=', userId)
          .executeTakeFirst()
        if (old !== undefined && old.confirmed_at_ms !== null) return false
        await inner.db.deleteFrom('second_factors').where('user_id', '=', userId).execute()
        const row: SecondFactorRow = {
          user_id: userId,
          sealed_secret: keys.seal(secret, sealedFor(userId)),
          created_at_ms: now(),
          confirmed_at_ms: null,
          last_step: 0,
        }
        await inner.db.insertInto('second_factors').values(row).execute()
        return true
      }),
    confirm: (userId, recoveryHashes) =>
      atomically(async (inner) => {
        await inner.db
          .updateTable('second_factors')
          .set({ confirmed_at_ms: now() })
          .where('user_id', '=', userId)
          .execute()
        await inner.db.deleteFrom('recovery_codes').where('user_id', '=', userId).execute()
        const rows = recoveryHashes.map((code_hash) => ({ user_id: userId, code_hash, used_at_ms: null }))
        await inner.db.insertInto('recovery_codes').values(rows).execute()
      }),
    async spendStep(userId, step) {
      const { numUpdatedRows } = await db
        .updateTable('second_factors')
        .set({ last_step: step })
        .where('user_id', '=', userId)
        .where('last_step', '<', step)
        .executeTakeFirstOrThrow()
      return numUpdatedRows > 0n
    },
    async spendRecoveryCode(userId, codeHash) {
      const { numUpdatedRows } = await db
        .updateTable('recovery_codes')
        .set({ used_at_ms: now() })
        .where('user_id', '=', userId)
        .where('code_hash', '=', codeHash)
        .where('used_at_ms', 'is', null)
        .executeTakeFirstOrThrow()
      return numUpdatedRows > 0n
    },
    async remove(userId) {
      await db.deleteFrom('second_factors').where('user_id', '=', userId).execute()
    },
  }
}

function sealedFor(userId: string): string {
  return `second factor of ${userId}`
}
