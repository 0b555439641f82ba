import type { RequestHandler } from 'express'
import type { Logger } from 'pino'
import type { MetricsRegistry } from '../system/metrics.ts'

/** Measures every request and notes it in the log, without its query, which may hold what does not belong there. */
export function observeRequests(metrics: MetricsRegistry, log: Logger): RequestHandler {
  return function observe(request, response, next) {
    const startedMs = performance.now()
    response.once('close', () => {
      const durationMs = performance.now() - startedMs
      const { method, requestId } = request
      const status = response.statusCode
      // The pattern, not the path: ids would make a series each.
      const route: unknown = request.route?.path
      metrics.observeRequest({
        method,
        status,
        route: typeof route === 'string' ? route : 'other',
        durationS: durationMs / 1000,
      })
      log.debug(
        { requestId, method, path: request.path, status, durationMs: Math.round(durationMs) },
        'request answered',
      )
    })
    next()
  }
}
