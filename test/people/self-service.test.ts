import { describe, expect, test } from 'vitest'
import type { Identity } from '../../people/index.ts'
import { password, someAccounts } from './fixture.ts'

const home = { clientAddress: '192.0.2.1' }
const newPassword = 'another good password'

/** Accounts with a citizen who registered for herself. */
async function aCitizen() {
  const fixture = await someAccounts()
  const person = { name: 'Priya Sharma', email: 'priya@example.com', password: 'password123', city: 'Mumbai' }
  const signedIn = await fixture.accounts.register({ ...person, phone: '9876543210', ...home })
  const identity = await fixture.accounts.verify(signedIn.accessToken)
  const enter = (secret = 'password123') => fixture.accounts.signIn({ email: person.email, password: secret, ...home })
  return { ...fixture, identity, enter, priya: signedIn.user, signedIn }
}

describe('registering', () => {
  test('makes a citizen, signed in, with nothing verified', async () => {
    const { priya, identity } = await aCitizen()
    expect(priya).toMatchObject({
      role: 'citizen',
      phone: '+919876543210',
      city: 'Mumbai',
      emailVerifiedAtMs: undefined,
      phoneVerifiedAtMs: undefined,
    })
    expect(identity.role).toBe('citizen')
  })

  test.each([
    ['an e-mail address that is taken', { email: 'PRIYA@example.com', phone: undefined }, 'email-taken'],
    ['a phone number that is taken', { phone: '+91 98765 43210' }, 'phone-taken'],
    ['a short password', { password: 'seven77' }, 'password-too-weak'],
    ['an address that is none', { email: 'priya' }, 'invalid-email'],
    ['a phone number that is none', { phone: '123' }, 'invalid-phone'],
  ])('refuses %s', async (_, input, code) => {
    const { accounts } = await aCitizen()
    const valid = { name: 'X', email: 'x@example.com', password: 'password123', phone: '9876543211', ...home }
    await expect(accounts.register({ ...valid, ...input })).rejects.toMatchObject({ code })
  })

  test('under a username takes the name, not an e-mail address for one', async () => {
    const { accounts } = await someAccounts()
    const user = await accounts.registerByUsername({ username: 'Officer_7', password: 'password123' })
    expect(user).toMatchObject({ username: 'officer_7', email: undefined, role: 'citizen' })
    const signedIn = await accounts.signIn({ username: 'OFFICER_7', password: 'password123', ...home })
    expect(signedIn.user.id).toBe(user.id)
    for (const username of ['asha@city.example', '', 'two words', 'x'.repeat(151), '<b>']) {
      await expect(accounts.registerByUsername({ username, password: 'password123' })).rejects.toMatchObject({
        code: 'invalid-username',
      })
    }
    await expect(accounts.registerByUsername({ username: 'officer_7', password: 'password123' })).rejects.toMatchObject(
      {
        code: 'username-taken',
      },
    )
  })

  test('of ten who want one name at once makes one account', async () => {
    const { accounts } = await someAccounts()
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, () => accounts.registerByUsername({ username: 'one', password: 'password123' })),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })
})

