import { createHmac } from 'node:crypto'
import { SignJWT } from 'jose'
import { TOTP } from 'otpauth'
import { describe, expect, it } from 'vitest'
import { type ApiHouse, anApiHouse, password } from '../support/api-house.ts'

const clientAddress = '127.0.0.1'
const phone = '9876543210'
const inFull = '+919876543210'
const priya = { name: 'Priya', email: 'priya@example.com', password: 'password123' }

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

async function operatorOf({ deps }: ApiHouse) {
  return deps.accounts.signIn({ email: 'operator@city.example', password, clientAddress })
}

/** The claims of a real token, to forge others from. */
function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString())
}

async function aResident(house: ApiHouse, flat = 'B-204') {
  await house.call('POST', '/auth/phone-login', { body: { phone_number: phone } })
  const otp = house.inbox.codeTo(inFull)
  await house.call('POST', '/auth/verify-otp', { body: { phone_number: phone, otp } })
  const body = { phone_number: phone, full_name: 'Meera', flat_number: flat }
  return (await house.call('POST', '/auth/register', { body })).body
}

describe('a token', () => {
  it('that has expired is refused with a word for it', async () => {
    const house = await anApiHouse()
    house.clock.nowMs += 15 * 60_000
    const answer = await house.call('GET', '/api/auth/profile', { as: 'operator' })
    expect([answer.status, answer.body.error.code]).toEqual([401, 'token-expired'])
  })

  it('forged with alg none is refused', async () => {
    const house = await anApiHouse()
    const claims = claimsOf((await operatorOf(house)).accessToken)
    for (const alg of ['none', 'None', 'NONE', '']) {
      const token = `${base64url({ alg, typ: 'at+jwt' })}.${base64url(claims)}.`
      const answer = await house.call('GET', '/api/auth/profile', { token })
      expect([answer.status, answer.body.error.code], alg).toEqual([401, 'invalid-token'])
    }
  })

  it('signed with another key, or an empty one, is refused', async () => {
    const house = await anApiHouse()
    const claims = claimsOf((await operatorOf(house)).accessToken)
    for (const key of ['another secret that is long enough', '', 'secret']) {
      const unsigned = `${base64url({ alg: 'HS256', typ: 'at+jwt' })}.${base64url(claims)}`
      const token = `${unsigned}.${createHmac('sha256', key).update(unsigned).digest('base64url')}`
      expect((await house.call('GET', '/api/auth/profile', { token })).status).toBe(401)
    }
  })

  it('whose claims were changed after signing is refused', async () => {
    const house = await anApiHouse()
    const [header, , signature] = (await operatorOf(house)).accessToken.split('.')
    const claims = claimsOf((await operatorOf(house)).accessToken)
    const forged = `${header}.${base64url({ ...claims, sub: house.userIdOf('super_admin') })}.${signature}`
    expect((await house.call('GET', '/api/users', { token: forged })).status).toBe(401)
  })

  it('signed with our own key but of another type, audience or issuer is refused', async () => {
    const house = await anApiHouse()
    const claims = claimsOf((await operatorOf(house)).accessToken)
    const key = new TextEncoder().encode('test'.repeat(16))
    const { kid } = JSON.parse(
      Buffer.from((await operatorOf(house)).accessToken.split('.')[0]!, 'base64url').toString(),
    )
    const forge = (change: Record<string, unknown>, typ = 'at+jwt') =>
      new SignJWT({ ...claims, ...change }).setProtectedHeader({ alg: 'HS256', typ, kid }).sign(key)
    const nowS = Math.floor(house.clock.nowMs / 1000)
    const good = await forge({ exp: nowS + 60 })
    expect((await house.call('GET', '/api/auth/profile', { token: good })).status).toBe(200)
    for (const token of [
      await forge({}, 'JWT'),
      await forge({ aud: 'somebody-else' }),
      await forge({ iss: 'somebody-else' }),
      await forge({ sid: undefined }),
      await forge({ exp: undefined }),
    ]) {
      expect((await house.call('GET', '/api/auth/profile', { token })).status).toBe(401)
    }
  })

  it('of one session cannot name another’s', async () => {
    const house = await anApiHouse()
    const key = new TextEncoder().encode('test'.repeat(16))
    const admin = await house.deps.accounts.signIn({ email: 'admin@city.example', password, clientAddress })
    const { accessToken } = await operatorOf(house)
    const header = JSON.parse(Buffer.from(accessToken.split('.')[0]!, 'base64url').toString())
    const mixed = { ...claimsOf(accessToken), sid: claimsOf(admin.accessToken).sid }
    const token = await new SignJWT(mixed).setProtectedHeader(header).sign(key)
    expect((await house.call('GET', '/api/auth/profile', { token })).status).toBe(401)
  })

  it('a refresh token opens nothing but a refresh', async () => {
    const house = await anApiHouse()
    const { refreshToken } = await operatorOf(house)
    expect((await house.call('GET', '/api/auth/profile', { token: refreshToken })).status).toBe(401)
  })

  it('a refresh token that is replayed ends the session for thief and owner alike', async () => {
    const house = await anApiHouse()
    const { refreshToken, accessToken } = await operatorOf(house)
    const thief = await house.call('POST', '/api/auth/refresh', { body: { refreshToken } })
    const owner = await house.call('POST', '/api/auth/refresh', { body: { refreshToken } })
    expect([owner.status, owner.body.error.code]).toEqual([401, 'refresh-token-reused'])
    for (const token of [accessToken, thief.body.accessToken, thief.body.token]) {
      expect((await house.call('GET', '/api/auth/profile', { token })).status).toBe(401)
    }
  })

  it('in a cookie or in the address is not looked at: nothing rides on what a browser sends by itself', async () => {
    const house = await anApiHouse()
    const { accessToken } = await operatorOf(house)
    const headers = { Cookie: `token=${accessToken}; accessToken=${accessToken}`, Origin: 'https://evil.example' }
    expect((await house.call('POST', '/api/auth/logout', { headers })).status).toBe(401)
    expect((await house.call('GET', `/api/auth/profile?token=${accessToken}&access_token=${accessToken}`)).status).toBe(
      401,
    )
    const signedIn = await house.call('POST', '/api/auth/login', { body: { email: 'operator@city.example', password } })
    expect(signedIn.headers.get('set-cookie')).toBeNull()
    expect(signedIn.headers.get('access-control-allow-origin')).toBeNull()
  })

  it('of a banned account stops at once, of every make', async () => {
    const house = await anApiHouse()
    const { accessToken, sessionToken, refreshToken } = await operatorOf(house)
    const userId = house.userIdOf('operator')
    await house.call('PATCH', `/api/users/${userId}`, { as: 'admin', body: { isBanned: true } })
    for (const token of [accessToken, sessionToken]) {
      expect((await house.call('GET', '/api/alerts', { token })).status).toBeOneOf([401, 403])
    }
    expect((await house.call('POST', '/api/auth/refresh', { body: { refreshToken } })).status).toBeOneOf([401, 403])
    const again = await house.call('POST', '/api/auth/login', { body: { email: 'operator@city.example', password } })
    expect([again.status, again.body.error.code]).toEqual([403, 'account-banned'])
  })
})

