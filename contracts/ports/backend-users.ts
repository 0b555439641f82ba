import type { Role } from '../roles.ts'

/** A person or a service of theirs, as of now. */
export interface BackendUser {
  readonly userId: string
  readonly sessionId: string
  readonly role: Role
  /** When the token stops being accepted. */
  readonly expiresAtMs: number
}

/** Who may read along over MQTT what devices send. What a token was good for may end: see `access-changed` on the bus. */
export interface BackendUsers {
  /** @returns undefined unless the token is valid now and belongs to the account of that e-mail address */
  verify(claim: { readonly email: string; readonly token: string }): Promise<BackendUser | undefined>
}
