import compression from 'compression'
import express, { type Express } from 'express'
import type { Logger } from 'pino'
import type { ApiOptions } from './deps.ts'
import { answerUnknownPath, createErrorHandler } from './errors.ts'
import { allowOrigins } from './http/cross-origin.ts'
import { serveDashboard } from './http/dashboard.ts'
import { createSecurityHeaders } from './http/headers.ts'
import { mountRoutes } from './http/mount.ts'
import { observeRequests } from './http/observe.ts'
import type { Limiters } from './http/rate-limits.ts'
import { nameRequest } from './http/request-id.ts'
import type { Principal, Route } from './http/route.ts'
import type { MetricsRegistry } from './system/metrics.ts'

export interface AppDeps {
  readonly options: ApiOptions
  readonly routes: readonly Route[]
  readonly limiters: Limiters
  readonly metrics: MetricsRegistry
  readonly authenticate: (token: string) => Promise<Principal>
  readonly log: Logger
}

/** The Express app: what every request passes through, the routes, then the dashboard. */
export function createApp({ options, routes, limiters, metrics, authenticate, log }: AppDeps): Express {
  const app = express()
  app.disable('x-powered-by')
  app.set('trust proxy', options.proxyHops ?? 0)
  // Only `a=1&a=2` lists; no nested objects out of brackets.
  app.set('query parser', 'simple')

  app.use(nameRequest)
  app.use(observeRequests(metrics, log))
  app.use(createSecurityHeaders(options.tileUrl))
  allowOrigins(app, options.corsOrigins ?? [])
  // The one large answer that is the same for everybody.
  app.use('/api/city/map', compression())

  mountRoutes(app, routes, { limiters, authenticate, checkAnswers: options.checkAnswers ?? false })
  serveDashboard(app, options.dashboardDir)
  app.use(answerUnknownPath)
  app.use(createErrorHandler(log))
  return app
}
