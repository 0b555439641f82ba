import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { decodeProtectedHeader, SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { createAccessTokens } from '../../people/access-tokens.ts'
import { startMs } from '../store/records/fixture.ts'
import { jwtSecret, someAccounts } from './fixture.ts'

const json64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Signs whatever it is told to, as an attacker with the key could. */
function sign(header: object, payload: object, secret = jwtSecret) {
  const content = `${json64(header)}.${json64(payload)}`
  return `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`
}

async function aToken() {
  const clock = { atMs: startMs }
  const tokens = createAccessTokens({ jwtSecret, now: () => clock.atMs })
  const { token, expiresAtMs } = await tokens.issue({ userId: 'user-1', sessionId: 'session-1' })
  const [header, payload] = token
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()))
  return { clock, tokens, token, expiresAtMs, header, payload }
}

test('a token says who and which session, and holds nothing else of them', async () => {
  const { tokens, token, expiresAtMs, payload } = await aToken()
  expect(await tokens.read(token)).toEqual({ userId: 'user-1', sessionId: 'session-1', expiresAtMs })
  expect(Object.keys(payload).sort()).toEqual(['aud', 'exp', 'iat', 'iss', 'sid', 'sub'])
  expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'HS256', typ: 'at+jwt' })
})

test('is good until the last millisecond and not a moment longer', async () => {
  const { clock, tokens, token, expiresAtMs } = await aToken()
  clock.atMs = expiresAtMs - 1
  await tokens.read(token)
  clock.atMs = expiresAtMs
  await expect(tokens.read(token)).rejects.toMatchObject({ family: 'unauthenticated', code: 'token-expired' })
})

describe('a forged token is not accepted:', () => {
  type Parts = Awaited<ReturnType<typeof aToken>>
  test.each<[string, (parts: Parts) => string]>([
    ['no algorithm', ({ header, payload }) => `${json64({ ...header, alg: 'none' })}.${json64(payload)}.`],
    [
      'no algorithm, spelt otherwise',
      ({ header, payload }) => `${json64({ ...header, alg: 'nOnE' })}.${json64(payload)}.`,
    ],
    ['no signature', ({ token }) => token.split('.').slice(0, 2).join('.').concat('.')],
    ['another key', ({ header, payload }) => sign(header, payload, 'another key that is long enough too!')],
    ['another key id', ({ header, payload }) => sign({ ...header, kid: 'other' }, payload)],
    ['no key id', ({ header: { kid: _, ...header }, payload }) => sign(header, payload)],
    ['another type of token', ({ header, payload }) => sign({ ...header, typ: 'JWT' }, payload)],
    ['another algorithm of the same family', ({ header, payload }) => sign({ ...header, alg: 'HS512' }, payload)],
    ['another issuer', ({ header, payload }) => sign(header, { ...payload, iss: 'elsewhere' })],
    ['another audience', ({ header, payload }) => sign(header, { ...payload, aud: 'elsewhere' })],
    ['no user', ({ header, payload: { sub: _, ...payload } }) => sign(header, payload)],
    ['no session', ({ header, payload: { sid: _, ...payload } }) => sign(header, payload)],
    ['a session that is no text', ({ header, payload }) => sign(header, { ...payload, sid: { $ne: '' } })],
    ['no end', ({ header, payload: { exp: _, ...payload } }) => sign(header, payload)],
    ['an end that is no number', ({ header, payload }) => sign(header, { ...payload, exp: 'never' })],
    ['critical extensions', ({ header, payload }) => sign({ ...header, crit: ['b64'], b64: false }, payload)],
    [
      'the key in the header',
      ({ header, payload }) => sign({ ...header, kid: undefined, jwk: { kty: 'oct', k: 'AA' } }, payload),
    ],
    ['something else', () => 'not a token'],
    ['nothing', () => ''],
    ['ten thousand dots', () => '.'.repeat(10_000)],
  ])('%s', async (_, forge) => {
    const parts = await aToken()
    await expect(parts.tokens.read(forge(parts))).rejects.toMatchObject({
      family: 'unauthenticated',
      code: 'invalid-token',
    })
  })

  test('any one character changed', async () => {
    const { tokens, token } = await aToken()
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: token.length - 1 }),
        fc.constantFrom('A', 'b', '0', '_', '.', '='),
        async (at, by) => {
          fc.pre(token[at] !== by)
          const forged = token.slice(0, at) + by + token.slice(at + 1)
          const read = await tokens.read(forged).catch((error: unknown) => error)
          // The last character holds bits that mean nothing; all others count.
          if (at < token.length - 1) expect(read).toMatchObject({ code: 'invalid-token' })
        },
      ),
    )
  })
})

test('a secret too short to sign with is refused when it is given', () => {
  expect(() => createAccessTokens({ jwtSecret: 'x'.repeat(31), now: Date.now })).toThrow(
    expect.objectContaining({ code: 'jwt-secret-too-short' }),
  )
})

test('a token of one user with the session of another opens nothing', async () => {
  const { accounts, signIn, clock } = await someAccounts()
  const mine = await accounts.verify((await signIn()).accessToken)
  const other = await accounts.verify((await signIn({ email: 'admin@city.example' })).accessToken)
  const tokens = createAccessTokens({ jwtSecret, now: clock.now })
  const { token } = await tokens.issue({ userId: other.userId, sessionId: mine.sessionId })
  await expect(accounts.verify(token)).rejects.toMatchObject({ code: 'session-ended' })
})

test('a token that claims a role gets the one the store knows', async () => {
  const { accounts, signIn } = await someAccounts()
  const { accessToken } = await signIn()
  const { kid } = decodeProtectedHeader(accessToken)
  const { userId, sessionId, expiresAtMs } = await accounts.verify(accessToken)
  const boasting = await new SignJWT({ sid: sessionId, role: 'super_admin' })
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid })
    .setIssuer('prahari')
    .setAudience('prahari-api')
    .setSubject(userId)
    .setIssuedAt(startMs / 1000)
    .setExpirationTime(expiresAtMs / 1000)
    .sign(new TextEncoder().encode(jwtSecret))
  expect(await accounts.verify(boasting)).toMatchObject({ role: 'operator' })
})
