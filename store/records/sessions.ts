import type { Role } from '../../contracts/roles.ts'
import type { Scope } from './scope.ts'
import type { SessionRow } from './tables.ts'

/** Where somebody signed in from. */
export interface SessionClient {
  readonly address: string
  /** See people/networks.ts: addresses that count as one client. */
  readonly network: string
  readonly userAgent: string | undefined
}

/** One sign-in on one device; its refresh tokens are one family. */
export interface Session {
  readonly id: string
  readonly userId: string
  readonly clientAddress: string | undefined
  readonly userAgent: string | undefined
  readonly createdAtMs: number
  /** To the minutes. */
  readonly usedAtMs: number
  readonly expiresAtMs: number
  readonly revokedAtMs: number | undefined
}

/** An open session and whose it is, as of now. */
export interface SessionOwner {
  readonly sessionId: string
  readonly userId: string
  readonly role: Role
  readonly state: 'active' | 'banned' | 'erased'
  /** Only when it is confirmed. */
  readonly flatNumber: string | undefined
  readonly unitNumber: string | undefined
  readonly usedAtMs: number
  readonly expiresAtMs: number
}

/** What became of a refresh token that was handed in. */
type Rotation =
  | { readonly type: 'rotated'; readonly session: Session }
  | { readonly type: 'unknown' }
  | { readonly type: 'ended'; readonly session: Session }
  /** The token had been used before: somebody holds a copy, so the whole family is now revoked. */
  | { readonly type: 'reused'; readonly session: Session }

/** Sessions with their tokens, which are kept only as hashes. An end is published as `access-changed`. */
export interface SessionRecords {
  create(input: {
    readonly userId: string
    readonly refreshHash: string
    /** Of the token that stands for the session itself. */
    readonly tokenHash: string
    readonly client: SessionClient
    readonly expiresAtMs: number
    /** The oldest sessions of the user beyond this number end. */
    readonly perUserMax: number
  }): Promise<Session>
  get(sessionId: string): Promise<Session | undefined>
  /** @returns undefined when it has ended */
  findOpen(
    by: { readonly sessionId: string } | { readonly tokenHash: string },
    nowMs: number,
  ): Promise<SessionOwner | undefined>
  /** Notes that it is in use, and moves its end. */
  touch(sessionId: string, change: { readonly usedAtMs: number; readonly expiresAtMs: number }): Promise<void>
  rotate(options: { readonly fromHash: string; readonly toHash: string; readonly nowMs: number }): Promise<Rotation>
  /** Repeating it is harmless. */
  revoke(sessionId: string): Promise<void>
  /** @param options.exceptId a session that goes on */
  revokeAllOf(userId: string, options?: { readonly exceptId?: string | undefined }): Promise<void>
  /** Forgets the sessions of a user with all that they say of where and with what. */
  deleteAllOf(userId: string): Promise<void>
  /** Newest first. */
  listOpen(userId: string): Promise<readonly Session[]>
  /** True when the user has signed in from that network before. */
  isKnownNetwork(userId: string, network: string): Promise<boolean>
}

export function createSessionRecords(scope: Scope): SessionRecords {
  const { db, now, makeId, atomically } = scope
  return {
    create: ({ userId, refreshHash, tokenHash, client, expiresAtMs, perUserMax }) =>
      atomically(async (inner) => {
        const atMs = now()
        const row: SessionRow = {
          id: makeId(),
          user_id: userId,
          token_hash: tokenHash,
          network: client.network,
          client_address: client.address,
          user_agent: client.userAgent ?? null,
          created_at_ms: atMs,
          used_at_ms: atMs,
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
    async findOpen(by, nowMs) {
      let rows = db
        .selectFrom('sessions')
        .innerJoin('users', 'users.id', 'sessions.user_id')
        .select([
          'sessions.id as sessionId',
          'sessions.used_at_ms as usedAtMs',
          'sessions.expires_at_ms as expiresAtMs',
          'users.id as userId',
          'users.role',
          'users.state',
          'users.flat_number',
          'users.flat_confirmed_at_ms',
          'users.unit_number',
        ])
        .where('sessions.revoked_at_ms', 'is', null)
        .where('sessions.expires_at_ms', '>', nowMs)
      rows =
        'sessionId' in by
          ? rows.where('sessions.id', '=', by.sessionId)
          : rows.where('sessions.token_hash', '=', by.tokenHash)
      const row = await rows.executeTakeFirst()
      if (row === undefined) return undefined
      const { flat_number, flat_confirmed_at_ms, unit_number, ...owner } = row
      const flatNumber = flat_confirmed_at_ms === null ? undefined : (flat_number ?? undefined)
      return { ...owner, flatNumber, unitNumber: unit_number ?? undefined }
    },
    async touch(sessionId, { usedAtMs, expiresAtMs }) {
      await db
        .updateTable('sessions')
        .set({ used_at_ms: usedAtMs, expires_at_ms: expiresAtMs })
        .where('id', '=', sessionId)
        .execute()
    },
    rotate: (options) => atomically((inner) => rotate(inner, options)),
    async revoke(sessionId) {
      const session = await db.selectFrom('sessions').select('user_id').where('id', '=', sessionId).executeTakeFirst()
      if (session) await end(scope, { userId: session.user_id, sessionId, atMs: now() })
    },
    revokeAllOf: (userId, { exceptId } = {}) =>
      atomically(async (inner) => {
        if (exceptId === undefined) return end(inner, { userId, sessionId: undefined, atMs: now() })
        // One by one: whoever hears of the end of all would end the one that goes on.
        for (const { id } of await openSessions(inner, userId, now()).limit(1000).execute()) {
          if (id !== exceptId) await end(inner, { userId, sessionId: id, atMs: now() })
        }
      }),
    deleteAllOf: (userId) =>
      atomically(async (inner) => {
        await inner.db.deleteFrom('sessions').where('user_id', '=', userId).execute()
        inner.afterCommit(() => inner.publish('access-changed', { userId, sessionId: undefined }))
      }),
    async listOpen(userId) {
      return (await openSessions(scope, userId, now()).execute()).map(toSession)
    },
    async isKnownNetwork(userId, network) {
      const row = await db
        .selectFrom('sessions')
        .select('id')
        .where('user_id', '=', userId)
        .where('network', '=', network)
        .limit(1)
        .executeTakeFirst()
      return row !== undefined
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
    .where('refresh_tokens.token_hash', '=', fromHash)
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
  await scope.db.updateTable('sessions').set({ used_at_ms: nowMs }).where('id', '=', session.id).execute()
  return { type: 'rotated', session: { ...session, usedAtMs: nowMs } }
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
    clientAddress: row.client_address ?? undefined,
    userAgent: row.user_agent ?? undefined,
    createdAtMs: row.created_at_ms,
    usedAtMs: row.used_at_ms,
    expiresAtMs: row.expires_at_ms,
    revokedAtMs: row.revoked_at_ms ?? undefined,
  }
}
