import type { Scope } from './scope.ts'
import type { SessionRow } from './tables.ts'

/** One sign-in on one device; its refresh tokens are one family. */
export interface Session {
  readonly id: string
  readonly userId: string
  readonly createdAtMs: number
  readonly expiresAtMs: number
  readonly revokedAtMs: number | undefined
}

/** What became of a refresh token that was handed in. */
export type Rotation =
  | { readonly type: 'rotated'; readonly session: Session }
  | { readonly type: 'unknown' }
  | { readonly type: 'ended'; readonly session: Session }
  /** The token had been used before: somebody holds a copy, so the whole family is now revoked. */
  | { readonly type: 'reused'; readonly session: Session }

/** Sessions and their refresh tokens, which are kept only as hashes. */
export interface SessionRecords {
  create(input: {
    readonly userId: string
    readonly refreshHash: string
    readonly expiresAtMs: number
    /** The oldest sessions of the user beyond this number end. */
    readonly perUserMax: number
  }): Promise<{ readonly session: Session; readonly endedSessionIds: readonly string[] }>
  get(sessionId: string): Promise<Session | undefined>
  rotate(options: { readonly fromHash: string; readonly toHash: string; readonly nowMs: number }): Promise<Rotation>
  revoke(sessionId: string): Promise<void>
  /** @returns the sessions that ended */
  revokeAllOf(userId: string): Promise<readonly string[]>
  listOpen(userId: string): Promise<readonly Session[]>
}

export function createSessionRecords({ db, now, makeId, atomically }: Scope): SessionRecords {
  return {
    create: ({ userId, refreshHash, expiresAtMs, perUserMax }) =>
      atomically(async (scope) => {
        const atMs = now()
        const row: SessionRow = {
          id: makeId(),
          user_id: userId,
          created_at_ms: atMs,
          expires_at_ms: expiresAtMs,
          revoked_at_ms: null,
        }
        await scope.db.insertInto('sessions').values(row).execute()
        await addToken(scope, { hash: refreshHash, sessionId: row.id, atMs })
        const surplus = await openSessions(scope, userId, atMs).offset(perUserMax).limit(1000).execute()
        const endedSessionIds = surplus.map((session) => session.id)
        await end(scope, endedSessionIds, atMs)
        return { session: toSession(row), endedSessionIds }
      }),
    async get(sessionId) {
      const row = await db.selectFrom('sessions').selectAll().where('id', '=', sessionId).executeTakeFirst()
      return row && toSession(row)
    },
    rotate: (options) => atomically((scope) => rotate(scope, options)),
    async revoke(sessionId) {
      await end({ db }, [sessionId], now())
    },
    revokeAllOf: (userId) =>
      atomically(async (scope) => {
        const open = await openSessions(scope, userId, now()).execute()
        const ids = open.map((session) => session.id)
        await end(scope, ids, now())
        return ids
      }),
    async listOpen(userId) {
      return (await openSessions({ db }, userId, now()).execute()).map(toSession)
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
    await end(scope, [session.id], nowMs)
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

async function end({ db }: Pick<Scope, 'db'>, sessionIds: readonly string[], atMs: number) {
  if (sessionIds.length === 0) return
  await db
    .updateTable('sessions')
    .set({ revoked_at_ms: atMs })
    .where('id', 'in', sessionIds)
    .where('revoked_at_ms', 'is', null)
    .execute()
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
