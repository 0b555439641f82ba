import type { Scope } from './scope.ts'

/** Hashes of what people take an SOS back with: freely, or because somebody makes them. */
export interface SosPins {
  readonly cancelHash: string | undefined
  readonly duressHash: string | undefined
}

export interface SosPinRecords {
  get(userId: string): Promise<SosPins>
  set(userId: string, pins: SosPins): Promise<void>
  remove(userId: string): Promise<void>
}

export function createSosPinRecords({ db, now }: Scope): SosPinRecords {
  return {
    async get(userId) {
      const row = await db.selectFrom('sos_pins').selectAll().where('user_id', '=', userId).executeTakeFirst()
      return { cancelHash: row?.cancel_hash ?? undefined, duressHash: row?.duress_hash ?? undefined }
    },
    async set(userId, { cancelHash, duressHash }) {
      const columns = { cancel_hash: cancelHash ?? null, duress_hash: duressHash ?? null, updated_at_ms: now() }
      await db
        .insertInto('sos_pins')
        .values({ user_id: userId, ...columns })
        .onConflict((conflict) => conflict.column('user_id').doUpdateSet(columns))
        .execute()
    },
    async remove(userId) {
      await db.deleteFrom('sos_pins').where('user_id', '=', userId).execute()
    },
  }
}
