import { EventEmitter, once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { io } from 'socket.io-client'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createLiveFeed } from '../../api/live/index.ts'
import { type ApiHouse, anApiHouse, password } from '../support/api-house.ts'
import { aTempDir } from '../support/temp-dir.ts'

const asBrowser = { headers: { Accept: 'text/html,*/*;q=0.8' } }

async function aDashboard(): Promise<string> {
  const dir = await aTempDir()
  await mkdir(join(dir, 'assets'))
  await writeFile(join(dir, 'index.html'), '<!doctype html><title>Prahari</title>')
  await writeFile(join(dir, 'assets', 'index-4f3a.js'), `export const x = "${'y'.repeat(5000)}"`)
  await writeFile(join(dir, '.secret'), 'hidden')
  return dir
}

describe('the dashboard', () => {
  it('is served with its page for every path of its own, and is asked for each time', async () => {
    const { call } = await anApiHouse({ options: { dashboardDir: await aDashboard() } })
    for (const path of ['/', '/alerts', '/devices/aq-1']) {
      const { status, text, headers } = await call('GET', path, asBrowser)
      expect([status, headers.get('cache-control')]).toEqual([200, 'no-cache'])
      expect(text).toContain('<title>Prahari')
    }
  })

  it('has hashed files kept for ever, compressed for who can read that', async () => {
    const { url } = await anApiHouse({ options: { dashboardDir: await aDashboard() } })
    const response = await fetch(`${url}/assets/index-4f3a.js`)
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(response.headers.get('content-encoding')).toBe('gzip')
    expect(response.headers.get('content-type')).toContain('javascript')
  })

  it.each([
    '/assets/gone.js',
    '/missing.css',
    '/api/gone',
    '/api',
    '/..%2f..%2fpackage.json',
    '/.secret',
    '/metrics/x',
  ])('is not what %s answers', async (path) => {
    const { call } = await anApiHouse({ options: { dashboardDir: await aDashboard() } })
    const { status, body } = await call('GET', path, asBrowser)
    expect(status).toBeOneOf([404, 400, 403])
    expect(body.error.code).toEqual(expect.any(String))
  })

  it('says how to build it when it is not built', async () => {
    for (const dashboardDir of [undefined, join(await aTempDir(), 'nothing')]) {
      const { call } = await anApiHouse({ options: { dashboardDir } })
      const { status, text } = await call('GET', '/', asBrowser)
      expect(status).toBe(503)
      expect(text).toContain('npm run build')
    }
  })
})

describe('the headers of an answer', () => {
  it('allow the dashboard what it needs and nothing more', async () => {
    const { call } = await anApiHouse({ options: { tileUrl: 'https://{s}.tiles.example/{z}/{x}/{y}.png' } })
    const { headers } = await call('GET', '/health')
    const policy = headers.get('content-security-policy')!
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self';")
    expect(policy).toContain("worker-src 'self' blob:")
    expect(policy).toContain("img-src 'self' data: blob: https://*.tiles.example")
    expect(policy).toContain("connect-src 'self' https://*.tiles.example")
    expect(policy).not.toContain('unsafe')
    expect(headers.get('x-powered-by')).toBeNull()
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
  })

  it('let no other origin in unless it is named', async () => {
    const Origin = 'https://other.example'
    const closed = await anApiHouse()
    const answer = await closed.call('GET', '/api/city/config', { headers: { Origin } })
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
    const open = await anApiHouse({ options: { corsOrigins: [Origin] } })
    const allowed = await open.call('OPTIONS', '/api/devices', {
      headers: { Origin, 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'authorization' },
    })
    expect(allowed.headers.get('access-control-allow-origin')).toBe(Origin)
    const stranger = await open.call('GET', '/api/city/config', { headers: { Origin: 'https://evil.example' } })
    expect(stranger.headers.get('access-control-allow-origin')).not.toBe('https://evil.example')
    expect(stranger.headers.get('access-control-allow-origin')).not.toBe('*')
  })
})

describe('too many requests', () => {
  const rateLimits = { sensitive: { windowS: 900, requestsMax: 3 }, usual: { windowS: 60, requestsMax: 5 } }

  it('are announced, counted and refused, sooner where passwords are guessed', async () => {
    const { call } = await anApiHouse({ options: { rateLimits } })
    const guess = () => call('POST', '/api/auth/login', { body: { email: 'x@y.example', password: 'guess' } })
    const first = await guess()
    expect(first.status).toBe(401)
    expect(first.headers.get('ratelimit-limit')).toBe('3')
    expect(first.headers.get('ratelimit-remaining')).toBe('2')
    expect(Number(first.headers.get('ratelimit-reset'))).toBeLessThanOrEqual(900)
    await guess()
    await guess()
    const refused = await guess()
    expect([refused.status, refused.body.error.code]).toEqual([429, 'too-many-requests'])
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    const elsewhere = await call('GET', '/api/city/config')
    expect([elsewhere.status, elsewhere.headers.get('ratelimit-remaining')]).toEqual([200, '4'])
  })

  it('are not to be had by claiming to be somebody else', async () => {
    const { call } = await anApiHouse({ options: { rateLimits } })
    const statuses = []
    for (let i = 0; i < 7; i++) {
      const { status } = await call('GET', '/api/city/config', { headers: { 'X-Forwarded-For': `198.51.100.${i}` } })
      statuses.push(status)
    }
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429])
  })

  it('are told apart by client behind a proxy that is believed', async () => {
    const { call } = await anApiHouse({ options: { rateLimits, proxyHops: 1 } })
    for (let i = 0; i < 7; i++) {
      const headers = { 'X-Forwarded-For': `198.51.100.${i}` }
      expect((await call('GET', '/api/city/config', { headers })).status).toBe(200)
    }
  })

  it('never keep a probe from its answer', async () => {
    const { call } = await anApiHouse({ options: { rateLimits } })
    for (let i = 0; i < 10; i++) expect((await call('GET', '/health')).status).toBe(200)
  })
})

