/**
 * What went wrong, by a name that stays stable for clients.
 * `api/errors.ts` alone turns the family into an HTTP status.
 */
export type ErrorFamily =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'too-large'
  | 'too-many'
  | 'unavailable'
  | 'internal'

export interface ErrorDetail {
  /** Where in the input, as a dotted path. */
  readonly path?: string
  readonly message: string
}

/** The only error the project throws on purpose; anything else is a defect. */
export class AppError extends Error {
  readonly family: ErrorFamily
  /** kebab-case, for example `alert-already-resolved`. */
  readonly code: string
  readonly details: readonly ErrorDetail[]

  constructor(
    family: ErrorFamily,
    code: string,
    message: string,
    options: { cause?: unknown; details?: readonly ErrorDetail[] } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'AppError'
    this.family = family
    this.code = code
    this.details = options.details ?? []
  }
}
