import type { RequestHandler } from 'express'
import helmet from 'helmet'

/**
 * Headers that tell the browser what this origin never does.
 *
 * The dashboard is served from here. MapLibre starts its workers from blobs and paints from data and blob images;
 * `connect-src 'self'` covers the live feed too, as it matches ws: and wss: of the same host (CSP level 3, 6.7.2.8).
 */
export function createSecurityHeaders(tileUrl: string | undefined): RequestHandler {
  const tiles = tileUrl === undefined ? [] : [tileSource(tileUrl)]
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        baseUri: ["'none'"],
        connectSrc: ["'self'", ...tiles],
        fontSrc: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        imgSrc: ["'self'", 'data:', 'blob:', ...tiles],
        manifestSrc: ["'self'"],
        objectSrc: ["'none'"],
        scriptSrc: ["'self'"],
        scriptSrcAttr: ["'none'"],
        styleSrc: ["'self'"],
        workerSrc: ["'self'", 'blob:'],
      },
    },
    // A reverse proxy that ends TLS in front of us passes this on; over plain HTTP browsers ignore it.
    strictTransportSecurity: { maxAge: 31_536_000, includeSubDomains: false },
    xFrameOptions: { action: 'deny' },
  })
}

/** Origin of a tile URL as a CSP source; `{s}` stands for any subdomain. */
function tileSource(tileUrl: string): string {
  const [, scheme, host] = /^(https?:\/\/)([^/]+)/.exec(tileUrl) ?? []
  if (scheme === undefined || host === undefined) return "'self'"
  return scheme + host.replace(/^\{[^}]+\}/, '*')
}
