import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Service } from '../contracts/service.ts'
import { createApp } from './app.ts'
import type { ApiDeps } from './deps.ts'
import { createLimiters, defaultRateLimits } from './http/rate-limits.ts'
import { createRedisCounts } from './http/redis-counts.ts'
import type { Route } from './http/route.ts'
import { createStoppableServer } from './http/server.ts'
import { createRoutes } from './routes.ts'
import { createHealthCheck } from './system/health.ts'
import { createMetricsRegistry } from './system/metrics.ts'
import { createProcessGauge } from './system/process-gauge.ts'

export type { ApiDeps, ApiOptions } from './deps.ts'

export interface Api extends Service {
  /** Not yet listening before `start`; MQTT over WebSocket may attach to it until then. */
  readonly httpServer: Server
  /** The port it listens on, once started. */
  readonly port: number
  /** For those who want to look at the routes themselves. */
  readonly routes: readonly Route[]
}

/** The HTTP front: routes, live feed and dashboard on one server. */
export function createApi(deps: ApiDeps): Api {
  const { options, accounts, log, live } = deps
  const gauge = createProcessGauge()
  const metrics = createMetricsRegistry()
  const redisCounts = options.redisUrl === undefined ? undefined : createRedisCounts({ url: options.redisUrl, log })
  const limiters = createLimiters(options.rateLimits ?? defaultRateLimits, redisCounts)
  const health = createHealthCheck({ ...deps, version: options.version })
  const routes = createRoutes({ ...deps, gauge, limiters, metrics, health })
  const app = createApp({ options, routes, limiters, metrics, log, authenticate: (token) => accounts.verify(token) })

  const server = createStoppableServer(app)
  const { httpServer } = server
  live?.attach(httpServer)
  let port = 0

  return {
    name: 'api',
    httpServer,
    routes,
    get port() {
      return port
    },
    async start() {
      httpServer.listen(options.port, options.host)
      // Rejects with what the server says when it cannot, for example that the port is taken.
      await once(httpServer, 'listening')
      port = (httpServer.address() as AddressInfo).port
      await redisCounts?.start()
      gauge.start()
      health.setAccepting(true)
      log.info({ host: options.host, port }, 'API is listening')
    },
    async stop() {
      health.setAccepting(false)
      gauge.stop()
      await live?.stop()
      await server.stop()
      redisCounts?.stop()
    },
  }
}
