import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import { createApp } from '../../../api/app.ts'
import type { ApiOptions } from '../../../api/deps.ts'
import { createLimiters, type Limiters, type RateLimits, type SharedCounts } from '../../../api/http/rate-limits.ts'
import type { Principal, Route } from '../../../api/http/route.ts'
import { createMetricsRegistry } from '../../../api/system/metrics.ts'
import { AppError } from '../../../contracts/errors.ts'

/** Few enough to be used up, and a window that no test outlives. */
export const tightLimits: RateLimits = {
  sensitive: { windowS: 900, requestsMax: 3 },
  usual: { windowS: 60, requestsMax: 5 },
}

export interface OpenApp {
  readonly limiters: Limiters
  /** From any address of this machine, `127.0.0.2` for one, and with any header, `Origin` too. */
  call(method: string, path: string, options?: CallOptions): Promise<AppAnswer>
}

interface CallOptions {
  readonly from?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

interface AppAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

/** The Express app as the API puts it together, with routes of the test's own and no store behind it. */
export async function anApp({
  routes,
  options,
  limits = tightLimits,
  shared,
  authenticate = refuseEverybody,
}: {
  readonly routes: readonly Route[]
  readonly options?: Partial<ApiOptions>
  readonly limits?: RateLimits
  readonly shared?: SharedCounts
  readonly authenticate?: (token: string) => Promise<Principal>
}): Promise<OpenApp> {
  const limiters = createLimiters(limits, shared)
  const app = createApp({
    options: { host: '127.0.0.1', port: 0, version: '1.2.3', cityMap: {}, demo: false, ...options },
    routes,
    limiters,
    metrics: createMetricsRegistry(),
    authenticate,
    log: pino({ level: 'silent' }),
  })
  // All addresses of the loopback network, so that one machine can be several clients.
  const server = app.listen(0, '0.0.0.0')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  return {
    limiters,
    call: (method, path, { from = '127.0.0.1', headers = {}, body } = {}) =>
      new Promise((resolve, reject) => {
        const request = httpRequest({
          host: '127.0.0.1',
          port,
          method,
          path,
          headers,
          localAddress: from,
          agent: false,
        })
        request.on('error', reject)
        request.on('response', (response) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => void chunks.push(chunk))
          response.on('error', reject)
          response.on('end', () =>
            resolve({
              status: response.statusCode!,
              headers: response.headers,
              text: Buffer.concat(chunks).toString('utf8'),
            }),
          )
        })
        request.end(body)
      }),
  }
}

async function refuseEverybody(): Promise<never> {
  throw new AppError('unauthenticated', 'token-invalid', 'Sign in again')
}
