import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { json } from '../../../api/http/answer.ts'
import { defineRoute } from '../../../api/http/route.ts'
import { anApp, type OpenApp } from './open-app.ts'

const ours = 'https://city.example'
const open = ['/api/devices', '/auth/profile', '/auth/users/', '/health', '/api/nothing', '/auth/nothing']
const closed = ['/metrics', '/', '/healthy', '/apiary', '/socket.io/']

function aRoute(path: `/${string}`, method: 'get' | 'post' = 'get') {
  return defineRoute({
    method,
    path,
    area: 'System',
    summary: 'Something',
    access: 'anyone',
    answer: { description: 'It', schema: z.strictObject({}) },
    handler: () => json({}),
  })
}

const routes = [
  aRoute('/api/devices'),
  aRoute('/auth/profile'),
  aRoute('/auth/users/', 'post'),
  aRoute('/health'),
  aRoute('/metrics'),
]

const anAppFor = (...corsOrigins: string[]) =>
  anApp({ routes, options: { corsOrigins }, limits: { sensitive: many, usual: many } })
const many = { windowS: 60, requestsMax: 1000 }

async function ask(app: OpenApp, path: string, origin: string) {
  return (await app.call('GET', path, { headers: { Origin: origin } })).headers
}

async function preflight(app: OpenApp, path: string, origin: string, method: string) {
  const headers = { Origin: origin, 'Access-Control-Request-Method': method }
  return (await app.call('OPTIONS', path, { headers })).headers
}

/** What a browser looks at before it sends the request itself (Fetch standard, section 4.8). */
function lets(headers: Awaited<ReturnType<typeof preflight>>, origin: string, method: string): boolean {
  const methods = String(headers['access-control-allow-methods'] ?? '').split(',')
  return headers['access-control-allow-origin'] === origin && methods.includes(method)
}

describe('a web app of another origin', () => {
  it.each(open)('may read %s when its origin is named', async (path) => {
    const app = await anAppFor('https://other.example', ours)
    expect(await ask(app, path, ours)).toMatchObject({
      'access-control-allow-origin': ours,
      vary: expect.stringContaining('Origin'),
    })
    expect(lets(await preflight(app, path, ours, 'POST'), ours, 'POST')).toBe(true)
  })

  it.each(closed)('may not read %s', async (path) => {
    const app = await anAppFor(ours)
    expect(await ask(app, path, ours)).not.toHaveProperty('access-control-allow-origin')
    expect(await preflight(app, path, ours, 'GET')).not.toHaveProperty('access-control-allow-origin')
  })

  it.each([
    'https://elsewhere.example',
    'null',
    'http://city.example',
    'https://city.example:8443',
    'https://city.example.evil.example',
    'https://evil-city.example',
    'HTTPS://CITY.EXAMPLE',
    '*',
  ])('may read nothing as %s', async (origin) => {
    const app = await anAppFor(ours)
    for (const path of open) {
      expect(await ask(app, path, origin), path).not.toHaveProperty('access-control-allow-origin')
      expect(await preflight(app, path, origin, 'GET'), path).not.toHaveProperty('access-control-allow-origin')
    }
  })

  it('may read nothing at all when no origin is named', async () => {
    const app = await anAppFor()
    for (const path of open) {
      expect(await ask(app, path, ours), path).not.toHaveProperty('access-control-allow-origin')
      expect(await preflight(app, path, ours, 'GET'), path).not.toHaveProperty('access-control-allow-origin')
    }
  })

  it('may be of any origin where that is configured, a page without one too', async () => {
    const app = await anAppFor('*')
    for (const origin of [ours, 'null']) {
      expect(await ask(app, '/api/devices', origin)).toMatchObject({ 'access-control-allow-origin': '*' })
    }
  })

  it('is told not to try a method that there is not', async () => {
    const app = await anAppFor(ours)
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      expect(lets(await preflight(app, '/api/devices', ours, method), ours, method), method).toBe(true)
    }
    for (const method of ['PROPFIND', 'CONNECT', 'TRACE', 'QUERY', 'get']) {
      expect(lets(await preflight(app, '/api/devices', ours, method), ours, method), method).toBe(false)
    }
  })

  it('can read why a method of another path was refused', async () => {
    const app = await anAppFor(ours)
    const { status, headers } = await app.call('PUT', '/auth/profile', { headers: { Origin: ours } })
    expect(status).toBe(405)
    expect(headers).toMatchObject({ allow: 'GET, HEAD, OPTIONS', 'access-control-allow-origin': ours })
  })

  it('is never asked for cookies', async () => {
    for (const origins of [[ours], ['*']]) {
      const app = await anAppFor(...origins)
      for (const path of open) {
        expect(await ask(app, path, ours), path).not.toHaveProperty('access-control-allow-credentials')
        expect(await preflight(app, path, ours, 'POST'), path).not.toHaveProperty('access-control-allow-credentials')
      }
    }
  })

  it('can read how much of its limit is left, and when to try again', async () => {
    const app = await anAppFor(ours)
    const headers = await ask(app, '/api/devices', ours)
    expect(String(headers['access-control-expose-headers']).split(',')).toEqual(
      expect.arrayContaining(['RateLimit-Remaining', 'Retry-After', 'X-Request-Id']),
    )
  })
})
