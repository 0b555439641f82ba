import { pino } from 'pino'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { json } from '../../../api/http/answer.ts'
import { createRedisCounts } from '../../../api/http/redis-counts.ts'
import { defineRoute } from '../../../api/http/route.ts'
import { aRedisServer, hasRedisServer } from '../../support/redis-server.ts'
import { anApp, tightLimits } from './open-app.ts'

const { requestsMax } = tightLimits.sensitive

const guarded = defineRoute({
  method: 'post',
  path: '/api/guess',
  area: 'Accounts',
  summary: 'A guess',
  access: 'anyone',
  limit: 'sensitive',
  answer: { description: 'Whether it was right', schema: z.strictObject({ right: z.boolean() }) },
  handler: () => json({ right: false }),
})

/** One instance of the API as far as limits go. */
async function anInstance(url: string) {
  const logLines: { level: number; msg: string; reason?: string }[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => void logLines.push(JSON.parse(line)) })
  const counts = createRedisCounts({ url, log })
  const app = await anApp({ routes: [guarded], shared: counts })
  await counts.start()
  onTestFinished(() => counts.stop())
  return {
    ...app,
    counts,
    logLines,
    guess: async (from?: string) => (await app.call('POST', '/api/guess', from === undefined ? {} : { from })).status,
    untilUp: () => expect.poll(() => counts.stats().up).toBe(true),
  }
}

type Instance = Awaited<ReturnType<typeof anInstance>>

async function guessTimes(instance: Instance, count: number): Promise<number[]> {
  const statuses: number[] = []
  for (let i = 0; i < count; i += 1) statuses.push(await instance.guess())
  return statuses
}

/** Counts that Redis was asked for and did not make. */
function countFailed(commandStats: string): number {
  const [, rejected, failed] = /^cmdstat_evalsha:.*rejected_calls=(\d+),failed_calls=(\d+)/m.exec(commandStats) ?? []
  return Number(rejected) + Number(failed)
}

const allowed = Array.from({ length: requestsMax }, () => 200)

