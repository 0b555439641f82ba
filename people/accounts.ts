import { z } from 'zod'
import { AppError } from '../contracts/errors.ts'
import type { Role } from '../contracts/roles.ts'
import {
  drawSecret,
  hashSecret,
  type Page,
  type Records,
  type Repositories,
  type User,
  type UserQuery,
} from '../store/index.ts'
import { createAccessTokens } from './access-tokens.ts'
import { createPasswords, drawPassword } from './passwords.ts'
import { createSignInThrottle } from './sign-in-throttle.ts'

/** Who is behind a token, as of now: role and state are not read from the token. */
export interface Identity {
  readonly userId: string
  readonly role: Role
  readonly sessionId: string
  /** When the access token stops being accepted. */
  readonly expiresAtMs: number
}

export interface SignedIn {
  readonly user: User
  /** JWT, for `Authorization: Bearer`. */
  readonly accessToken: string
  readonly accessExpiresAtMs: number
  /** Good for one use. */
  readonly refreshToken: string
}

/**
 * Accounts, sessions and tokens.
 * @throws AppError `wrong-credentials`, `too-many-sign-ins`, `sign-in-busy`, `account-banned`, `invalid-token`,
 *   `token-expired`, `session-ended`, `refresh-token-reused`, `email-taken`, `invalid-email`, `password-too-weak`,
 *   `user-not-found`, `last-administrator`
 */
export interface Accounts {
  /**
   * Makes the first administrator when there is none.
   * @returns the password only when it was drawn here; print it once
   */
  ensureAdministrator(input: {
    readonly email: string
    readonly password?: string
  }): Promise<{ readonly created: boolean; readonly email: string; readonly password: string | undefined }>
  /** @param clientAddress IP address, so that one guesser cannot lock others out */
  signIn(input: {
    readonly email: string
    readonly password: string
    readonly clientAddress: string
  }): Promise<SignedIn>
  /** Trades a refresh token for the next. One that was used before ends the whole session. */
  refresh(refreshToken: string): Promise<SignedIn>
  signOut(sessionId: string): Promise<void>
  verify(accessToken: string): Promise<Identity>
  createUser(input: {
    readonly email: string
    readonly password: string
    readonly name: string
    readonly role: Role
    /** The user's id, or `system`. */
    readonly by: string
  }): Promise<User>
  getUser(userId: string): Promise<User>
  /** Oldest first. */
  listUsers(query: UserQuery): Promise<Page<User>>
  setRole(options: { readonly userId: string; readonly role: Role; readonly by: string }): Promise<User>
  /** Banning ends every session of the user at once. */
  setBanned(options: { readonly userId: string; readonly banned: boolean; readonly by: string }): Promise<User>
  /** Ends every session of the user. */
  setPassword(options: { readonly userId: string; readonly password: string; readonly by: string }): Promise<void>
}

interface AccountsDeps {
  readonly records: Records
  readonly now: () => number
  /** At least 32 bytes. */
  readonly jwtSecret: string
  readonly bcryptCost?: number
}

const sessionLifetimeMs = 30 * 86_400_000
const sessionsPerUserMax = 20
const administratorRoles: readonly Role[] = ['admin', 'super_admin']

