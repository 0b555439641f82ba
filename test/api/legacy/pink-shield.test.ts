import { describe, expect, it } from 'vitest'
import { anApiHouse } from '../../support/api-house.ts'

/** Accounts as the documents of Pink Shield give their calls. */
const priya = {
  name: 'Priya Sharma',
  email: 'priya@example.com',
  phone: '9876543210',
  password: 'password123',
  city: 'Mumbai',
}

async function aHouseWithPriya() {
  const house = await anApiHouse()
  const registered = await house.call('POST', '/api/auth/register', { body: priya })
  return { ...house, registered, token: registered.body.token as string }
}

describe('Pink Shield', () => {
  it('POST /api/auth/register answers with a token and the user, whose shape its clients know', async () => {
    const { registered } = await aHouseWithPriya()
    expect(registered.status).toBe(201)
    expect(registered.body.token).toEqual(expect.any(String))
    expect(registered.body.user).toMatchObject({
      _id: registered.body.user.id,
      name: 'Priya Sharma',
      email: 'priya@example.com',
      phone: '9876543210',
      city: 'Mumbai',
      role: 'citizen',
      accessibilitySettings: {
        voiceNavigation: false,
        vibrationAlerts: false,
        tapPatternSOS: false,
        largeIconsMode: false,
        screenReader: false,
        highContrast: false,
        reducedMotion: false,
      },
      emergencyContacts: [],
      circleOfSafety: [],
      locationSettings: {},
      preferences: {},
      isEmailVerified: false,
      isPhoneVerified: false,
      isActive: true,
      isBanned: false,
      stats: { sosTriggered: 0, postsCreated: 0, incidentsReported: 0, helpfulVotes: 0 },
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    })
    expect(registered.text).not.toMatch(/password123|\$2b\$/)
  })

  it('POST /api/auth/login answers with a token that goes on for weeks of use, as its clients cannot refresh', async () => {
    const { call, clock } = await aHouseWithPriya()
    const { email, password } = priya
    const { status, body } = await call('POST', '/api/auth/login', { body: { email, password } })
    expect(status).toBe(200)
    expect(body.user.name).toBe('Priya Sharma')
    for (let days = 0; days < 40; days += 10) {
      clock.nowMs += 10 * 86_400_000
      const { status: later } = await call('GET', '/api/auth/profile', { token: body.token })
      expect(later, `${days} days on`).toBe(200)
    }
  })

  it('POST /api/auth/login with a wrong password is 401, the same for who has no account', async () => {
    const { call } = await aHouseWithPriya()
    const wrong = await call('POST', '/api/auth/login', { body: { email: priya.email, password: 'password124' } })
    const nobody = await call('POST', '/api/auth/login', { body: { email: 'x@example.com', password: 'password124' } })
    expect([wrong.status, nobody.status]).toEqual([401, 401])
    expect(wrong.body).toEqual(nobody.body)
  })

  it('e-mail and phone are unique', async () => {
    const { call } = await aHouseWithPriya()
    const again = await call('POST', '/api/auth/register', { body: { ...priya, phone: '9876543211' } })
    expect([again.status, again.body.error.code]).toEqual([409, 'email-taken'])
    const samePhone = await call('POST', '/api/auth/register', { body: { ...priya, email: 'other@example.com' } })
    expect([samePhone.status, samePhone.body.error.code]).toEqual([409, 'phone-taken'])
  })

  it('GET and PUT /api/users/profile read and change the profile, settings by group', async () => {
    const { call, token } = await aHouseWithPriya()
    const change = { name: 'Priya S.', accessibilitySettings: { highContrast: true }, preferences: { language: 'mr' } }
    const changed = await call('PUT', '/api/users/profile', { token, body: change })
    expect(changed.status).toBe(200)
    const { body } = await call('GET', '/api/users/profile', { token })
    expect(body).toMatchObject({
      name: 'Priya S.',
      city: 'Mumbai',
      accessibilitySettings: { highContrast: true, screenReader: false },
      preferences: { language: 'mr' },
    })
  })

  it('POST /api/auth/verify-email and verify-phone send a code and take it', async () => {
    const { call, token, inbox } = await aHouseWithPriya()
    for (const [type, address] of [
      ['email', 'priya@example.com'],
      ['phone', '+919876543210'],
    ] as const) {
      const sent = await call('POST', `/api/auth/verify-${type}`, { token })
      expect([sent.status, sent.body]).toEqual([202, expect.objectContaining({ isVerified: false, expiresInS: 300 })])
      const code = inbox.codeTo(address)
      const verified = await call('POST', `/api/auth/verify-${type}`, { token, body: { code } })
      expect([verified.status, verified.body.isVerified]).toEqual([200, true])
    }
    const { body } = await call('GET', '/api/auth/profile', { token })
    expect(body).toMatchObject({ isEmailVerified: true, isPhoneVerified: true })
  })

  it('GET /health answers', async () => {
    const { call } = await anApiHouse()
    expect((await call('GET', '/health')).status).toBe(200)
  })
})