describe('a role', () => {
  it.each(['admin', 'super_admin', 'operator'])('%s cannot be chosen at registration', async (role) => {
    const { call } = await anApiHouse()
    const { status, body } = await call('POST', '/api/auth/register', {
      body: { ...priya, role, isAdmin: true, state: 'active', user: { role }, is_staff: true },
    })
    expect([status, body.user.role]).toEqual([201, 'citizen'])
  })

  it('cannot be chosen by somebody who is no administrator', async () => {
    const { call } = await anApiHouse()
    const { body } = await call('POST', '/api/auth/register', { as: 'operator', body: { ...priya, role: 'admin' } })
    expect(body.user.role).toBe('citizen')
  })

  it('a stale administrator’s token is a 401, not a citizen’s registration', async () => {
    const { call } = await anApiHouse()
    const answer = await call('POST', '/api/auth/register', { token: 'a.b.c', body: { ...priya, role: 'operator' } })
    expect([answer.status, answer.body.error.code]).toEqual([401, 'invalid-token'])
  })

  it('and what belongs to the server cannot be changed in one’s own profile', async () => {
    const { call } = await anApiHouse()
    const body = {
      name: 'Citizen',
      role: 'super_admin',
      isBanned: false,
      isEmailVerified: true,
      emailVerifiedAtMs: 1,
      isFlatConfirmed: true,
      flatConfirmedAtMs: 1,
      unitNumber: '1',
      id: 'other',
      stats: { sosTriggered: 99 },
      settings: { role: 'admin' },
      __proto__: { role: 'admin' },
    }
    const changed = await call('PUT', '/api/auth/profile', { as: 'citizen', body })
    expect(changed.status).toBe(200)
    expect(changed.body).toMatchObject({
      role: 'citizen',
      isEmailVerified: false,
      isFlatConfirmed: false,
      unitNumber: null,
      stats: { sosTriggered: 0 },
    })
  })

  it('an administrator cannot rise above themselves, nor reach who stands above', async () => {
    const { call, userIdOf } = await anApiHouse()
    const own = await call('PATCH', `/api/users/${userIdOf('admin')}`, { as: 'admin', body: { role: 'super_admin' } })
    expect([own.status, own.body.error.code]).toEqual([403, 'above-your-role'])
    const above = await call('PATCH', `/api/users/${userIdOf('super_admin')}`, {
      as: 'admin',
      body: { isBanned: true },
    })
    expect([above.status, above.body.error.code]).toEqual([403, 'above-your-role'])
    const made = await call('POST', '/api/auth/register', { as: 'admin', body: { ...priya, role: 'super_admin' } })
    expect([made.status, made.body.error.code]).toEqual([403, 'above-your-role'])
  })

  it('a field the administrator’s form does not have is refused, not ignored', async () => {
    const { call, userIdOf } = await anApiHouse()
    const body = { role: 'operator', password_hash: 'x' }
    expect((await call('PATCH', `/api/users/${userIdOf('citizen')}`, { as: 'admin', body })).status).toBe(400)
  })
})

