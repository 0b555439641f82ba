import cors from 'cors'
import type { Express } from 'express'

/** The API, what earlier backends had beside it, and health for a status page. Metrics are nobody's web page. */
const openPaths = ['/api', '/auth', '/health']

/** What a page may read of an answer beside the few that it always may. */
const readableHeaders = [
  'Content-Disposition',
  'RateLimit-Limit',
  'RateLimit-Remaining',
  'RateLimit-Reset',
  'Retry-After',
  'X-Request-Id',
]

/**
 * Lets web apps of these origins call us, and no others. Who asks is told by a token that the app itself sends; cookies
 * are never asked for, so a page can do nothing in the name of whoever happens to look at it.
 * @param origins `https://city.example`, or `*` for any
 */
export function allowOrigins(app: Express, origins: readonly string[]): void {
  if (origins.length === 0) return
  const origin = origins.includes('*') ? '*' : [...origins]
  app.use(openPaths, cors({ origin, credentials: false, exposedHeaders: readableHeaders, maxAge: 600 }))
}
