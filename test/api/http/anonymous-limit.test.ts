import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { json } from '../../../api/http/answer.ts'
import { defineRoute, type Principal } from '../../../api/http/route.ts'
import { AppError } from '../../../contracts/errors.ts'
import type { Role } from '../../../contracts/roles.ts'
import { anApp, type OpenApp, tightLimits } from './open-app.ts'

const { requestsMax } = tightLimits.sensitive

const about = {
  method: 'post',
  area: 'System',
  summary: 'A call for help',
  answer: { description: 'It was heard', schema: z.strictObject({ heard: z.boolean() }) },
  handler: () => json({ heard: true }),
} as const
const limit = 'sensitive-unless-signed-in'

/** Open to anybody, open to administrators, and another limit beside them. */
const routes = [
  defineRoute({ ...about, path: '/api/help', access: 'anyone', limit }),
  defineRoute({ ...about, path: '/api/drill', access: 'users.manage', limit }),
  defineRoute({ ...about, path: '/api/sign-in', access: 'anyone', limit: 'sensitive' }),
]

const holders: Readonly<Record<string, Role>> = { 'a-citizens-token': 'citizen', 'an-admins-token': 'admin' }

const anybody = { sessionId: 's-1', flatNumber: undefined, unitNumber: undefined, expiresAtMs: Number.MAX_SAFE_INTEGER }

async function authenticate(token: string): Promise<Principal> {
  const role = holders[token]
  if (role !== undefined) return { ...anybody, userId: `user-${role}`, role }
  if (token === 'a-token-in-a-storm') throw new Error('the records do not answer')
  throw new AppError('unauthenticated', 'token-invalid', 'Sign in again')
}

const anAppOfRoutes = () => anApp({ routes, authenticate })
const bearing = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } })

async function statusesOf(app: OpenApp, path: string, count: number, options?: Parameters<OpenApp['call']>[2]) {
  const statuses: number[] = []
  for (let i = 0; i < count; i += 1) statuses.push((await app.call('POST', path, options)).status)
  return statuses
}

const times = (status: number, count = requestsMax) => Array.from({ length: count }, () => status)

describe('a route that never refuses a signed-in user for being too many', () => {
  it('answers all of them, and says nothing of a limit', async () => {
    const app = await anAppOfRoutes()
    const options = bearing('a-citizens-token')
    expect(await statusesOf(app, '/api/help', 3 * requestsMax, options)).toEqual(times(200, 3 * requestsMax))
    const { headers } = await app.call('POST', '/api/help', options)
    expect(Object.keys(headers).filter((name) => name.startsWith('ratelimit'))).toEqual([])
  })

  it('limits who is not signed in, and tells them how much is left', async () => {
    const app = await anAppOfRoutes()
    const { headers } = await app.call('POST', '/api/help')
    expect(headers).toMatchObject({ 'ratelimit-limit': '3', 'ratelimit-remaining': '2' })
    expect(await statusesOf(app, '/api/help', requestsMax)).toEqual([200, 200, 429])
    expect(app.limiters.stats().refusals).toEqual({ sensitive: 0, anonymous: 1, usual: 0 })
  })

  it.each([
    ['forged', { Authorization: 'Bearer forged' }],
    ['of an earlier backend, forged', { Authorization: 'Token forged' }],
    ['empty', { Authorization: 'Bearer ' }],
    ['of another scheme', { Authorization: 'Basic YTpi' }],
    ['in the wrong place', { 'X-Access-Token': 'a-citizens-token', Cookie: 'token=a-citizens-token' }],
    ['that cannot be looked up', { Authorization: 'Bearer a-token-in-a-storm' }],
  ])('limits who shows a token %s, like anybody', async (_what, headers) => {
    const app = await anAppOfRoutes()
    expect(await statusesOf(app, '/api/help', requestsMax + 1, { headers })).toEqual([...times(200), 429])
    expect(await statusesOf(app, '/api/help', 1)).toEqual([429])
  })

  it('still answers a signed-in user where a neighbour behind the same address used the limit up', async () => {
    const app = await anAppOfRoutes()
    await statusesOf(app, '/api/help', requestsMax + 1)
    expect(await statusesOf(app, '/api/help', 1, bearing('a-citizens-token'))).toEqual([200])
  })

  it('takes nothing from the neighbours for those who are signed in', async () => {
    const app = await anAppOfRoutes()
    await statusesOf(app, '/api/help', 3 * requestsMax, bearing('a-citizens-token'))
    expect(await statusesOf(app, '/api/help', requestsMax)).toEqual(times(200))
  })

  it('takes nothing from those who guess at signing in, nor they from it', async () => {
    const app = await anAppOfRoutes()
    expect(await statusesOf(app, '/api/sign-in', requestsMax + 1)).toEqual([...times(200), 429])
    expect(await statusesOf(app, '/api/help', requestsMax + 1)).toEqual([...times(200), 429])
  })
})

describe('such a route that only some may use', () => {
  it('answers all requests of those who may', async () => {
    const app = await anAppOfRoutes()
    const statuses = await statusesOf(app, '/api/drill', 3 * requestsMax, bearing('an-admins-token'))
    expect(statuses).toEqual(times(200, 3 * requestsMax))
  })

  it.each([
    ['are not signed in', undefined, 401],
    ['show a forged token', 'forged', 401],
    ['may not use it', 'a-citizens-token', 403],
    ['cannot be looked up', 'a-token-in-a-storm', 500],
  ])('refuses those who %s, and limits how often it does', async (_who, token, status) => {
    const app = await anAppOfRoutes()
    const options = token === undefined ? {} : bearing(token)
    expect(await statusesOf(app, '/api/drill', requestsMax + 1, options)).toEqual([...times(status), 429])
  })
})
