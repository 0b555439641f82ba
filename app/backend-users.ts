import { AppError } from '../contracts/errors.ts'
import type { BackendUsers } from '../contracts/ports/backend-users.ts'
import type { Accounts } from '../people/index.ts'

/** Accounts as the broker sees them. Only a store that does not answer is an error; every other no is a no. */
export function createBackendUsers(accounts: Pick<Accounts, 'verify' | 'getUser'>): BackendUsers {
  return {
    async verify({ email, token }) {
      try {
        const identity = await accounts.verify(token)
        const user = await accounts.getUser(identity.userId)
        return user.email === email.trim().toLowerCase() ? identity : undefined
      } catch (error) {
        if (error instanceof AppError && error.family !== 'unavailable' && error.family !== 'internal') return undefined
        throw error
      }
    },
  }
}
