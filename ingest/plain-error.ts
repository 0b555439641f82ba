import { AppError, type ErrorDetail, type ErrorFamily } from '../contracts/errors.ts'

/** An error as it crosses between the threads: structured cloning would leave only its message. */
export interface PlainError {
  readonly message: string
  readonly app?: { readonly family: string; readonly code: string; readonly details: readonly unknown[] }
}

export function toPlainError(error: unknown): PlainError {
  if (error instanceof AppError) {
    return { message: error.message, app: { family: error.family, code: error.code, details: error.details } }
  }
  return { message: error instanceof Error ? error.message : String(error) }
}

export function fromPlainError({ message, app }: PlainError): Error {
  if (!app) return new Error(message)
  return new AppError(app.family as ErrorFamily, app.code, message, { details: app.details as ErrorDetail[] })
}
