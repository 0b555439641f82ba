import { describe, expect, it } from 'vitest'
import { type ApiHouse, anApiHouse } from '../../support/api-house.ts'

/** Sign-in by phone as the documents of Security Management give its calls: snake_case, faults as texts. */
const phone_number = '9876543210'
const inFull = '+919876543210'

async function verified({ call, inbox }: ApiHouse) {
  await call('POST', '/auth/phone-login', { body: { phone_number } })
  return call('POST', '/auth/verify-otp', { body: { phone_number, otp: inbox.codeTo(inFull) } })
}

async function registered(house: ApiHouse) {
  await verified(house)
  const body = { phone_number, full_name: 'Meera Rao', flat_number: 'B-204' }
  return house.call('POST', '/auth/register', { body })
}

describe('Security Management', () => {
  it('POST /auth/phone-login sends a code', async () => {
    const { call, inbox } = await anApiHouse()
    const { status, body } = await call('POST', '/auth/phone-login', { body: { phone_number } })
    expect([status, body]).toEqual([200, { message: expect.any(String), needs_otp_verification: true, phone_number }])
    expect(inbox.codeTo(inFull)).toMatch(/^\d{6}$/)
  })

  it.each([
    ['a number of nine digits', { phone_number: '987654321' }, 'Invalid phone number format'],
    ['a number of eleven digits', { phone_number: '98765432101' }, 'Invalid phone number format'],
    ['letters', { phone_number: 'ninety-eight' }, 'Invalid phone number format'],
    ['no number', {}, 'Phone number is required'],
  ])('POST /auth/phone-login with %s is 400', async (_, body, error) => {
    const { call } = await anApiHouse()
    const answer = await call('POST', '/auth/phone-login', { body })
    expect([answer.status, answer.body.error]).toEqual([400, error])
    expect(answer.body.code).toEqual(expect.any(String))
  })

  it('POST /auth/verify-otp with a wrong code is 400 Invalid OTP', async () => {
    const { call, inbox } = await anApiHouse()
    await call('POST', '/auth/phone-login', { body: { phone_number } })
    const otp = inbox.codeTo(inFull) === '123456' ? '654321' : '123456'
    const answer = await call('POST', '/auth/verify-otp', { body: { phone_number, otp } })
    expect([answer.status, answer.body.error]).toEqual([400, 'Invalid OTP'])
  })

  it('POST /auth/verify-otp for a new phone says that one has to register', async () => {
    const { status, body } = await verified(await anApiHouse())
    expect([status, body]).toEqual([200, { message: expect.any(String), needs_registration: true, phone_number }])
  })

  it('POST /auth/register makes a resident, whatever role is sent', async () => {
    const house = await anApiHouse()
    await verified(house)
    const { status, body } = await house.call('POST', '/auth/register', {
      body: { phone_number, full_name: 'Meera Rao', flat_number: 'B-204', role: 'admin' },
    })
    expect(status).toBe(201)
    expect(body).toEqual({
      message: expect.any(String),
      access_token: expect.any(String),
      refresh_token: expect.any(String),
      user: { id: expect.any(String), phone_number, full_name: 'Meera Rao', flat_number: 'B-204', role: 'resident' },
    })
  })

  it.each([
    ['full_name', { phone_number, flat_number: 'B-204' }],
    ['flat_number', { phone_number, full_name: 'Meera Rao' }],
    ['phone_number', { full_name: 'Meera Rao', flat_number: 'B-204' }],
    ['anything in full_name', { phone_number, full_name: ' ', flat_number: 'B-204' }],
  ])('POST /auth/register without %s is 400 All fields are required', async (_, body) => {
    const house = await anApiHouse()
    await verified(house)
    const answer = await house.call('POST', '/auth/register', { body })
    expect([answer.status, answer.body.error]).toEqual([400, 'All fields are required'])
  })

  it('POST /auth/register for a phone that has an account is 400 User already exists', async () => {
    const house = await anApiHouse()
    await registered(house)
    // It says so to who has just shown that the phone is theirs, and to nobody else.
    await verified(house)
    const body = { phone_number, full_name: 'Meera Rao', flat_number: 'B-204' }
    const answer = await house.call('POST', '/auth/register', { body })
    expect([answer.status, answer.body.error]).toEqual([400, 'User already exists'])
    const stranger = await anApiHouse()
    const refused = await stranger.call('POST', '/auth/register', { body })
    expect([refused.status, refused.body.code]).toEqual([403, 'phone-not-verified'])
  })

  it('POST /auth/verify-otp for a known phone signs in', async () => {
    const house = await anApiHouse()
    const { body: resident } = await registered(house)
    const { status, body } = await verified(house)
    expect(status).toBe(200)
    expect(body).toEqual({
      message: expect.any(String),
      access_token: expect.any(String),
      refresh_token: expect.any(String),
      user: resident.user,
      needs_registration: false,
    })
  })

  it('GET /auth/profile answers with the user, since when and when last', async () => {
    const house = await anApiHouse()
    const { body } = await registered(house)
    const profile = await house.call('GET', '/auth/profile', { token: body.access_token })
    expect([profile.status, profile.body]).toEqual([
      200,
      { user: { ...body.user, created_at: expect.any(String), last_login: expect.any(String) } },
    ])
  })

  it('an access token works for weeks, as its clients know no refresh', async () => {
    const house = await anApiHouse()
    const { body } = await registered(house)
    house.clock.nowMs += 29 * 86_400_000
    expect((await house.call('GET', '/auth/profile', { token: body.access_token })).status).toBe(200)
    house.clock.nowMs += 30 * 86_400_000
    const late = await house.call('GET', '/auth/profile', { token: body.access_token })
    expect([late.status, late.body.message]).toEqual([401, 'Token has expired'])
  })

  it.each([
    ['an expired token', 'expired', 'Token has expired'],
    ['a token that is none', 'a.b.c', 'Invalid token'],
    ['no token', undefined, 'Authorization token required'],
  ])('%s is 401 with its message', async (_, given, message) => {
    const { call, clock, deps } = await anApiHouse()
    const signedIn = await deps.accounts.signIn({
      email: 'resident@city.example',
      password: 'correct horse battery staple',
      clientAddress: '192.0.2.1',
    })
    if (given === 'expired') clock.nowMs += 15 * 60_000
    const token = given === 'expired' ? signedIn.accessToken : given
    const answer = await call('GET', '/auth/profile', token === undefined ? {} : { token })
    expect([answer.status, answer.body.message]).toEqual([401, message])
    expect(answer.body.error.code).toEqual(expect.any(String))
  })

  it('the debug mode skips the code where it was asked for by name, for who has an account', async () => {
    const house = await anApiHouse({ options: { otpBypass: true } })
    const fresh = await house.call('POST', '/auth/phone-login', { body: { phone_number } })
    expect(fresh.body.needs_otp_verification).toBe(true)
    await registered(house)
    const { status, body } = await house.call('POST', '/auth/phone-login', { body: { phone_number } })
    expect([status, body.message, body.needs_registration]).toEqual([200, 'Login successful (Debug Mode)', false])
    expect((await house.call('GET', '/auth/profile', { token: body.access_token })).status).toBe(200)
  })

  it('the debug mode is off unless it was asked for', async () => {
    const house = await anApiHouse()
    await registered(house)
    const { body } = await house.call('POST', '/auth/phone-login', { body: { phone_number } })
    expect(body).toEqual({ message: expect.any(String), needs_otp_verification: true, phone_number })
  })
})
