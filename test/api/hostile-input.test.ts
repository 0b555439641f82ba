import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { type ApiHouse, anApiHouse, password } from '../support/api-house.ts'

const phone = '9876543210'
const inFull = '+919876543210'
const priya = { name: 'Priya', email: 'priya@example.com', password: 'password123' }

async function aResident(house: ApiHouse, flat = 'B-204') {
  await house.call('POST', '/auth/phone-login', { body: { phone_number: phone } })
  const otp = house.inbox.codeTo(inFull)
  await house.call('POST', '/auth/verify-otp', { body: { phone_number: phone, otp } })
  const body = { phone_number: phone, full_name: 'Meera', flat_number: flat }
  return (await house.call('POST', '/auth/register', { body })).body
}

/** Bytes to the server as they are, past what a client library would refuse to send. */
function rawRequest(house: ApiHouse, text: string): Promise<string> {
  const { port } = new URL(house.url)
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(text))
    socket.on('data', (chunk) => {
      answer += String(chunk)
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(answer))
  })
}

describe('input', () => {
  it('that is too large is 413 before anybody looks at it', async () => {
    const { call } = await anApiHouse()
    const body = { email: 'x@example.com', password: 'x'.repeat(300 * 1024) }
    const answer = await call('POST', '/api/auth/login', { body })
    expect([answer.status, answer.body.error.code]).toEqual([413, 'body-too-large'])
  })

  it('that is too large behind a token is refused for the token first', async () => {
    const { call } = await anApiHouse()
    const raw = JSON.stringify({ name: 'x'.repeat(300 * 1024) })
    const headers = { 'Content-Type': 'application/json' }
    expect((await call('PUT', '/api/auth/profile', { raw, headers })).status).toBe(401)
  })

  it.each([
    ['half of a JSON', '{"email":', 'application/json', 400],
    ['a form', 'email=a&password=b', 'application/x-www-form-urlencoded', 415],
    ['XML', '<email/>', 'application/xml', 415],
    ['a list', '[]', 'application/json', 400],
    ['null', 'null', 'application/json', 400],
    ['a number', '1', 'application/json', 400],
  ])('%s at sign-in is %s', async (_, raw, type, status) => {
    const { call } = await anApiHouse()
    expect((await call('POST', '/api/auth/login', { raw, headers: { 'Content-Type': type } })).status).toBe(status)
  })

  it.each([
    ['SQL', "' or 1=1 --"],
    ['an operator of another database', { $gt: '' }],
    ['a list', ['operator@city.example']],
    ['a NUL', 'operator@city.example\0'],
    ['a line break', 'operator@city.example\r\nBcc: x@evil.example'],
  ])('%s in place of an e-mail address signs nobody in', async (_, email) => {
    const { call } = await anApiHouse()
    const { status } = await call('POST', '/api/auth/login', { body: { email, password } })
    expect(status).toBeOneOf([400, 401])
  })

  it.each(['priya@example.com\r\nBcc: all@city.example', 'priya@example.com, x@evil.example', 'a@b@c.example'])(
    '%j is no address to send mail to',
    async (email) => {
      const { call, inbox } = await anApiHouse()
      expect((await call('POST', '/api/auth/register', { body: { ...priya, email } })).status).toBe(400)
      expect((await call('POST', '/api/auth/forgot-password', { body: { email } })).status).toBe(400)
      expect(inbox.messages).toEqual([])
    },
  )

  it('a line break in a request id or a name does not make a header or a log line of its own', async () => {
    const house = await anApiHouse()
    const answer = await rawRequest(
      house,
      'GET /api/health HTTP/1.1\r\nHost: x\r\nX-Request-Id: abcdefgh%0d%0aSet-Cookie: a=b\r\nConnection: close\r\n\r\n',
    )
    expect(answer).not.toMatch(/set-cookie/i)
    expect(answer).not.toContain('%0d%0a')
    await house.call('POST', '/api/auth/register', { body: { ...priya, name: 'Priya\n{"level":60}' } })
    expect(house.logLines.every((line) => line.level !== 60)).toBe(true)
  })

  it('two lengths for one body are refused, so that no proxy and we can differ about it', async () => {
    const house = await anApiHouse()
    const answer = await rawRequest(
      house,
      'POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n0\r\n\r\n',
    )
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
  })

  it('a header that never ends is cut off', async () => {
    const house = await anApiHouse()
    const answer = await rawRequest(
      house,
      `GET /api/health HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 431 /)
  })

  it('a prototype in the body changes nobody’s', async () => {
    const { call } = await anApiHouse()
    const raw = '{"preferences":{"__proto__":{"polluted":true},"constructor":"x"},"__proto__":{"role":"admin"}}'
    await call('PUT', '/api/auth/profile', { as: 'citizen', raw, headers: { 'Content-Type': 'application/json' } })
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
    expect((await call('GET', '/api/auth/profile', { as: 'citizen' })).body.role).toBe('citizen')
  })

  it('settings are bounded in number and size', async () => {
    const { call } = await anApiHouse()
    const many = Object.fromEntries(Array.from({ length: 51 }, (_, at) => [`key${at}`, 1]))
    for (const preferences of [many, { key: 'x'.repeat(201) }, { ['x'.repeat(61)]: 1 }, { key: { deep: {} } }]) {
      expect((await call('PUT', '/api/auth/profile', { as: 'citizen', body: { preferences } })).status).toBe(400)
    }
  })

  it.each(['../../etc/passwd', '..%2F..%2Fetc%2Fpasswd', '%2e%2e/records.db', 'records-key', '.env'])(
    'a path of %s reads no file',
    async (path) => {
      const house = await anApiHouse()
      const answer = await rawRequest(house, `GET /${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
      expect(answer).toMatch(/^HTTP\/1\.1 (400|404|503) /)
      expect(answer).not.toMatch(/root:|PRAHARI_/)
    },
  )

  it('an import whose ids are paths, wildcards or formulas registers none of them', async () => {
    const { call, deps } = await anApiHouse()
    const ids = ['../../etc/passwd', '+', '#', 'a/b', '=cmd|calc', 'x'.repeat(65), '__proto__/x', 'a b']
    const answer = await call('POST', '/api/devices/bulk', { as: 'admin', body: ids.map((id) => ({ id })) })
    expect([answer.status, answer.body.created, answer.body.failed]).toEqual([200, 0, ids.length])
    expect((await deps.records.devices.list({ limit: 10 })).items).toEqual([])
  })
})

describe('what is kept', () => {
  it('no log line has a password, a token, a code, an address or a phone number in it', async () => {
    const house = await anApiHouse()
    const resident = await aResident(house)
    const registered = await house.call('POST', '/api/auth/register', { body: priya })
    await house.call('POST', '/api/auth/login', { body: { ...priya, password: 'a wrong guess' } })
    await house.call('POST', '/api/auth/forgot-password', { body: { email: priya.email } })
    const { refreshToken, accessToken, token } = registered.body
    const secrets = [refreshToken, accessToken, token, resident.access_token, priya.password, 'a wrong guess']
    const log = JSON.stringify(house.logLines)
    for (const secret of [...secrets, priya.email, phone, house.inbox.codeTo(inFull)]) expect(log).not.toContain(secret)
  })

  it('no answer has a hash of anything in it', async () => {
    const { call, userIdOf } = await anApiHouse()
    for (const path of [
      '/api/users',
      `/api/users/${userIdOf('operator')}`,
      '/api/users/export',
      '/api/auth/sessions',
    ]) {
      expect((await call('GET', path, { as: 'super_admin' })).text).not.toMatch(/\$2[aby]\$|hash/i)
    }
  })

  it('an erased account is gone, with every way into it, and its device is nobody’s', async () => {
    const house = await anApiHouse()
    const { body } = await house.call('POST', '/api/auth/register', { body: { ...priya, phone } })
    const { token, user } = body
    await house.deps.records.devices.register({ id: 'band-1', kinds: [], labels: {}, ownerId: user.id })
    const atMs = house.clock.nowMs
    await house.deps.sosDesk.press({
      deviceId: 'band-1',
      receivedAtMs: atMs,
      observedAtMs: atMs,
      seq: undefined,
      trigger: 'manual',
      location: { latitude: 19.076, longitude: 72.8777 },
      batteryPct: 50,
    })
    const mine = await house.call('GET', '/api/users/export', { token })
    expect(mine.body).toMatchObject({
      profile: { email: priya.email, stats: { sosTriggered: 1 } },
      devices: [{ id: 'band-1' }],
      sos: [{ deviceId: 'band-1', location: { latitude: 19.076 } }],
    })
    const wrong = await house.call('DELETE', '/api/users/me', { token, body: { password: 'not the password' } })
    expect([wrong.status, wrong.body.error.code]).toEqual([403, 'wrong-password'])
    expect((await house.call('DELETE', '/api/users/me', { token, body: { password: priya.password } })).status).toBe(
      204,
    )
    expect((await house.call('GET', '/api/auth/profile', { token })).status).toBe(401)
    expect((await house.call('POST', '/api/auth/login', { body: priya })).status).toBe(401)
    const left = await house.call('GET', `/api/users/${user.id}`, { as: 'admin' })
    expect(left.body).toMatchObject({ name: 'Erased account', email: null, phone: null, isActive: false })
    expect((await house.deps.records.devices.get('band-1'))?.ownerId).toBeUndefined()
    const [sos] = (await house.deps.sosDesk.list({ limit: 1 })).items
    expect(sos).toMatchObject({ deviceId: 'band-1', ownerId: undefined })
    // Somebody else may take the address now.
    expect((await house.call('POST', '/api/auth/register', { body: { ...priya, phone } })).status).toBe(201)
  })

  it('the last administrator cannot erase the city’s way in', async () => {
    const { call, deps, userIdOf } = await anApiHouse()
    await deps.accounts.setRole({ userId: userIdOf('admin'), role: 'citizen', by: 'system' })
    const answer = await call('DELETE', '/api/users/me', { as: 'super_admin', body: { password } })
    expect([answer.status, answer.body.error.code]).toEqual([409, 'last-administrator'])
  })
})
