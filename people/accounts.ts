import type { Role } from '../contracts/roles.ts'
import type { Page, Records, User, UserQuery } from '../store/index.ts'

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
 * @throws AppError `wrong-credentials`, `too-many-sign-ins`, `account-banned`, `invalid-token`, `token-expired`,
 *   `session-ended`, `refresh-token-reused`, `email-taken`, `invalid-email`, `password-too-weak`, `user-not-found`
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

export interface AccountsDeps {
  readonly records: Records
  readonly now: () => number
  /** At least 32 bytes. */
  readonly jwtSecret: string
  readonly bcryptCost?: number
}

export function createAccounts(deps: AccountsDeps): Accounts {
  throw new Error(`no accounts yet at ${deps.now()}`)
}
