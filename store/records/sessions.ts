import type { Role } from '../../contracts/roles.ts'
import type { Scope } from './scope.ts'
import type { SessionRow } from './tables.ts'

/** One sign-in on one device; its refresh tokens are one family. */
interface Session {
  readonly id: string
  readonly userId: string
  readonly createdAtMs: number
  readonly expiresAtMs: number
  readonly revokedAtMs: number | undefined
}

/** What became of a refresh token that was handed in. */
type Rotation =
  | { readonly type: 'rotated'; readonly session: Session }
  | { readonly type: 'unknown' }
  | { readonly type: 'ended'; readonly session: Session }
  /** The token had been used before: somebody holds a copy, so the whole family is now revoked. */
  | { readonly type: 'reused'; readonly session: Session }

/** Sessions and their refresh tokens, which are kept only as hashes. An end is published as `access-changed`. */
export interface SessionRecords {
  create(input: {
    readonly userId: string
    readonly refreshHash: string
    readonly expiresAtMs: number
    /** The oldest sessions of the user beyond this number end. */
    readonly perUserMax: number
  }): Promise<Session>
  get(sessionId: string): Promise<Session | undefined>
  /** Who an open session belongs to, as of now. @returns undefined when it has ended */
  findOpenWithUser(
    sessionId: string,
    nowMs: number,
  ): Promise<{ readonly userId: string; readonly role: Role; readonly state: 'active' | 'banned' } | undefined>
  rotate(options: { readonly fromHash: string; readonly toHash: string; readonly nowMs: number }): Promise<Rotation>
  /** Repeating it is harmless. */
  revoke(sessionId: string): Promise<void>
  revokeAllOf(userId: string): Promise<void>
  listOpen(userId: string): Promise<readonly Session[]>
}

export function createSessionRecords(scope: Scope): SessionRecords {
  const { db, now, makeId, atomically } = scope
  return {
    create: ({ userId, refreshHash, expiresAtMs, perUserMax }) =>
      atomically(async (inner) => {
        const atMs = now()
        const row: SessionRow = {
          id: makeId(),
          user_id: userId,
          created_at_ms: atMs,
          expires_at_ms: expiresAtMs,
          revoked_at_ms: null,
        }
        await inner.db.insertInto('sessions').values(row).execute()
        await addToken(inner, { hash: refreshHash, sessionId: row.id, atMs })
        for (const { id } of await openSessions(inner, userId, atMs).offset(perUserMax).limit(1000).execute()) {
          await end(inner, { userId, sessionId: id, atMs })
        }
        return toSession(row)
      }),
    async get(sessionId) {
      const row = await db.selectFrom('sessions').selectAll().where('id', '=', sessionId).executeTakeFirst()
      return row && toSession(row)
    },
    async findOpenWithUser(sessionId, nowMs) {
      const row = await db
        .selectFrom('sessions')
        .innerJoin('users', 'users.id', 'sessions.user_id')
        .select(['users.id as userId', 'users.role', 'users.state'])
        .where('sessions.id', '=', sessionId)
        .where('sessions.revoked_at_ms', 'is', null)
        .where('sessions.expires_at_ms', '>', nowMs)
        .executeTakeFirst()
      return row
    },
    rotate: (options) => atomically((inner) => rotate(inner, options)),
    async revoke(sessionId) {
      const session = await db.selectFrom('sessions').select('user_id').where('id', '=', sessionId).executeTakeFirst()
      if (session) await end(scope, { userId: session.user_id, sessionId, atMs: now() })
    },
    revokeAllOf: (userId) => end(scope, { userId, sessionId: undefined, atMs: now() }),
    async listOpen(userId) {
      return (await openSessions(scope, userId, now()).execute()).map(toSession)
    },
  }
}

async function rotate(
  scope: Scope,
  { fromHash, toHash, nowMs }: Parameters<SessionRecords['rotate']>[0],
): Promise<Rotation> {
  const row = await scope.db
    .selectFrom('refresh_tokens')
    .innerJoin('sessions', 'sessions.id', 'refresh_tokens.session_id')
    .selectAll('sessions')
    .where('token_hash', '=', fromHash)
    .executeTakeFirst()
  if (!row) return { type: 'unknown' }
  const session = toSession(row)
  if (session.revokedAtMs !== undefined || session.expiresAtMs <= nowMs) return { type: 'ended', session }

  // Spending it is one conditional write: of two that come at once, one spends and the other is a reuse.
  const spent = await scope.db
    .updateTable('refresh_tokens')
    .set({ used_at_ms: nowMs })
    .where('token_hash', '=', fromHash)
    .where('used_at_ms', 'is', null)
    .executeTakeFirst()
  if (spent.numUpdatedRows === 0n) {
    await end(scope, { userId: session.userId, sessionId: session.id, atMs: nowMs })
    return { type: 'reused', session: { ...session, revokedAtMs: nowMs } }
  }
  await addToken(scope, { hash: toHash, sessionId: session.id, atMs: nowMs })
  return { type: 'rotated', session }
}

/** Newest first. */
function openSessions({ db }: Pick<Scope, 'db'>, userId: string, nowMs: number) {
  return db
    .selectFrom('sessions')
    .selectAll()
    .where('user_id', '=', userId)
    .where('revoked_at_ms', 'is', null)
    .where('expires_at_ms', '>', nowMs)
    .orderBy('id', 'desc')
}

async function addToken({ db }: Scope, token: { hash: string; sessionId: string; atMs: number }) {
  await db
    .insertInto('refresh_tokens')
    .values({ token_hash: token.hash, session_id: token.sessionId, issued_at_ms: token.atMs, used_at_ms: null })
    .execute()
}

/** Ends one session of a user, or all of them when none is named. */
async function end(
  { db, afterCommit, publish }: Scope,
  { userId, sessionId, atMs }: { userId: string; sessionId: string | undefined; atMs: number },
) {
  let open = db
    .updateTable('sessions')
    .set({ revoked_at_ms: atMs })
    .where('user_id', '=', userId)
    .where('revoked_at_ms', 'is', null)
  if (sessionId !== undefined) open = open.where('id', '=', sessionId)
  const { numUpdatedRows } = await open.executeTakeFirst()
  if (numUpdatedRows > 0n) afterCommit(() => publish('access-changed', { userId, sessionId }))
}

function toSession(row: SessionRow): Session {
  return {
    id: row.id,
    userId: row.user_id,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    revokedAtMs: row.revoked_at_ms ?? undefined,
  }
}