describe('guessing', () => {
  it('a password is stopped after ten tries, and the owner elsewhere does not notice', async () => {
    const house = await anApiHouse({ options: { proxyHops: 1 } })
    const body = { email: 'operator@city.example', password: 'a guess of mine' }
    const from = (address: string) => ({ headers: { 'X-Forwarded-For': address } })
    for (let tries = 0; tries < 10; tries++) {
      expect((await house.call('POST', '/api/auth/login', { body, ...from('203.0.113.9') })).status).toBe(401)
    }
    const stopped = await house.call('POST', '/api/auth/login', { body: { ...body, password }, ...from('203.0.113.9') })
    expect([stopped.status, stopped.body.error.code]).toEqual([429, 'too-many-sign-ins'])
    const owner = await house.call('POST', '/api/auth/login', { body: { ...body, password }, ...from('198.51.100.4') })
    expect(owner.status).toBe(200)
  })

  it('a one-time code ends after five tries', async () => {
    const { call, inbox } = await anApiHouse()
    await call('POST', '/auth/phone-login', { body: { phone_number: phone } })
    const otp = inbox.codeTo(inFull)
    const wrong = otp === '111111' ? '222222' : '111111'
    for (let tries = 0; tries < 5; tries++) {
      expect((await call('POST', '/auth/verify-otp', { body: { phone_number: phone, otp: wrong } })).status).toBe(400)
    }
    const right = await call('POST', '/auth/verify-otp', { body: { phone_number: phone, otp } })
    expect([right.status, right.body.error]).toEqual([400, 'Invalid OTP'])
  })

  it('any six digits are no code', async () => {
    const { call } = await anApiHouse()
    for (const otp of ['123456', '000000', '999999', '']) {
      expect((await call('POST', '/auth/verify-otp', { body: { phone_number: phone, otp } })).status).toBe(400)
    }
  })

  it.each([
    ['a list', ['123456']],
    ['an object', { $ne: '' }],
    ['true', true],
    ['null', null],
  ])('%s in place of a code is 400', async (_, otp) => {
    const { call } = await anApiHouse()
    await call('POST', '/auth/phone-login', { body: { phone_number: phone } })
    expect((await call('POST', '/auth/verify-otp', { body: { phone_number: phone, otp } })).status).toBe(400)
  })

  it('codes cannot be asked for without end', async () => {
    const { call, inbox } = await anApiHouse()
    const statuses: number[] = []
    for (let times = 0; times < 6; times++) {
      statuses.push((await call('POST', '/auth/phone-login', { body: { phone_number: phone } })).status)
    }
    expect(statuses).toEqual([200, 200, 200, 429, 429, 429])
    expect(inbox.messages).toHaveLength(3)
  })

  it('a second factor with the password in hand ends after ten tries', async () => {
    const house = await anApiHouse()
    const identity = await house.deps.accounts.verify((await operatorOf(house)).accessToken)
    const { secret } = await house.deps.accounts.beginSecondFactor(identity, { password })
    const code = new TOTP({ secret }).generate({ timestamp: house.clock.nowMs })
    await house.deps.accounts.confirmSecondFactor(identity, { code })
    const body = { email: 'operator@city.example', password, totp: '000000' }
    const statuses: number[] = []
    for (let tries = 0; tries < 12; tries++)
      statuses.push((await house.call('POST', '/api/auth/login', { body })).status)
    expect(statuses).toEqual([...Array(10).fill(401), 429, 429])
  })

  it('an id of another’s session, user or device says no more than one that is not there', async () => {
    const house = await anApiHouse()
    const identity = await house.deps.accounts.verify((await operatorOf(house)).accessToken)
    const others = await house.call('DELETE', `/api/auth/sessions/${identity.sessionId}`, { as: 'citizen' })
    const none = await house.call('DELETE', '/api/auth/sessions/0199-nothing', { as: 'citizen' })
    expect([others.status, others.body]).toEqual([404, none.body])
    await house.deps.records.devices.register({
      id: 'band-1',
      kinds: [],
      labels: {},
      ownerId: house.userIdOf('resident'),
    })
    const theirs = await house.call('GET', '/api/devices/band-1', { as: 'citizen' })
    const nothing = await house.call('GET', '/api/devices/band-2', { as: 'citizen' })
    expect([theirs.status, theirs.body]).toEqual([404, nothing.body])
  })

  it('who has an account cannot be learnt from a forgotten password or a phone', async () => {
    const house = await anApiHouse()
    await aResident(house)
    const ask = async (path: string, body: unknown) => {
      const { status, text } = await house.call('POST', path, { body })
      return [status, text]
    }
    expect(await ask('/api/auth/forgot-password', { email: 'operator@city.example' })).toEqual(
      await ask('/api/auth/forgot-password', { email: 'nobody@city.example' }),
    )
    expect(await ask('/api/auth/otp', { phone })).toEqual(await ask('/api/auth/otp', { phone: '9876543219' }))
  })

  it('who has an account cannot be learnt from how much work a sign-in is', async () => {
    const { deps } = await anApiHouse()
    // Only so many hashes are worked on or wait at one time. Sign-ins that took no hash would never be too many.
    const tooMany = async (emailOf: (at: number) => string) => {
      const guesses = Array.from({ length: 250 }, (_, at) =>
        deps.accounts
          .signIn({ email: emailOf(at), password: 'a wrong guess', clientAddress: `198.51.100.${at}` })
          .catch((error) => error.code),
      )
      return (await Promise.all(guesses)).filter((code) => code === 'sign-in-busy').length
    }
    expect(await tooMany(() => 'operator@city.example')).toBeGreaterThan(0)
    expect(await tooMany((at) => `nobody-${at}@city.example`)).toBeGreaterThan(0)
  })
})