export function createAccounts({ records, now, jwtSecret, bcryptCost = 12 }: AccountsDeps): Accounts {
  const tokens = createAccessTokens({ jwtSecret, now })
  const passwords = createPasswords(bcryptCost)
  const throttle = createSignInThrottle(now)

  async function complete(user: User, sessionId: string, refreshToken: string): Promise<SignedIn> {
    const { token, expiresAtMs } = await tokens.issue({ userId: user.id, sessionId })
    return { user, accessToken: token, accessExpiresAtMs: expiresAtMs, refreshToken }
  }

  async function signIn({ email, password, clientAddress }: Parameters<Accounts['signIn']>[0]): Promise<SignedIn> {
    const address = email.trim().toLowerCase()
    const succeeded = throttle.attempt({ email: address, clientAddress })
    const user = await records.users.findByEmail(address)
    // Also for nobody: how long it takes must not tell who has an account.
    if (!(await passwords.verify(password, user?.passwordHash)) || !user) {
      throw new AppError('unauthenticated', 'wrong-credentials', 'wrong e-mail address or password')
    }
    succeeded()
    const { passwordHash, ...known } = user
    const refreshToken = drawSecret()
    const session = await records.transaction(async ({ users, sessions, audit }) => {
      // Both may have changed while the password was being checked.
      const current = await users.findByEmail(address)
      if (current?.passwordHash !== passwordHash) {
        throw new AppError('unauthenticated', 'wrong-credentials', 'wrong e-mail address or password')
      }
      assertNotBanned(current)
      await audit.append({ actor: user.id, action: 'user-signed-in', subject: `user:${user.id}` })
      return sessions.create({
        userId: user.id,
        refreshHash: hashToken(refreshToken),
        expiresAtMs: now() + sessionLifetimeMs,
        perUserMax: sessionsPerUserMax,
      })
    })
    return complete(known, session.id, refreshToken)
  }

  async function refresh(refreshToken: string): Promise<SignedIn> {
    const nextToken = drawSecret()
    const { rotation, user } = await records.transaction(async ({ sessions, users, audit }) => {
      const options = { fromHash: hashToken(refreshToken), toHash: hashToken(nextToken), nowMs: now() }
      const rotation = await sessions.rotate(options)
      if (rotation.type === 'unknown') return { rotation, user: undefined }
      const { userId, id } = rotation.session
      if (rotation.type === 'reused') {
        await audit.append({ actor: userId, action: 'refresh-token-reused', subject: `session:${id}` })
      }
      return { rotation, user: await users.get(userId) }
    })
    // Outside the transaction: a reuse must end the session for good, not be rolled back by its own error.
    if (rotation.type === 'unknown' || !user) {
      throw new AppError('unauthenticated', 'invalid-token', 'the refresh token is not valid')
    }
    assertNotBanned(user)
    if (rotation.type === 'ended') throw sessionEnded()
    if (rotation.type === 'reused') {
      throw new AppError('unauthenticated', 'refresh-token-reused', 'the refresh token was used before; sign in again')
    }
    return complete(user, rotation.session.id, nextToken)
  }

  async function verify(accessToken: string): Promise<Identity> {
    const { userId, sessionId, expiresAtMs } = await tokens.read(accessToken)
    const owner = await records.sessions.findOpenWithUser(sessionId, now())
    if (owner?.userId !== userId) throw sessionEnded()
    assertNotBanned(owner)
    return { userId, role: owner.role, sessionId, expiresAtMs }
  }

  async function createUser(input: Parameters<Accounts['createUser']>[0]): Promise<User> {
    const email = readEmail(input.email)
    const passwordHash = await passwords.hash(input.password)
    return records.transaction(async ({ users, audit }) => {
      const user = await users.create({ email, name: input.name, role: input.role, passwordHash })
      const detail = { role: input.role }
      await audit.append({ actor: input.by, action: 'user-created', subject: `user:${user.id}`, detail })
      return user
    })
  }

  return {
    async ensureAdministrator({ email, password }) {
      if ((await records.users.countByRole(administratorRoles)) > 0) {
        return { created: false, email, password: undefined }
      }
      const drawn = password === undefined ? drawPassword() : undefined
      const chosen = password ?? drawn!
      await createUser({ email, password: chosen, name: 'Administrator', role: 'super_admin', by: 'system' })
      return { created: true, email: readEmail(email), password: drawn }
    },
    signIn,
    refresh,
    signOut: (sessionId) => records.sessions.revoke(sessionId),
    verify,
    createUser,
    async getUser(userId) {
      const user = await records.users.get(userId)
      if (!user) throw new AppError('not-found', 'user-not-found', `no user ${userId}`)
      return user
    },
    listUsers: records.users.list,
    setRole: ({ userId, role, by }) =>
      records.transaction(async ({ users, audit }) => {
        const user = await users.update(userId, { role })
        await assertAdministered(users)
        await audit.append({ actor: by, action: 'user-role-changed', subject: `user:${userId}`, detail: { role } })
        return user
      }),
    setBanned: ({ userId, banned, by }) =>
      records.transaction(async ({ users, sessions, audit }) => {
        const user = await users.update(userId, { state: banned ? 'banned' : 'active' })
        await assertAdministered(users)
        if (banned) await sessions.revokeAllOf(userId)
        const action = banned ? 'user-banned' : 'user-unbanned'
        await audit.append({ actor: by, action, subject: `user:${userId}` })
        return user
      }),
    async setPassword({ userId, password, by }) {
      const passwordHash = await passwords.hash(password)
      await records.transaction(async ({ users, sessions, audit }) => {
        await users.update(userId, { passwordHash })
        await sessions.revokeAllOf(userId)
        await audit.append({ actor: by, action: 'user-password-changed', subject: `user:${userId}` })
      })
    },
  }
}

/** Checked after the change, in its transaction: nobody can take the last administrator away. */
async function assertAdministered(users: Repositories['users']): Promise<void> {
  if ((await users.countByRole(administratorRoles)) > 0) return
  throw new AppError('conflict', 'last-administrator', 'somebody else has to be administrator first')
}

function assertNotBanned({ state }: { readonly state: User['state'] }): void {
  if (state === 'banned') throw new AppError('forbidden', 'account-banned', 'the account is banned')
}

function sessionEnded(): AppError {
  return new AppError('unauthenticated', 'session-ended', 'the session has ended; sign in again')
}

const emailSchema = z.string().trim().toLowerCase().max(254).pipe(z.email())

function readEmail(email: string): string {
  const { data } = emailSchema.safeParse(email)
  if (data === undefined) throw new AppError('invalid', 'invalid-email', 'this is not an e-mail address')
  return data
}

function hashToken(token: string): string {
  return hashSecret(token).toString('hex')
}
