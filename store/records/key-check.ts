import { AppError } from '../../contracts/errors.ts'
import type { Scope } from './scope.ts'

const setting = 'records-key-check'

/**
 * Holds the key against the one that the records were first opened with. Under another one every line written from now
 * on would look forged, and nothing sealed would open.
 * @throws AppError `records-key-wrong`
 */
export async function checkKey({ db, keys, now }: Scope): Promise<void> {
  const stamp = keys.stamp('audit', setting)
  await db
    .insertInto('settings')
    .values({ key: setting, value: stamp, updated_at_ms: now() })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const known = await db.selectFrom('settings').select('value').where('key', '=', setting).executeTakeFirstOrThrow()
  if (known.value === stamp) return
  throw new AppError(
    'invalid',
    'records-key-wrong',
    'the records were made with another key: PRAHARI_RECORDS_KEY, or the file records-key beside them, is not the one they had',
  )
}
