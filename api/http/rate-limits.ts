import { isIP } from 'node:net'
import type { RequestHandler } from 'express'
import { ipKeyGenerator, rateLimit, type Store } from 'express-rate-limit'
import { AppError } from '../../contracts/errors.ts'
import type { SystemStats } from '../../contracts/http/system.ts'
import { createMemoryCounts } from './memory-counts.ts'

interface RateLimit {
  readonly windowS: number
  readonly requestsMax: number
}

export interface RateLimits {
  /** What can be guessed at, signing in and its like, and what anybody may do without signing in. */
  readonly sensitive: RateLimit
  /** Everything else. */
  readonly usual: RateLimit
}

export const defaultRateLimits: RateLimits = {
  sensitive: { windowS: 900, requestsMax: 100 },
  usual: { windowS: 60, requestsMax: 1200 },
}

/** Where several instances count together. */
export interface SharedCounts {
  /**
   * Counts of one limiter.
   * @param local where this instance counts for itself, and what decides while the shared place is away
   */
  storeFor(limiter: string, local: Store): Store
  stats(): NonNullable<SystemStats['http']['sharedCounts']>
}

const limiterNames = ['sensitive', 'anonymous', 'usual'] as const

export interface Limiters {
  readonly sensitive: RequestHandler
  /** As strict as `sensitive` and counted apart: what a neighbour guessed at sign-in must not use up an SOS. */
  readonly anonymous: RequestHandler
  readonly usual: RequestHandler
  stats(): SystemStats['http']
}

/** Counts per client address: in memory, so that an instance guards itself, or together with other instances. */
export function createLimiters(limits: RateLimits, shared?: SharedCounts): Limiters {
  const refusals = { sensitive: 0, anonymous: 0, usual: 0 }
  const memory = { sensitive: createMemoryCounts(), anonymous: createMemoryCounts(), usual: createMemoryCounts() }

  function limiter(name: (typeof limiterNames)[number], { windowS, requestsMax }: RateLimit): RequestHandler {
    return rateLimit({
      windowMs: windowS * 1000,
      limit: requestsMax,
      store: shared?.storeFor(name, memory[name]) ?? memory[name],
      keyGenerator: (request) => clientOf(request.ip),
      // The separate RateLimit-Limit, -Remaining and -Reset headers: the form most clients can read.
      standardHeaders: 'draft-6',
      legacyHeaders: false,
      // They write to the console about what a client sends. What they look for is tested instead.
      validate: false,
      handler: (_request, _response, next) => {
        refusals[name] += 1
        next(new AppError('too-many', 'too-many-requests', 'Too many requests; Retry-After says when to try again'))
      },
    })
  }

  return {
    sensitive: limiter('sensitive', limits.sensitive),
    anonymous: limiter('anonymous', limits.sensitive),
    usual: limiter('usual', limits.usual),
    stats: () => ({
      refusals: { ...refusals },
      clientsForgotten: limiterNames.reduce((sum, name) => sum + memory[name].forgottenCount(), 0),
      sharedCounts: shared?.stats() ?? null,
    }),
  }
}

/**
 * Whom a request is counted for: an IPv4 address, an IPv6 /56, which is what one customer gets (RIPE-690, section 4.2).
 * What is no address at all counts as one client.
 */
export function clientOf(address?: string): string {
  const bare = bareAddress(address)
  return bare === 'unknown' ? bare : ipKeyGenerator(bare)
}

/** Some proxies add the port, which changes with every connection. @returns `unknown` for what is no address at all */
export function bareAddress(address = ''): string {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\]|([\d.]+))(?::\d{1,5})?$/.exec(address) ?? []
  const bare = bracketed ?? plain ?? address
  return isIP(bare) === 0 ? 'unknown' : bare
}
