import { sql } from 'kysely'
import { AppError } from '../../contracts/errors.ts'
import type { Scope } from './scope.ts'

const setting = 'records-key-check'

/**
 * Holds the key against the one that the records were first opened with, before anything is written. Under another one
 * every line written from now on would look forged, and nothing sealed would open.
 * @throws AppError `records-key-wrong`
 */
export async function checkKey(scope: Scope): Promise<void> {
  const { db } = scope
  // There is none in a file that is new.
  const { rows } = await sql`select 1 from sqlite_master where type = 'table' and name = 'settings'`.execute(db)
  if (rows.length === 0) return
  const known = await db.selectFrom('settings').select('value').where('key', '=', setting).executeTakeFirst()
  if (known === undefined || known.value === stampOf(scope)) return
  throw new AppError(
    'invalid',
    'records-key-wrong',
    'the records were made with another key: PRAHARI_RECORDS_KEY, or the file records-key beside them, is not the one they had',
  )
}

/** Keeps, at the first open, what later ones hold their key against. */
export async function keepKeyCheck(scope: Scope): Promise<void> {
  const { db, now } = scope
  await db
    .insertInto('settings')
    .values({ key: setting, value: stampOf(scope), updated_at_ms: now() })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

function stampOf({ keys }: Pick<Scope, 'keys'>): string {
  return keys.stamp('audit', setting)
}