describe.skipIf(!hasRedisServer)('counts in Redis (skipped without redis-server)', () => {
  it('are shared: what a client asked one instance counts at the other', async () => {
    const { url } = await aRedisServer()
    const [first, second] = [await anInstance(url), await anInstance(url)]
    expect(await guessTimes(first, requestsMax)).toEqual(allowed)
    expect(await second.guess()).toBe(429)
    expect(await second.guess('127.0.0.2')).toBe(200)
    expect(first.counts.stats()).toEqual({ up: true, outages: 0, countedAlone: 0 })
  })

  it('are in the headers of either instance', async () => {
    const { url } = await aRedisServer()
    const [first, second] = [await anInstance(url), await anInstance(url)]
    await first.guess()
    const { headers } = await second.call('POST', '/api/guess')
    expect(headers).toMatchObject({ 'ratelimit-limit': String(requestsMax), 'ratelimit-remaining': '1' })
    expect(Number(headers['ratelimit-reset'])).toBeGreaterThan(0)
    expect(Number(headers['ratelimit-reset'])).toBeLessThanOrEqual(tightLimits.sensitive.windowS)
    await first.guess()
    const refused = await second.call('POST', '/api/guess')
    expect(refused.status).toBe(429)
    expect(refused.headers).toMatchObject({ 'ratelimit-remaining': '0' })
    expect(refused.headers['retry-after']).toBe(refused.headers['ratelimit-reset'])
  })

  it('leave Redis by themselves when the window ends', async () => {
    const server = await aRedisServer()
    await (await anInstance(server.url)).guess()
    const keys = server.ask('keys', '*').split('\n')
    expect(keys).toContain('prahari:rate:sensitive:127.0.0.1')
    for (const key of keys) expect(Number(server.ask('ttl', key)), key).toBeGreaterThan(0)
  })

  it('go on in memory when Redis dies, with what this instance saw before', async () => {
    const server = await aRedisServer()
    const instance = await anInstance(server.url)
    expect(await guessTimes(instance, 2)).toEqual([200, 200])
    await server.kill()
    expect(await guessTimes(instance, requestsMax)).toEqual([200, 429, 429])
    expect(instance.counts.stats()).toMatchObject({ up: false, outages: 1 })
  })

  it('are back in Redis by themselves, one line in the log for each way', async () => {
    const server = await aRedisServer()
    const instance = await anInstance(server.url)
    await server.kill()
    await guessTimes(instance, requestsMax + 1)
    await server.restart()
    await instance.untilUp()
    expect(await guessTimes(instance, requestsMax + 1)).toEqual([...allowed, 429])
    expect(instance.logLines.map(({ level, msg }) => ({ level, msg }))).toEqual([
      { level: 40, msg: 'Redis is away, this instance counts requests alone' },
      { level: 30, msg: 'Redis is back, requests are counted together again' },
    ])
    expect(instance.counts.stats()).toEqual({ up: true, outages: 1, countedAlone: requestsMax + 1 })
  })

  it('go on in memory when Redis hangs, and are back when it does not', async () => {
    const server = await aRedisServer()
    const instance = await anInstance(server.url)
    server.freeze()
    expect(await guessTimes(instance, requestsMax + 1)).toEqual([...allowed, 429])
    expect(instance.counts.stats()).toEqual({ up: false, outages: 1, countedAlone: requestsMax + 1 })
    server.thaw()
    await instance.untilUp()
  })

  it('outlive a Redis that lost its scripts', async () => {
    const server = await aRedisServer()
    const instance = await anInstance(server.url)
    server.ask('script', 'flush')
    expect(await guessTimes(instance, requestsMax + 1)).toEqual([...allowed, 429])
    expect(instance.counts.stats()).toEqual({ up: true, outages: 0, countedAlone: 0 })
  })

  it('do not take a Redis that answers and does not count for one that does', async () => {
    const server = await aRedisServer()
    const instance = await anInstance(server.url)
    server.ask('config', 'set', 'min-replicas-to-write', '1')
    expect(await guessTimes(instance, requestsMax + 1)).toEqual([...allowed, 429])
    expect(instance.counts.stats()).toMatchObject({ up: false, outages: 1 })
    expect(instance.logLines).toMatchObject([{ level: 40, reason: expect.stringContaining('NOREPLICAS') }])
    await expect.poll(() => countFailed(server.ask('info', 'commandstats'))).toBeGreaterThan(1)
    expect(instance.counts.stats()).toMatchObject({ up: false, outages: 1 })
    server.ask('config', 'set', 'min-replicas-to-write', '0')
    await instance.untilUp()
    expect(instance.logLines).toHaveLength(2)
  })

  it('hold nobody up at the start, and begin when Redis comes', async () => {
    const server = await aRedisServer()
    await server.kill()
    const instance = await anInstance(server.url)
    expect(await guessTimes(instance, requestsMax + 1)).toEqual([...allowed, 429])
    expect(instance.logLines).toMatchObject([{ level: 40, reason: expect.stringContaining('ECONNREFUSED') }])
    await server.restart()
    await instance.untilUp()
  })

  it('never show the password of Redis in the log', async () => {
    const server = await aRedisServer(['--requirepass', 'the-right-word'])
    const instance = await anInstance(server.url.replace('//', '//:a-wrong-word@'))
    expect(instance.logLines).toMatchObject([{ level: 40, reason: expect.stringContaining('WRONGPASS') }])
    expect(JSON.stringify(instance.logLines)).not.toContain('a-wrong-word')
    expect(await guessTimes(instance, requestsMax + 1)).toEqual([...allowed, 429])
    const rightly = await anInstance(server.url.replace('//', '//:the-right-word@'))
    expect(rightly.counts.stats().up).toBe(true)
  })

  it('say nothing more once stopped', async () => {
    const server = await aRedisServer()
    const instance = await anInstance(server.url)
    instance.counts.stop()
    instance.counts.stop()
    expect(await instance.guess()).toBe(200)
    expect(instance.logLines).toEqual([])
  })
})
