import type { ErrorRequestHandler, Request, RequestHandler } from 'express'
import type { Logger } from 'pino'
import type { z } from 'zod'
import { AppError, type ErrorDetail, type ErrorFamily } from '../contracts/errors.ts'
import type { ErrorAnswer } from '../contracts/http/common.ts'
import { type FaultShape, toLegacyFault } from './legacy-faults.ts'

declare module 'express-serve-static-core' {
  interface Locals {
    /** How the clients of the route read its faults; absent for the house's own. */
    faultShape?: FaultShape
  }
}

const statusOfFamily: Readonly<Record<ErrorFamily, number>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  'too-large': 413,
  'too-many': 429,
  internal: 500,
  unavailable: 503,
}

/** HTTP says these two more finely than our families do. */
const statusOfCode: Readonly<Record<string, number>> = {
  'method-not-allowed': 405,
  'unsupported-media-type': 415,
}

const detailsMax = 50

export function invalidRequest(part: 'path' | 'query' | 'body', error: z.ZodError): AppError {
  const details = error.issues.slice(0, detailsMax).map(
    (issue): ErrorDetail => ({
      path: [part, ...issue.path.map(String)].join('.'),
      message: issue.message,
    }),
  )
  return new AppError('invalid', 'invalid-request', `The ${part} of the request does not fit`, { details })
}

export function notFound(what: string): AppError {
  return new AppError('not-found', `${what}-not-found`, `There is no such ${what}`)
}

/** Every path nobody answered. */
export const answerUnknownPath: RequestHandler = (_request, _response, next) => {
  next(new AppError('not-found', 'unknown-path', 'There is nothing at this path'))
}

/** The only place where a failure becomes HTTP. Whatever it is, the client sees the one error shape. */
export function createErrorHandler(log: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const known = toAppError(error)
    const status = statusOfCode[known.code] ?? statusOfFamily[known.family]
    if (status >= 500) {
      log.error({ err: error, requestId: request.requestId, ...methodAndPath(request) }, 'request failed')
    }
    if (response.headersSent) {
      // Half an answer is on the wire. Express cuts the connection, so that nobody takes it for a whole one.
      next(error)
      return
    }
    if (known.family === 'unauthenticated') response.setHeader('WWW-Authenticate', 'Bearer')
    if (known.family === 'unavailable') response.setHeader('Retry-After', '5')
    response.removeHeader('Content-Disposition')
    response.setHeader('Cache-Control', 'no-store')
    const answer = errorAnswer(known, request.requestId)
    const { faultShape } = response.locals
    const fault =
      faultShape === undefined ? { status, body: answer } : toLegacyFault(faultShape, known, { status, answer })
    response.status(fault.status).json(fault.body)
  }
}

function errorAnswer(error: AppError, requestId: string): ErrorAnswer {
  if (error.family !== 'internal') {
    return { error: { code: error.code, message: error.message, details: [...error.details] } }
  }
  const message = `Something went wrong on our side. The log has it under request ${requestId}`
  return { error: { code: 'internal', message, details: [] } }
}

/** Body-parser, the router and the file server throw errors of their own, known by `type` or `status`. */
function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  if (!(error instanceof Error)) return unexpected(error)
  const { type, status } = error as { type?: unknown; status?: unknown }
  switch (type) {
    case 'entity.parse.failed':
      return new AppError('invalid', 'invalid-json', 'The body is not valid JSON')
    case 'entity.too.large':
      return new AppError('too-large', 'body-too-large', 'The body is larger than this route accepts')
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return new AppError('invalid', 'unsupported-media-type', 'This encoding of the body is not understood')
  }
  if (status === 404) return new AppError('not-found', 'unknown-path', 'There is nothing at this path')
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new AppError('invalid', 'bad-request', 'The request cannot be understood')
  }
  return unexpected(error)
}

function unexpected(cause: unknown): AppError {
  return new AppError('internal', 'internal', 'unexpected', { cause })
}

/** Without the query: it may hold what does not belong in a log. */
function methodAndPath(request: Request) {
  return { method: request.method, path: request.path }
}
