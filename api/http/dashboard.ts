import { existsSync } from 'node:fs'
import { join } from 'node:path'
import compression from 'compression'
import express, { type Express, type Request, type Response } from 'express'

/** Everything under these is ours to answer, never the dashboard's. */
const ownPath = /^\/(api|auth|socket\.io|health|metrics)(\/|$)/

/**
 * The dashboard's files, and its page for every other path: the dashboard routes by itself.
 * Hashed files never change and are kept for a year; the page that names them is asked for each time.
 */
export function serveDashboard(app: Express, dashboardDir: string | undefined): void {
  const page = dashboardDir === undefined ? undefined : join(dashboardDir, 'index.html')
  if (dashboardDir === undefined || page === undefined || !existsSync(page)) {
    app.use((request, response, next) => (isForPage(request) ? sayNotBuilt(response) : next()))
    return
  }
  app.use(compression())
  app.use(
    express.static(dashboardDir, {
      index: false,
      redirect: false,
      setHeaders: (response, path) => {
        const isHashed = path.startsWith(join(dashboardDir, 'assets'))
        response.setHeader('Cache-Control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache')
      },
    }),
  )
  app.use((request, response, next) => {
    if (!isForPage(request)) return next()
    response.setHeader('Cache-Control', 'no-cache')
    response.sendFile(page, (error?: Error) => {
      if (error !== undefined && !response.headersSent) next(error)
    })
  })
}

/** A missing script must be a 404: a page in its place would run as garbage. */
function isForPage(request: Request): boolean {
  const { method, path } = request
  if (method !== 'GET' && method !== 'HEAD') return false
  return !ownPath.test(path) && !/\.\w+$/.test(path) && request.accepts('html') !== false
}

function sayNotBuilt(response: Response): void {
  response
    .status(503)
    .type('text/plain')
    .send('The dashboard is not built. Run `npm run build`, then start again. The API is described at /api/docs.\n')
}
