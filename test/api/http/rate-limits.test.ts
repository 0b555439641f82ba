import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { json } from '../../../api/http/answer.ts'
import { clientOf, defaultRateLimits } from '../../../api/http/rate-limits.ts'
import { defineRoute } from '../../../api/http/route.ts'
import { anApp, tightLimits } from './open-app.ts'

function aRoute(path: `/${string}`, limit: 'sensitive' | 'usual' | 'none') {
  return defineRoute({
    method: 'get',
    path,
    area: 'System',
    summary: 'Nothing',
    access: 'anyone',
    limit,
    answer: { description: 'Nothing', schema: z.strictObject({}) },
    handler: () => json({}),
  })
}

const routes = [aRoute('/api/sensitive', 'sensitive'), aRoute('/api/usual', 'usual'), aRoute('/api/free', 'none')]
const { sensitive, usual } = tightLimits

type App = Awaited<ReturnType<typeof anApp>>

/** Uses up what a client has, and says how the next request of each of `others` is answered. */
async function exhaustThenAsk(
  app: App,
  first: (at: number) => Promise<unknown>,
  others: readonly Parameters<App['call']>[2][],
) {
  for (let i = 0; i < sensitive.requestsMax; i += 1) await first(i)
  const statuses: number[] = []
  for (const options of others) statuses.push((await app.call('GET', '/api/sensitive', options)).status)
  return statuses
}

describe('a rate limit', () => {
  it('is 100 requests in 15 minutes for what can be guessed at', () => {
    expect(defaultRateLimits.sensitive).toEqual({ windowS: 15 * 60, requestsMax: 100 })
    const perS = ({ requestsMax, windowS }: { requestsMax: number; windowS: number }) => requestsMax / windowS
    expect(perS(defaultRateLimits.usual)).toBeGreaterThan(perS(defaultRateLimits.sensitive))
  })

  it('is documented as it is', () => {
    const guide = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8')
    const { sensitive: few, usual: many } = defaultRateLimits
    expect(guide).toContain(`| ${few.requestsMax} in ${few.windowS / 60} minutes |`)
    expect(guide).toContain(`| ${many.requestsMax.toLocaleString('en')} a minute |`)
    expect(many.windowS).toBe(60)
  })

  it('is told in headers from the first answer on', async () => {
    const app = await anApp({ routes })
    const { headers } = await app.call('GET', '/api/sensitive')
    expect(headers).toMatchObject({
      'ratelimit-limit': String(sensitive.requestsMax),
      'ratelimit-remaining': String(sensitive.requestsMax - 1),
      'ratelimit-reset': String(sensitive.windowS),
    })
    expect(headers).not.toHaveProperty('retry-after')
  })

  it('refuses what is beyond it, says when to try again, and counts what it refused', async () => {
    const app = await anApp({ routes })
    for (let i = 0; i < usual.requestsMax; i += 1) expect((await app.call('GET', '/api/usual')).status).toBe(200)
    const { status, headers, text } = await app.call('GET', '/api/usual')
    expect([status, JSON.parse(text).error.code]).toEqual([429, 'too-many-requests'])
    expect(headers).toMatchObject({ 'ratelimit-remaining': '0' })
    expect(Number(headers['retry-after'])).toBeGreaterThan(0)
    expect(app.limiters.stats()).toEqual({
      refusals: { sensitive: 0, anonymous: 0, usual: 1 },
      clientsForgotten: 0,
      sharedCounts: null,
    })
  })

  it('of one class leaves the other classes alone', async () => {
    const app = await anApp({ routes })
    await exhaustThenAsk(app, () => app.call('GET', '/api/sensitive'), [{}])
    expect((await app.call('GET', '/api/usual')).status).toBe(200)
    const free = await app.call('GET', '/api/free')
    expect([free.status, free.headers['ratelimit-limit']]).toEqual([200, undefined])
  })
})

describe('whom a request is counted for', () => {
  const forwarded = (...addresses: string[]) => ({ headers: { 'X-Forwarded-For': addresses.join(', ') } })

  it('is who connected, whatever the headers claim, while no proxy is trusted', async () => {
    const app = await anApp({ routes })
    const guessAsSomebodyElse = (at: number) => app.call('GET', '/api/sensitive', forwarded(`198.51.100.${at}`))
    expect(
      await exhaustThenAsk(app, guessAsSomebodyElse, [
        forwarded('198.51.100.99'),
        { headers: { Forwarded: 'for=198.51.100.99', 'X-Real-IP': '198.51.100.99' } },
        { from: '127.0.0.2' },
      ]),
    ).toEqual([429, 429, 200])
  })

  it('is whom the one trusted proxy names last, whatever the client wrote before it', async () => {
    const app = await anApp({ routes, options: { proxyHops: 1 } })
    const client = '198.51.100.1'
    const guessAsSomebodyElse = (at: number) => app.call('GET', '/api/sensitive', forwarded(`203.0.113.${at}`, client))
    expect(
      await exhaustThenAsk(app, guessAsSomebodyElse, [
        forwarded('203.0.113.99', client),
        forwarded('203.0.113.1', '203.0.113.2', client),
        forwarded(client, '198.51.100.2'),
      ]),
    ).toEqual([429, 429, 200])
  })

  it('is the one before the last behind two proxies', async () => {
    const app = await anApp({ routes, options: { proxyHops: 2 } })
    const [client, nearProxy] = ['198.51.100.1', '10.0.0.1']
    const guess = (at: number) => app.call('GET', '/api/sensitive', forwarded(`203.0.113.${at}`, client, nearProxy))
    expect(
      await exhaustThenAsk(app, guess, [
        forwarded('203.0.113.99', client, nearProxy),
        forwarded(client, '198.51.100.2', nearProxy),
      ]),
    ).toEqual([429, 200])
  })

  it.each([
    ['an IPv4 address', '198.51.100.7', '198.51.100.7'],
    ['with the port some proxies add', '198.51.100.7:51234', '198.51.100.7'],
    ['written as IPv6', '::ffff:198.51.100.7', '198.51.100.7'],
    ['an IPv6 network of /56', '2001:db8:1:22ff::7', clientOf('2001:db8:1:2200::8')],
    ['in brackets', '[2001:db8:1:22ff::7]', clientOf('2001:db8:1:2200::8')],
    ['in brackets with a port', '[2001:db8:1:22ff::7]:443', clientOf('2001:db8:1:2200::8')],
    ['one and the same for what is no address', 'anything;else', 'unknown'],
    ['the same when there is none', undefined, 'unknown'],
  ])('is %s', (_what, address, client) => {
    expect(clientOf(address)).toBe(client)
  })

  it('differs from one /56 to the next', () => {
    expect(clientOf('2001:db8:1:2200::7')).not.toBe(clientOf('2001:db8:1:2300::7'))
  })

  it('cannot be drawn at will: nothing but an address makes another client', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.ipV4(),
          fc.ipV6(),
          fc.ipV6().map((ip) => `[${ip}]:1`),
        ),
        (text) => {
          const client = clientOf(text)
          expect(client === 'unknown' || isIP(client.replace(/\/\d+$/, '')) !== 0, client).toBe(true)
        },
      ),
    )
  })
})