describe('signing in', () => {
  const email = 'operator@city.example'

  it('gives tokens under the names that earlier clients read, and one profile', async () => {
    const { call, userIdOf } = await anApiHouse()
    const { body } = await call('POST', '/api/auth/login', { body: { email, password, deviceInfo: 'Android' } })
    expect(body.token).toBe(body.accessToken)
    expect(body.user).toMatchObject({ id: userIdOf('operator'), email, role: 'operator' })
    const profile = await call('GET', '/api/auth/profile', { headers: { Authorization: `Token ${body.token}` } })
    expect(profile.body).toEqual(body.user)
    expect(JSON.stringify(profile.body)).not.toMatch(/hash|password/i)
  })

  it('answers the same whether the address or the password was wrong', async () => {
    const { call } = await anApiHouse()
    const answers = await Promise.all(
      [
        { email, password: 'wrong' },
        { email: 'nobody@city.example', password },
      ].map((body) => call('POST', '/api/auth/login', { body })),
    )
    expect(answers.map(({ status }) => status)).toEqual([401, 401])
    expect(answers[0]!.text).toBe(answers[1]!.text)
  })

  it('lasts until signing out, and a refresh token works once', async () => {
    const { call } = await anApiHouse()
    const first = (await call('POST', '/api/auth/login', { body: { email, password } })).body
    const refresh = (refreshToken: string) => call('POST', '/api/auth/refresh', { body: { refreshToken } })
    const second = await refresh(first.refreshToken)
    expect(second.status).toBe(200)
    expect((await refresh(first.refreshToken)).status).toBe(401)
    // Somebody holds a copy: the whole session is over, the newest token included.
    expect((await call('GET', '/api/auth/profile', { token: second.body.accessToken })).status).toBe(401)
    const again = (await call('POST', '/api/auth/login', { body: { email, password } })).body
    expect((await call('POST', '/api/auth/logout', { token: again.accessToken })).status).toBe(204)
    expect((await call('GET', '/api/auth/profile', { token: again.accessToken })).status).toBe(401)
    expect((await refresh(again.refreshToken)).status).toBe(401)
  })

  it('leaves no password and no token in the log', async () => {
    const { call, logLines } = await anApiHouse()
    const { body } = await call('POST', '/api/auth/login', { body: { email, password } })
    await call('POST', '/api/auth/login', { body: { email, password: 'a-wrong-one' } })
    await call('GET', `/api/devices?search=${body.accessToken.slice(0, 100)}`, { token: body.accessToken })
    const log = JSON.stringify(logLines)
    for (const secret of [password, 'a-wrong-one', body.accessToken.slice(0, 50), body.refreshToken]) {
      expect(log).not.toContain(secret)
    }
  })
})

describe('the map of the city', () => {
  it('is compressed, kept by the browser and not sent twice', async () => {
    const cityMap = {
      type: 'FeatureCollection',
      features: Array.from({ length: 500 }, (_, id) => ({ type: 'Feature', id })),
    }
    const { url, tokenOf } = await anApiHouse({ options: { cityMap } })
    const headers = { Authorization: `Bearer ${tokenOf('citizen')}` }
    const first = await fetch(`${url}/api/city/map`, { headers })
    expect(first.headers.get('content-encoding')).toBe('gzip')
    expect(await first.json()).toEqual(cityMap)
    // Not by fetch, which asks for a fresh answer of its own accord when it is given a condition.
    const request = get(`${url}/api/city/map`, { headers: { ...headers, 'If-None-Match': first.headers.get('etag')! } })
    const [again] = (await once(request, 'response')) as [IncomingMessage]
    again.resume()
    expect(again.statusCode).toBe(304)
  })
})

describe('stopping', () => {
  it('cuts the sockets of viewers and clients that would stay for ever, and may be asked for twice', async () => {
    let live: ReturnType<typeof createLiveFeed> | undefined
    const house: ApiHouse = await anApiHouse({
      deps: (deps) => {
        live = createLiveFeed({ ...deps, options: {} })
        return { live }
      },
    })
    await live!.start()
    const socket = io(house.url, { auth: { token: house.tokenOf('operator') }, transports: ['websocket'] })
    onTestFinished(() => void socket.disconnect())
    await new Promise<void>((resolve) => socket.once('connect', () => resolve()))
    await house.call('GET', '/health')
    await house.api.stop()
    await house.api.stop()
    expect(house.api.httpServer.listening).toBe(false)
    await expect(house.call('GET', '/health')).rejects.toThrow()
  })

  it('lets a request under way end first', async () => {
    const reached = new EventEmitter<{ asked: [answer: (lines: never[]) => void] }>()
    const house = await anApiHouse({
      deps: ({ ingest }) => ({
        ingest: {
          ...ingest,
          ledger: () => new Promise((resolve) => void reached.emit('asked', resolve)),
        },
      }),
    })
    const asked = once(reached, 'asked')
    const call = house.call('GET', '/api/system/ledger', { as: 'operator' })
    const [answer] = await asked
    const stopped = house.api.stop()
    answer([])
    expect((await call).status).toBe(200)
    await stopped
  })

  it('fails to start, and says why, when the port is taken', async () => {
    const first = await anApiHouse()
    await expect(anApiHouse({ options: { port: first.api.port } })).rejects.toThrow('EADDRINUSE')
  })
})
