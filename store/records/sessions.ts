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
