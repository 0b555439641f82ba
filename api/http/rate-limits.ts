import type { RequestHandler } from 'express'
import { MemoryStore, rateLimit } from 'express-rate-limit'
import { AppError } from '../../contracts/errors.ts'

interface RateLimit {
  readonly windowS: number
  readonly requestsMax: number
}

export interface RateLimits {
  /** What can be guessed at: signing in and its like. */
  readonly sensitive: RateLimit
  /** Everything else. */
  readonly usual: RateLimit
}

export const defaultRateLimits: RateLimits = {
  sensitive: { windowS: 900, requestsMax: 100 },
  usual: { windowS: 60, requestsMax: 1200 },
}

export interface Limiters {
  readonly sensitive: RequestHandler
  readonly usual: RequestHandler
  stop(): void
}

/** Counts per client address (an IPv6 client by its /56), in memory: an instance guards itself. */
export function createLimiters(limits: RateLimits): Limiters {
  const stores: MemoryStore[] = []
  const limiter = ({ windowS, requestsMax }: RateLimit): RequestHandler => {
    const store = new MemoryStore()
    stores.push(store)
    return rateLimit({
      windowMs: windowS * 1000,
      limit: requestsMax,
      store,
      // The separate RateLimit-Limit, -Remaining and -Reset headers: the form most clients can read.
      standardHeaders: 'draft-6',
      legacyHeaders: false,
      // A header that we do not believe is no reason for a line on the console.
      validate: { xForwardedForHeader: false },
      handler: (_request, _response, next) => {
        next(new AppError('too-many', 'too-many-requests', 'Too many requests; Retry-After says when to try again'))
      },
    })
  }
  return {
    sensitive: limiter(limits.sensitive),
    usual: limiter(limits.usual),
    stop: () => {
      for (const store of stores) store.shutdown()
    },
  }
}
