import { randomBytes } from 'node:crypto'
import { AppError } from '../contracts/errors.ts'
import type { Accounts } from '../people/index.ts'
import type { Records } from '../store/index.ts'

export interface ResetPasswordDeps {
  readonly accounts: Pick<Accounts, 'setPassword'>
  readonly records: Pick<Records, 'users'>
  readonly email: string
}

/**
 * Gives a user a new password nobody chose and ends all their sessions.
 * @throws AppError `user-not-found`
 */
export async function resetPassword({
  accounts,
  records,
  email,
}: ResetPasswordDeps): Promise<{ readonly password: string }> {
  const user = await records.users.find({ type: 'email', value: email.trim().toLowerCase() })
  if (!user) throw new AppError('not-found', 'user-not-found', `nobody signs in as ${email}`)
  const password = randomBytes(15).toString('base64url')
  await accounts.setPassword({ userId: user.id, password, by: 'system' })
  return { password }
}
