import { describe, expect, it } from 'vitest'
import { type ApiHouse, anApiHouse } from '../support/api-house.ts'
import { aRedisServer, hasRedisServer } from '../support/redis-server.ts'

const rateLimits = { sensitive: { windowS: 900, requestsMax: 4 }, usual: { windowS: 60, requestsMax: 100 } }

async function guess({ call }: ApiHouse) {
  const { status, headers } = await call('POST', '/api/auth/login', {
    body: { email: 'a@b.example', password: 'wrong' },
  })
  return [status, headers.get('ratelimit-remaining'), headers.has('retry-after')]
}

async function figuresOf({ call }: ApiHouse): Promise<Record<string, number>> {
  const { text } = await call('GET', '/metrics')
  const lines = text.split('\n').filter((line) => /^prahari_http_(shared|counted|refusals)/.test(line))
  return Object.fromEntries(lines.map((line) => line.split(' ')).map(([name, value]) => [name!, Number(value)]))
}

describe.skipIf(!hasRedisServer)('two instances with one Redis (skipped without redis-server)', () => {
  it('refuse together, each alone while Redis is away, and say so in their figures', async () => {
    const redis = await aRedisServer()
    const options = { redisUrl: redis.url, rateLimits }
    const [first, second] = [await anApiHouse({ options }), await anApiHouse({ options })]

    expect([await guess(first), await guess(second), await guess(first), await guess(second)]).toEqual([
      [401, '3', false],
      [401, '2', false],
      [401, '1', false],
      [401, '0', false],
    ])
    expect([await guess(first), await guess(second)]).toEqual([
      [429, '0', true],
      [429, '0', true],
    ])
    expect(await figuresOf(first)).toEqual({
      'prahari_http_refusals_total{limit="sensitive"}': 1,
      'prahari_http_refusals_total{limit="anonymous"}': 0,
      'prahari_http_refusals_total{limit="usual"}': 0,
      prahari_http_shared_counts_up: 1,
      prahari_http_shared_counts_outages_total: 0,
      prahari_http_counted_alone_total: 0,
    })

    await redis.kill()
    // Three of the five requests so far were made to this instance.
    expect([await guess(first), await guess(first)]).toEqual([
      [401, '0', false],
      [429, '0', true],
    ])
    expect(await figuresOf(first)).toMatchObject({
      'prahari_http_refusals_total{limit="sensitive"}': 2,
      prahari_http_shared_counts_up: 0,
      prahari_http_shared_counts_outages_total: 1,
    })

    await redis.restart()
    for (const house of [first, second]) {
      await expect.poll(async () => (await figuresOf(house)).prahari_http_shared_counts_up).toBe(1)
    }
    expect([await guess(first), await guess(second)]).toEqual([
      [401, '3', false],
      [401, '2', false],
    ])
  })

  it('start and stop where Redis is not', async () => {
    const redis = await aRedisServer()
    await redis.kill()
    const house = await anApiHouse({ options: { redisUrl: redis.url, rateLimits } })
    expect(await guess(house)).toEqual([401, '3', false])
    await house.close()
  })
})