describe('the profile', () => {
  test('changes what is named and leaves the rest', async () => {
    const { accounts, identity } = await aCitizen()
    const change = { city: 'Pune', settings: { preferences: { theme: 'dark' } } }
    expect(await accounts.changeProfile(identity, change)).toMatchObject({ city: 'Pune', name: 'Priya Sharma' })
  })

  test('keeps an address until another one is proved, which needs the password', async () => {
    const { accounts, identity, inbox, enter } = await aCitizen()
    for (const currentPassword of [undefined, 'not the password']) {
      await expect(
        accounts.changeProfile(identity, { email: 'new@example.com', currentPassword }),
      ).rejects.toMatchObject({ family: 'forbidden', code: 'wrong-password' })
    }
    const wish = { email: 'new@example.com', currentPassword: 'password123' }
    expect(await accounts.changeProfile(identity, wish)).toMatchObject({
      email: 'priya@example.com',
      pendingEmail: 'new@example.com',
    })
    await enter()
    // A wish is no way into the account.
    await accounts.sendPasswordReset({ email: 'new@example.com', ...home })
    expect(inbox.messages).toEqual([])
    await accounts.sendVerification(identity, 'email', home)
    await accounts.confirmVerification(identity, 'email', { code: inbox.codeTo('new@example.com'), ...home })
    expect(await accounts.getUser(identity.userId)).toMatchObject({
      email: 'new@example.com',
      pendingEmail: undefined,
      emailVerifiedAtMs: expect.any(Number),
    })
    expect((await accounts.signIn({ email: 'new@example.com', password: 'password123', ...home })).user.name).toBe(
      'Priya Sharma',
    )
  })

  test('sent back as it was needs no password, and takes a wish back', async () => {
    const { accounts, identity } = await aCitizen()
    await accounts.changeProfile(identity, { email: 'new@example.com', currentPassword: 'password123' })
    const same = { name: 'Priya Sharma', email: 'priya@example.com', phone: '9876543210', city: 'Mumbai' }
    expect(await accounts.changeProfile(identity, same)).toMatchObject({
      pendingEmail: undefined,
      phone: '+919876543210',
    })
  })

  test('a number that a stranger only claimed goes to who proves it', async () => {
    const { accounts, identity, inbox } = await aCitizen()
    const asha = await accounts.verify(
      (await accounts.signIn({ email: 'asha@city.example', password, ...home })).accessToken,
    )
    await accounts.changeProfile(asha, { phone: '9876543210', currentPassword: password })
    await accounts.sendVerification(asha, 'phone', home)
    await accounts.confirmVerification(asha, 'phone', { code: inbox.codeTo('+919876543210'), ...home })
    expect((await accounts.getUser(asha.userId)).phone).toBe('+919876543210')
    expect((await accounts.getUser(identity.userId)).phone).toBeUndefined()
    // What is proved stays with who proved it.
    await accounts.changeProfile(identity, { phone: '9876543210', currentPassword: 'password123' })
    await accounts.sendVerification(identity, 'phone', { clientAddress: '192.0.2.7' })
    const code = inbox.codeTo('+919876543210')
    await expect(
      accounts.confirmVerification(identity, 'phone', { code, clientAddress: '192.0.2.7' }),
    ).rejects.toMatchObject({ code: 'phone-taken' })
  })

  test('settings are bounded over all changes, null takes one away, and what cannot be read keeps nobody out', async () => {
    const { accounts, identity, records, enter } = await aCitizen()
    const thirty = (from: number) => Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`key${from + at}`, at]))
    await accounts.changeProfile(identity, { settings: { preferences: thirty(0) } })
    await expect(accounts.changeProfile(identity, { settings: { preferences: thirty(30) } })).rejects.toMatchObject({
      family: 'invalid',
      code: 'too-many-settings',
    })
    const fewer = await accounts.changeProfile(identity, { settings: { preferences: { key0: null } } })
    expect(Object.keys(accounts.settingsOf(fewer).preferences)).toHaveLength(29)
    await records.users.update(identity.userId, { settings: { preferences: { deep: { er: 1 } }, locationSettings: 7 } })
    expect(accounts.settingsOf((await enter()).user)).toMatchObject({ preferences: {}, locationSettings: {} })
  })

  test('keeps settings that were not named', async () => {
    const { accounts, identity } = await aCitizen()
    await accounts.changeProfile(identity, { settings: { accessibilitySettings: { highContrast: true } } })
    const user = await accounts.changeProfile(identity, {
      settings: { accessibilitySettings: { largeIconsMode: true } },
    })
    expect(accounts.settingsOf(user).accessibilitySettings).toMatchObject({
      highContrast: true,
      largeIconsMode: true,
      screenReader: false,
    })
  })

  test('another flat is another claim', async () => {
    const { accounts, identity, signedIn } = await aCitizen()
    await accounts.changeProfile(identity, { flatNumber: 'A-1' })
    const by = await anAdministrator(accounts)
    await accounts.administer({ userId: identity.userId, by, change: { flatNumber: 'A-1', isFlatConfirmed: true } })
    expect((await accounts.verify(signedIn.accessToken)).flatNumber).toBe('A-1')
    await accounts.changeProfile(identity, { flatNumber: 'A-2' })
    expect((await accounts.verify(signedIn.accessToken)).flatNumber).toBeUndefined()
  })
})

