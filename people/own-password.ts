import { AppError } from '../contracts/errors.ts'
import type { Repositories, UserWithPassword } from '../store/index.ts'
import type { Client } from './networks.ts'
import type { Address, OneTimeCodes } from './one-time-codes.ts'
import { passwordLengthMin } from './passwords.ts'
import type { PeopleDeps } from './people-deps.ts'
import { readEmail } from './registration.ts'
import type { Identity } from './sessions.ts'

/** Somebody names themselves by one of these. */
export type NamedAddress = { readonly email: string } | { readonly phone: string }

/**
 * A person's own password: shown, changed, and chosen anew when it was forgotten.
 * @throws AppError `wrong-password`, `password-too-weak`, `invalid-otp`, `too-many-codes`, `channel-missing`,
 *   `too-many-sign-ins`, `user-erased`
 */
export interface OwnPassword {
  /** Whoever found an open session must not get further with it. Who never had a password has nothing to show. */
  assertPassword(identity: Pick<Identity, 'userId'>, password: string | undefined): Promise<void>
  /** The other sessions of the user end. */
  changePassword(
    identity: Identity,
    input: { readonly currentPassword: string | undefined; readonly newPassword: string },
  ): Promise<void>
  /** Answers the same whether or not somebody has that address. @returns seconds until the code expires */
  sendPasswordReset(input: Client & NamedAddress): Promise<number>
  /** Ends every session of the user. */
  resetPassword(input: Client & NamedAddress & { readonly code: string; readonly password: string }): Promise<void>
}

export function createOwnPassword(deps: PeopleDeps, codes: OneTimeCodes): OwnPassword {
  const { records, passwords, phones, throttle, now } = deps

  async function assertPassword({ userId }: Pick<Identity, 'userId'>, password: string | undefined) {
    const user = await records.users.getWithPassword(userId)
    if (user?.passwordHash === undefined) return
    const succeeded = throttle.attempt(`own password ${userId}`)
    if (!(await passwords.verify(password ?? '', user.passwordHash))) {
      throw new AppError('forbidden', 'wrong-password', 'this is not your password')
    }
    succeeded()
  }

  function readNamed(named: NamedAddress): Address {
    return 'email' in named
      ? { type: 'email', address: readEmail(named.email) }
      : { type: 'phone', address: phones.read(named.phone) }
  }

  /** A number that nobody proved is nobody's way back into an account. */
  async function findOwner({ type, address }: Address): Promise<UserWithPassword | undefined> {
    const user = await records.users.find({ type, value: address })
    const isReachable = type === 'email' || user?.phoneVerifiedAtMs !== undefined
    return user?.state === 'active' && isReachable ? user : undefined
  }

  /** A code that was right stays right while the password that came with it was too weak. */
  async function proveCode(claim: Parameters<OneTimeCodes['redeem']>[0]): Promise<void> {
    try {
      await codes.redeem(claim)
    } catch (error) {
      if (!(await codes.hasProof(claim))) throw error
    }
  }

  return {
    assertPassword,
    async changePassword(identity, { currentPassword, newPassword }) {
      const { userId, sessionId, role } = identity
      await assertPassword(identity, currentPassword)
      const password = await passwords.hash(newPassword, passwordLengthMin(role))
      await records.transaction(async (repositories) => {
        await assertLiving(repositories, userId)
        const { users, sessions, audit } = repositories
        await users.update(userId, { password })
        await sessions.revokeAllOf(userId, { exceptId: sessionId })
        await audit.append({ actor: userId, action: 'user-password-changed', subject: `user:${userId}` })
      })
    },
    async sendPasswordReset({ clientAddress, userAgent, ...named }) {
      const to = readNamed(named)
      const owner = await findOwner(to)
      const sends = owner !== undefined
      const client = { clientAddress, userAgent }
      return codes.send({ purpose: 'reset-password', to, ...client, ownerId: owner?.id, sends })
    },
    async resetPassword({ clientAddress, userAgent, code, password, ...named }) {
      const { type, address } = readNamed(named)
      const claim = { purpose: 'reset-password', address, clientAddress, userAgent, code } as const
      // What everybody's password needs, first: what a role needs would tell that somebody has it.
      const hashed = await passwords.hash(password, passwordLengthMin('citizen'))
      await proveCode(claim)
      const owner = await findOwner({ type, address })
      if (owner === undefined) throw new AppError('invalid', 'invalid-otp', 'the code is wrong or has expired')
      if (hashed.length < passwordLengthMin(owner.role)) {
        const message = `a password of this role has at least ${passwordLengthMin(owner.role)} characters`
        throw new AppError('invalid', 'password-too-weak', message)
      }
      if (!(await codes.spendProof(claim))) throw new AppError('invalid', 'invalid-otp', 'the code was used')
      await records.transaction(async (repositories) => {
        await assertLiving(repositories, owner.id)
        const { users, sessions, audit } = repositories
        const isFirstProof = type === 'email' && owner.emailVerifiedAtMs === undefined
        await users.update(owner.id, {
          password: hashed,
          ...(type === 'email' && { emailVerifiedAtMs: owner.emailVerifiedAtMs ?? now() }),
          // Somebody else may have made the account with this address; a phone of theirs opens it no more.
          ...(isFirstProof && { phone: null, phoneVerifiedAtMs: null, pendingPhone: null, pendingEmail: null }),
        })
        await sessions.revokeAllOf(owner.id)
        const detail = { by: `code to ${type}` }
        await audit.append({ actor: owner.id, action: 'user-password-reset', subject: `user:${owner.id}`, detail })
      })
    },
  }
}

/** The account may have been erased while a hash was being taken. */
export async function assertLiving({ users }: Pick<Repositories, 'users'>, userId: string): Promise<void> {
  const user = await users.get(userId)
  if (user !== undefined && user.state !== 'erased') return
  throw new AppError('conflict', 'user-erased', 'the account was erased')
}
