import { expect, it } from 'vitest'
import { aRedisServer, hasRedisServer } from '../support/redis-server.ts'
import { aTempDir } from '../support/temp-dir.ts'
import { signIn, startRealPrahari } from './running-prahari.ts'

it.skipIf(!hasRedisServer)('counts requests in the Redis of REDIS_URL (skipped without redis-server)', async () => {
  const redis = await aRedisServer()
  const server = await startRealPrahari(await aTempDir(), { REDIS_URL: redis.url })
  await signIn(server.url)
  expect(redis.ask('get', 'prahari:rate:sensitive:127.0.0.1')).toBe('1')
})
