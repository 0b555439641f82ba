import { randomUUID } from 'node:crypto'
import type { RequestHandler } from 'express'

declare module 'express-serve-static-core' {
  interface Request {
    /** In every log line and in the `X-Request-Id` of the answer. */
    requestId: string
  }
}

const acceptable = /^[A-Za-z0-9_-]{8,64}$/

/** Keeps the caller's request id when it is harmless, so that traces join up; makes one otherwise. */
export const nameRequest: RequestHandler = (request, response, next) => {
  const given = request.headers['x-request-id']
  request.requestId = typeof given === 'string' && acceptable.test(given) ? given : randomUUID()
  response.setHeader('X-Request-Id', request.requestId)
  next()
}
