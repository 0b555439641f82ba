import { AppError } from '../contracts/errors.ts'
import type { Role } from '../contracts/roles.ts'
import {
  drawSecret,
  hashSecret,
  type Repositories,
  type Session,
  type SessionOwner,
  type User,
} from '../store/index.ts'
import { type Client, networkOf } from './networks.ts'
import { staffRoles } from './passwords.ts'
import type { PeopleDeps } from './people-deps.ts'

/** Who is behind a token, as of now: role and state are not read from the token. */
export interface Identity {
  readonly userId: string
  readonly role: Role
  readonly sessionId: string
  /** A resident's, once it is confirmed. */
  readonly flatNumber: string | undefined
  readonly unitNumber: string | undefined
  /** When the token stops being accepted. */
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

/** A sign-in that has just been made. */
export interface NewSignIn extends SignedIn {
  /** Stands for the session itself, for clients that cannot refresh. */
  readonly sessionToken: string
}

/** @throws AppError `invalid-token`, `token-expired`, `session-ended`, `refresh-token-reused`, `account-banned`, `session-not-found` */
export interface Sessions {
  /**
   * Opens a session as part of the caller's transaction.
   * @returns what makes the tokens of it, to be called once the transaction is durable
   */
  open(
    repositories: Pick<Repositories, 'sessions' | 'users' | 'audit'>,
    input: Client & { readonly user: User; readonly method: SignInMethod },
  ): Promise<() => Promise<NewSignIn>>
  /** Trades a refresh token for the next. One that was used before ends the whole session. */
  refresh(refreshToken: string): Promise<SignedIn>
  /** @param token an access token, or one that stands for a session */
  verify(token: string): Promise<Identity>
  signOut(sessionId: string): Promise<void>
  listSessions(userId: string): Promise<readonly Session[]>
  /** Ends one of the user's own. */
  endSession(identity: Pick<Identity, 'userId'>, sessionId: string): Promise<void>
  /** Ends all of the user's own but the one that asks. */
  endOtherSessions(identity: Pick<Identity, 'userId' | 'sessionId'>): Promise<void>
}

export type SignInMethod = 'password' | 'one-time-code' | 'registration' | 'debug'

const lifetimeMs = 30 * 86_400_000
const perUserMax = 20
const userAgentLengthMax = 200
/** Use is noted this often; a note at every request would be a write at every request. */
const touchEveryMs = 5 * 60_000
/** A token that stands for a session ends when it was not used for this long. */
const idleMsMax = { staff: 12 * 3_600_000, others: lifetimeMs } as const

export function createSessions({ records, tokens, now }: PeopleDeps): Sessions {
  async function complete(user: User, sessionId: string, refreshToken: string): Promise<SignedIn> {
    const { token, expiresAtMs } = await tokens.issue({ userId: user.id, sessionId })
    return { user, accessToken: token, accessExpiresAtMs: expiresAtMs, refreshToken }
  }

  async function verifySessionToken(token: string): Promise<Identity> {
    const nowMs = now()
    const owner = await records.sessions.findOpen({ tokenHash: hashToken(token) }, nowMs)
    if (owner === undefined) throw sessionEnded()
    const idleMs = staffRoles.includes(owner.role) ? idleMsMax.staff : idleMsMax.others
    if (nowMs - owner.usedAtMs >= idleMs)
      throw new AppError('unauthenticated', 'token-expired', 'the token has expired')
    if (nowMs - owner.usedAtMs >= touchEveryMs) {
      await records.sessions.touch(owner.sessionId, { usedAtMs: nowMs, expiresAtMs: nowMs + lifetimeMs })
    }
    return identify(owner, nowMs + idleMs)
  }

  async function verifyAccessToken(token: string): Promise<Identity> {
    const { userId, sessionId, expiresAtMs } = await tokens.read(token)
    const owner = await records.sessions.findOpen({ sessionId }, now())
    if (owner?.userId !== userId) throw sessionEnded()
    return identify(owner, expiresAtMs)
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
    assertMayEnter(user)
    if (rotation.type === 'ended') throw sessionEnded()
    if (rotation.type === 'reused') {
      throw new AppError('unauthenticated', 'refresh-token-reused', 'the refresh token was used before; sign in again')
    }
    return complete(user, rotation.session.id, nextToken)
  }

  return {
    async open({ sessions, users, audit }, { user, method, clientAddress, userAgent }) {
      const refreshToken = drawSecret()
      const sessionToken = drawSecret()
      const network = networkOf(clientAddress)
      const session = await sessions.create({
        userId: user.id,
        refreshHash: hashToken(refreshToken),
        tokenHash: hashToken(sessionToken),
        client: { address: clientAddress, network, userAgent: userAgent?.slice(0, userAgentLengthMax) },
        expiresAtMs: now() + lifetimeMs,
        perUserMax,
      })
      const signedIn = await users.update(user.id, { signedInAtMs: now() })
      const detail = { method, network }
      await audit.append({ actor: user.id, action: 'user-signed-in', subject: `user:${user.id}`, detail })
      return async () => ({ ...(await complete(signedIn, session.id, refreshToken)), sessionToken })
    },
    refresh,
    verify: (token) => (isSessionToken(token) ? verifySessionToken(token) : verifyAccessToken(token)),
    signOut: (sessionId) => records.sessions.revoke(sessionId),
    listSessions: (userId) => records.sessions.listOpen(userId),
    endSession: ({ userId }, sessionId) =>
      records.transaction(async ({ sessions, audit }) => {
        const session = await sessions.get(sessionId)
        if (session?.userId !== userId || session.revokedAtMs !== undefined) {
          throw new AppError('not-found', 'session-not-found', 'you have no such session')
        }
        await sessions.revoke(sessionId)
        await audit.append({ actor: userId, action: 'session-ended', subject: `session:${sessionId}` })
      }),
    endOtherSessions: ({ userId, sessionId }) =>
      records.transaction(async ({ sessions, audit }) => {
        await sessions.revokeAllOf(userId, { exceptId: sessionId })
        await audit.append({ actor: userId, action: 'other-sessions-ended', subject: `user:${userId}` })
      }),
  }
}

/** Nobody who is banned or gone goes on, whatever they hold. */
export function assertMayEnter({ state }: { readonly state: User['state'] }): void {
  if (state === 'banned') throw new AppError('forbidden', 'account-banned', 'the account is banned')
  if (state === 'erased') throw sessionEnded()
}

function identify(
  { userId, role, sessionId, flatNumber, unitNumber, state }: SessionOwner,
  expiresAtMs: number,
): Identity {
  assertMayEnter({ state })
  return { userId, role, sessionId, flatNumber, unitNumber, expiresAtMs }
}

function sessionEnded(): AppError {
  return new AppError('unauthenticated', 'session-ended', 'the session has ended; sign in again')
}

/** 256 bits in base64url; an access token has dots. */
function isSessionToken(token: string): boolean {
  return /^[\w-]{43}$/.test(token)
}

function hashToken(token: string): string {
  return hashSecret(token).toString('hex')
}