describe('a password', () => {
  test('is changed with the old one, and every other session ends', async () => {
    const { accounts, identity, enter, accessEvents } = await aCitizen()
    const other = await enter()
    const [here, there] = [identity.sessionId, (await accounts.verify(other.accessToken)).sessionId]
    accessEvents.length = 0
    await accounts.changePassword(identity, { currentPassword: 'password123', newPassword })
    expect(accessEvents).toEqual([{ userId: identity.userId, sessionId: there }])
    expect((await accounts.listSessions(identity.userId)).map(({ id }) => id)).toEqual([here])
    await expect(enter()).rejects.toMatchObject({ code: 'wrong-credentials' })
    await enter(newPassword)
  })

  test('is not changed by who found an open session', async () => {
    const { accounts, identity, enter } = await aCitizen()
    for (let tries = 0; tries < 10; tries++) {
      await expect(
        accounts.changePassword(identity, { currentPassword: `guess ${tries}`, newPassword }),
      ).rejects.toMatchObject({ family: 'forbidden', code: 'wrong-password' })
    }
    await expect(
      accounts.changePassword(identity, { currentPassword: 'password123', newPassword }),
    ).rejects.toMatchObject({ family: 'too-many' })
    await enter()
  })

  test('that was forgotten is chosen anew with a code, which ends every session', async () => {
    const { accounts, inbox, identity, signedIn, enter } = await aCitizen()
    await accounts.sendPasswordReset({ email: 'Priya@example.com', ...home })
    const claim = { email: 'priya@example.com', code: inbox.codeTo('priya@example.com'), ...home }
    await expect(accounts.resetPassword({ ...claim, password: 'short' })).rejects.toMatchObject({
      code: 'password-too-weak',
    })
    await accounts.resetPassword({ ...claim, password: newPassword })
    await expect(accounts.verify(signedIn.accessToken)).rejects.toMatchObject({ code: 'session-ended' })
    await expect(accounts.resetPassword({ ...claim, password: newPassword })).rejects.toMatchObject({
      code: 'invalid-otp',
    })
    expect((await enter(newPassword)).user.id).toBe(identity.userId)
  })

  test('a reset asked for an address that nobody has answers the same, and sends nothing', async () => {
    const { accounts, inbox } = await aCitizen()
    const known = await accounts.sendPasswordReset({ email: 'priya@example.com', ...home })
    const sent = inbox.messages.length
    expect(await accounts.sendPasswordReset({ email: 'nobody@example.com', ...home })).toBe(known)
    // Merely said to be hers; nobody proved it.
    expect(await accounts.sendPasswordReset({ phone: '9876543210', ...home })).toBe(known)
    expect(inbox.messages).toHaveLength(sent)
  })

  test('a reset by the first proof of an address ends what whoever made the account put there', async () => {
    const { accounts, inbox, identity } = await aCitizen()
    await accounts.sendVerification(identity, 'phone', home)
    await accounts.confirmVerification(identity, 'phone', { code: inbox.codeTo('+919876543210'), ...home })
    const owner = { clientAddress: '203.0.113.5' }
    await accounts.sendPasswordReset({ email: 'priya@example.com', ...owner })
    const code = inbox.codeTo('priya@example.com')
    await accounts.resetPassword({ email: 'priya@example.com', code, password: newPassword, ...owner })
    expect(await accounts.getUser(identity.userId)).toMatchObject({
      phone: undefined,
      emailVerifiedAtMs: expect.any(Number),
    })
  })

  test('a reset does not take a second factor off, and does not tell what role somebody has', async () => {
    const { accounts, inbox, records, asha } = await aCitizen()
    await records.secondFactors.begin(asha.id, 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP')
    await records.secondFactors.confirm(asha.id, ['x'])
    const guess = { code: '000000', password: 'eight888', ...home }
    for (const email of ['asha@city.example', 'priya@example.com', 'nobody@example.com']) {
      await expect(accounts.resetPassword({ email, ...guess })).rejects.toMatchObject({ code: 'invalid-otp' })
    }
    await accounts.sendPasswordReset({ email: 'asha@city.example', ...home })
    const claim = { email: 'asha@city.example', code: inbox.codeTo('asha@city.example'), ...home }
    await expect(accounts.resetPassword({ ...claim, password: 'eight888' })).rejects.toMatchObject({
      code: 'password-too-weak',
    })
    await accounts.resetPassword({ ...claim, password: newPassword })
    expect(await accounts.hasSecondFactor(asha.id)).toBe(true)
  })
})

describe('sessions', () => {
  test('are listed with where and with what, and ended one by one', async () => {
    const { accounts, identity } = await aCitizen()
    const phone = { clientAddress: '198.51.100.4', userAgent: 'A phone/1.0' }
    const other = await accounts.signIn({ email: 'priya@example.com', password: 'password123', ...phone })
    const [newest] = await accounts.listSessions(identity.userId)
    expect(newest).toMatchObject({ clientAddress: '198.51.100.4', userAgent: 'A phone/1.0' })
    await accounts.endSession(identity, newest!.id)
    await expect(accounts.verify(other.accessToken)).rejects.toMatchObject({ code: 'session-ended' })
    await expect(accounts.endSession(identity, newest!.id)).rejects.toMatchObject({ code: 'session-not-found' })
  })

  test('of somebody else cannot be ended, nor told from none', async () => {
    const { accounts, identity, signIn } = await aCitizen()
    const asha = await accounts.verify((await signIn()).accessToken)
    await expect(accounts.endSession(identity, asha.sessionId)).rejects.toMatchObject({ code: 'session-not-found' })
    await accounts.endOtherSessions(identity)
    expect(await accounts.listSessions(asha.userId)).toHaveLength(1)
  })
})

describe('administration', () => {
  test.each([
    ['an admin makes nobody super_admin', 'admin', { role: 'super_admin' }, 'above-your-role'],
    ['an operator changes nobody', 'operator', { name: 'X' }, 'above-your-role'],
    ['a role needs a password that is long enough', 'super_admin', { role: 'operator' }, 'password-too-short-for-role'],
    ['a flat is confirmed by its number', 'super_admin', { isFlatConfirmed: true }, 'no-flat'],
  ] as const)('%s', async (_, role, change, code) => {
    const { accounts, identity } = await aCitizen()
    const by = { ...(await anAdministrator(accounts)), role }
    await expect(accounts.administer({ userId: identity.userId, by, change })).rejects.toMatchObject({ code })
  })

  test('an admin cannot touch a super_admin', async () => {
    const { accounts, identity } = await aCitizen()
    const superAdmin = await anAdministrator(accounts)
    const by = { ...identity, role: 'admin' as const }
    for (const change of [{ isBanned: true }, { role: 'citizen' as const }, { name: 'X' }]) {
      await expect(accounts.administer({ userId: superAdmin.userId, by, change })).rejects.toMatchObject({
        code: 'above-your-role',
      })
    }
    await expect(accounts.endSessionsOf({ userId: superAdmin.userId, by })).rejects.toMatchObject({
      code: 'above-your-role',
    })
    await expect(accounts.removeSecondFactorOf({ userId: superAdmin.userId, by })).rejects.toMatchObject({
      code: 'above-your-role',
    })
  })

  test('does not take an administrator’s own second factor off without a code', async () => {
    const { accounts } = await aCitizen()
    const by = await anAdministrator(accounts)
    await expect(accounts.removeSecondFactorOf({ userId: by.userId, by })).rejects.toMatchObject({
      family: 'conflict',
      code: 'use-your-profile',
    })
  })

  test('gives no role that watches the city to who has no password', async () => {
    const { accounts, inbox } = await aCitizen()
    await accounts.sendSignInCode({ phone: '9876543211', ...home })
    await accounts.signInByCode({ phone: '9876543211', code: inbox.codeTo('+919876543211'), ...home })
    const { user } = await accounts.registerByPhone({ phone: '9876543211', name: 'M', flatNumber: '1', ...home })
    const by = await anAdministrator(accounts)
    await expect(accounts.administer({ userId: user.id, by, change: { role: 'admin' } })).rejects.toMatchObject({
      code: 'password-needed-for-role',
    })
    expect(await accounts.administer({ userId: user.id, by, change: { role: 'officer' } })).toMatchObject({
      role: 'officer',
    })
  })

  test('writes each change down, with who and what', async () => {
    const { accounts, records, identity } = await aCitizen()
    const by = await anAdministrator(accounts)
    await accounts.administer({
      userId: identity.userId,
      by,
      change: { role: 'security_guard', isBanned: true, unitNumber: '7' },
    })
    const { items } = await records.audit.list({ limit: 3, subject: `user:${identity.userId}` })
    expect(items.map(({ action, actor }) => [action, actor])).toEqual([
      ['user-changed', by.userId],
      ['user-banned', by.userId],
      ['user-role-changed', by.userId],
    ])
    expect(items[2]?.detail).toEqual({ from: 'citizen', role: 'security_guard' })
  })

  test('finds people by part of what they are known by', async () => {
    const { accounts, priya } = await aCitizen()
    for (const search of ['priya', 'SHARMA', '98765', 'example.com']) {
      expect(
        (await accounts.listUsers({ limit: 10, search })).items.map(({ id }) => id),
        search,
      ).toEqual([priya.id])
    }
    expect((await accounts.listUsers({ limit: 10, search: '%' })).items).toEqual([])
  })
})

describe('what goes wrong', () => {
  test('at sign-in is written down without what was typed, and a loop once a minute with its count', async () => {
    const { accounts, records, asha, clock } = await someAccounts()
    const guess = (email: string) =>
      expect(accounts.signIn({ email, password: 'a secret guess', ...home })).rejects.toThrow()
    for (const email of ['asha@city.example', 'nobody@city.example', 'asha@city.example', 'nobody-2@city.example']) {
      await guess(email)
    }
    clock.advance(60_000)
    await guess('asha@city.example')
    const { items } = await records.audit.list({ limit: 10, action: 'sign-in-failed' })
    expect(items.map(({ subject, actor, detail }) => [subject, actor, detail.repeats])).toEqual([
      [`user:${asha.id}`, 'address:192.0.2.1', 1],
      [undefined, 'address:192.0.2.1', 0],
      [`user:${asha.id}`, 'address:192.0.2.1', 0],
    ])
    expect(JSON.stringify(items)).not.toMatch(/secret guess|nobody|asha@/)
  })
})

async function anAdministrator(accounts: Awaited<ReturnType<typeof someAccounts>>['accounts']): Promise<Identity> {
  const { accessToken } = await accounts.signIn({ email: 'admin@city.example', password, ...home })
  return accounts.verify(accessToken)
}
