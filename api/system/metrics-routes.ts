import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'
import type { ApiOptions } from '../deps.ts'
import { content } from '../http/answer.ts'
import { defineRoute, type Route } from '../http/route.ts'
import type { MetricsRegistry } from './metrics.ts'
import { readStats, type SystemRouteDeps } from './routes.ts'

export interface MetricsRouteDeps extends SystemRouteDeps {
  readonly options: Pick<ApiOptions, 'host' | 'metricsToken'>
  readonly metrics: MetricsRegistry
}

export function createMetricsRoutes(deps: MetricsRouteDeps): Route[] {
  const { options, metrics } = deps
  const startedAtMs = deps.now()
  return [
    defineRoute({
      method: 'get',
      path: '/metrics',
      area: 'System',
      summary: 'Figures for Prometheus',
      description:
        'Needs no token while the server is bound to a loopback address and the request did not come through a proxy. Otherwise the scraper shows the configured token.',
      access: 'metrics.read',
      alsoLets: (request) => isLocal(request, options.host) || showsToken(request, options.metricsToken),
      answer: { description: 'Text exposition format', media: ['text/plain'] },
      handler: async () =>
        content({ mediaType: metrics.contentType, body: await metrics.render(await readStats(deps, startedAtMs)) }),
    }),
  ]
}

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

function isLoopback(host: string): boolean {
  if (host === 'localhost') return true
  const version = isIP(host)
  return version !== 0 && loopback.check(host, version === 4 ? 'ipv4' : 'ipv6')
}

/**
 * A proxy on this machine makes the whole world look local, so what it forwards is not let in; nor is a web page whose
 * name was made to resolve to this machine.
 */
function isLocal(request: IncomingMessage, host: string): boolean {
  const isForwarded = ['x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'forwarded', 'via'].some(
    (name) => request.headers[name] !== undefined,
  )
  const askedFor = (request.headers.host ?? '').replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  return !isForwarded && [host, askedFor, request.socket.remoteAddress ?? ''].every(isLoopback)
}

function showsToken(request: IncomingMessage, token: string | undefined): boolean {
  const given = request.headers.authorization?.replace(/^bearer +/i, '')
  if (token === undefined || given === undefined) return false
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(token))
}
