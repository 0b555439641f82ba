import { describe, expect, test } from 'vitest'
import { createAccounts } from '../../people/index.ts'
import { anInbox } from '../support/inbox.ts'
import { bytesOf, someAccounts } from './fixture.ts'

const phone = '9876543210'
const inFull = '+919876543210'
const home = { clientAddress: '192.0.2.1' }
const stranger = { clientAddress: '203.0.113.9' }
const minuteMs = 60_000

/** Accounts with a resident who registered by phone. */
async function aResident() {
  const fixture = await someAccounts()
  const { accounts, inbox } = fixture
  await accounts.sendSignInCode({ phone, ...home })
  await accounts.signInByCode({ phone, code: inbox.codeTo(inFull), ...home })
  const { user } = await accounts.registerByPhone({ phone, name: 'Meera', flatNumber: 'B-204', ...home })
  return { ...fixture, meera: user }
}

const wrongOf = (code: string) => (code === '000000' ? '000001' : '000000')

describe('a phone that nobody has', () => {
  test('is sent a code, and registers as a resident with it', async () => {
    const { accounts, inbox } = await someAccounts()
    expect(await accounts.sendSignInCode({ phone, ...home })).toEqual({ phone: inFull, expiresInS: 300 })
    expect(inbox.messages).toMatchObject([{ to: { type: 'phone', address: inFull } }])
    const code = inbox.codeTo(inFull)
    expect(await accounts.signInByCode({ phone, code, ...home })).toEqual({ type: 'needs-registration', phone: inFull })
    const { user, sessionToken } = await accounts.registerByPhone({
      phone,
      name: 'Meera',
      flatNumber: 'B-204',
      ...home,
    })
    expect(user).toMatchObject({ role: 'resident', phone: inFull, flatNumber: 'B-204', flatConfirmedAtMs: undefined })
    expect(await accounts.verify(sessionToken)).toMatchObject({ userId: user.id, flatNumber: undefined })
  })

  test.each([
    ['without a code', async () => {}],
    ['five minutes after', 'late'],
    ['from elsewhere', 'elsewhere'],
    ['from another client behind the same address', 'neighbour'],
    ['a second time', 'twice'],
  ] as const)('does not register %s', async (_, how) => {
    const { accounts, inbox, clock } = await someAccounts()
    const register = (client: { clientAddress: string; userAgent?: string } = home) =>
      accounts.registerByPhone({ phone, name: 'M', flatNumber: '1', ...client })
    if (typeof how === 'string') {
      await accounts.sendSignInCode({ phone, ...home })
      await accounts.signInByCode({ phone, code: inbox.codeTo(inFull), ...home })
    }
    if (how === 'late') clock.advance(5 * minuteMs)
    if (how === 'twice') await register()
    const neighbour = { ...home, userAgent: 'another app' }
    const by = { elsewhere: stranger, neighbour }[how as string] ?? home
    await expect(register(by)).rejects.toMatchObject({
      family: 'forbidden',
      code: 'phone-not-verified',
    })
  })

  test('is not the way into an account that merely says it is its own, and is taken from it', async () => {
    const { accounts, inbox } = await someAccounts()
    const squatter = await accounts.register({
      name: 'Squatter',
      email: 'squatter@city.example',
      password: 'password123',
      phone,
      ...stranger,
    })
    await accounts.sendSignInCode({ phone, ...home })
    const outcome = await accounts.signInByCode({ phone, code: inbox.codeTo(inFull), ...home })
    expect(outcome.type).toBe('needs-registration')
    const { user } = await accounts.registerByPhone({ phone, name: 'Meera', flatNumber: 'B-204', ...home })
    expect(user.phone).toBe(inFull)
    expect((await accounts.getUser(squatter.user.id)).phone).toBeUndefined()
  })
})

describe('a code', () => {
  test('signs its phone in, once', async () => {
    const { accounts, inbox, meera } = await aResident()
    await accounts.sendSignInCode({ phone, ...home })
    const code = inbox.codeTo(inFull)
    const outcome = await accounts.signInByCode({ phone, code, ...home })
    expect(outcome).toMatchObject({ type: 'signed-in', signedIn: { user: { id: meera.id } } })
    await expect(accounts.signInByCode({ phone, code, ...home })).rejects.toMatchObject({ code: 'invalid-otp' })
  })

  test('is good for five minutes', async () => {
    const { accounts, inbox, clock } = await aResident()
    await accounts.sendSignInCode({ phone, ...home })
    clock.advance(5 * minuteMs)
    await expect(accounts.signInByCode({ phone, code: inbox.codeTo(inFull), ...home })).rejects.toMatchObject({
      code: 'invalid-otp',
    })
  })

  test('can be tried five times', async () => {
    const { accounts, inbox } = await aResident()
    await accounts.sendSignInCode({ phone, ...home })
    const code = inbox.codeTo(inFull)
    for (let tries = 0; tries < 5; tries++) {
      await expect(accounts.signInByCode({ phone, code: wrongOf(code), ...home })).rejects.toThrow()
    }
    await expect(accounts.signInByCode({ phone, code, ...home })).rejects.toMatchObject({ code: 'invalid-otp' })
  })

  test('is replaced by the next', async () => {
    const { accounts, inbox } = await aResident()
    await accounts.sendSignInCode({ phone, ...home })
    const first = inbox.codeTo(inFull)
    await accounts.sendSignInCode({ phone, ...home })
    const second = inbox.codeTo(inFull)
    if (first !== second) {
      await expect(accounts.signInByCode({ phone, code: first, ...home })).rejects.toMatchObject({
        code: 'invalid-otp',
      })
    }
    expect(await accounts.signInByCode({ phone, code: second, ...home })).toMatchObject({ type: 'signed-in' })
  })

  test('for one thing is no code for another', async () => {
    const { accounts, inbox } = await aResident()
    await accounts.sendPasswordReset({ phone, ...home })
    const code = inbox.codeTo(inFull)
    await expect(accounts.signInByCode({ phone, code, ...home })).rejects.toMatchObject({ code: 'invalid-otp' })
  })

  test('follows its owner to another network', async () => {
    const { accounts, inbox } = await aResident()
    await accounts.sendSignInCode({ phone, ...home })
    expect(await accounts.signInByCode({ phone, code: inbox.codeTo(inFull), ...stranger })).toMatchObject({
      type: 'signed-in',
    })
  })

  test('is not used up by a stranger who guesses', async () => {
    const { accounts, inbox } = await aResident()
    await accounts.sendSignInCode({ phone, ...home })
    const code = inbox.codeTo(inFull)
    for (let tries = 0; tries < 20; tries++) {
      await expect(accounts.signInByCode({ phone, code: wrongOf(code), ...stranger })).rejects.toThrow()
    }
    // Not even the right one helps the stranger now; the owner does not notice.
    await expect(accounts.signInByCode({ phone, code, ...stranger })).rejects.toMatchObject({ code: 'invalid-otp' })
    expect(await accounts.signInByCode({ phone, code, ...home })).toMatchObject({ type: 'signed-in' })
  })

  test('that a stranger had sent does not take the place of the owner’s', async () => {
    const { accounts, inbox } = await aResident()
    await accounts.sendSignInCode({ phone, ...home })
    const code = inbox.codeTo(inFull)
    await accounts.sendSignInCode({ phone, ...stranger })
    expect(await accounts.signInByCode({ phone, code, ...home })).toMatchObject({ type: 'signed-in' })
  })

  test('is nowhere in the records', async () => {
    const { accounts, inbox, path } = await aResident()
    await accounts.sendSignInCode({ phone, ...home })
    const code = inbox.codeTo(inFull)
    // Six digits stand in a file by chance; as a column of its own the code would follow the network before it.
    const bytes = bytesOf(path)
    expect(bytes.includes(`${home.clientAddress}${code}`)).toBe(false)
    expect(bytes.includes(`${inFull}${home.clientAddress}`)).toBe(true)
  })
})

describe('asking for codes', () => {
  const ask = (accounts: Awaited<ReturnType<typeof someAccounts>>['accounts'], clientAddress: string) =>
    accounts.sendSignInCode({ phone, clientAddress })

  test('is limited to three in a quarter of an hour from one network', async () => {
    const { accounts, clock } = await someAccounts()
    for (let times = 0; times < 3; times++) await ask(accounts, '2001:db8::1')
    await expect(ask(accounts, '2001:db8::2')).rejects.toMatchObject({ family: 'too-many', code: 'too-many-codes' })
    clock.advance(15 * minuteMs)
    await ask(accounts, '2001:db8::1')
  })

  test('by many networks at once ends too, and not for the owner at home', async () => {
    const { accounts } = await aResident()
    let refused = 0
    for (let at = 1; at <= 12; at++) await ask(accounts, `198.51.100.${at}`).catch(() => refused++)
    expect(refused).toBeGreaterThan(0)
    await expect(ask(accounts, '198.51.100.99')).rejects.toMatchObject({ code: 'too-many-codes' })
    await ask(accounts, home.clientAddress)
  })

  test('ends after twenty in a day', async () => {
    const { accounts, clock, inbox } = await someAccounts()
    for (let hour = 0; hour < 12; hour++) {
      for (let at = 0; at < 4; at++) await ask(accounts, `198.51.100.${hour * 4 + at}`).catch(() => {})
      clock.advance(20 * minuteMs)
    }
    expect(inbox.messages).toHaveLength(20)
  })

  test('is limited to twenty in a quarter of an hour from one network, to whatever numbers', async () => {
    const { accounts, inbox } = await someAccounts()
    let refused = 0
    for (let at = 10; at < 40; at++) {
      const asked = accounts.sendSignInCode({ phone: `98765432${at}`, ...stranger })
      await asked.catch(({ code }) => {
        expect(code).toBe('too-many-codes')
        refused += 1
      })
    }
    expect([inbox.messages.length, refused]).toEqual([20, 10])
  })

  test('sends nothing to countries that the city does not serve', async () => {
    const { accounts, inbox } = await someAccounts()
    for (const written of ['+882 1234 56789', '+1 415 555 2671', '+44 20 7946 0958']) {
      await expect(accounts.sendSignInCode({ phone: written, ...home })).rejects.toMatchObject({
        code: 'phone-country-not-served',
      })
    }
    expect(inbox.messages).toEqual([])
  })

  test.each(['', '12345', 'not a number', '9876543210; drop table users', '+999999999999999999', '98765\n43210x'])(
    'refuses %j as a phone number',
    async (written) => {
      const { accounts } = await someAccounts()
      await expect(accounts.sendSignInCode({ phone: written, ...home })).rejects.toMatchObject({
        code: 'invalid-phone',
      })
    },
  )

  test('says so where no text messages can be sent', async () => {
    const { records, clock } = await someAccounts()
    const options = { records, now: clock.now, jwtSecret: 'x'.repeat(32), messenger: anInbox({ reaches: ['email'] }) }
    await expect(createAccounts(options).sendSignInCode({ phone, ...home })).rejects.toMatchObject({
      family: 'unavailable',
      code: 'channel-missing',
    })
  })
})

describe('a token that stands for a session', () => {
  test('goes on while it is used, and ends after thirty days without', async () => {
    const { accounts, inbox, clock } = await aResident()
    await accounts.sendSignInCode({ phone, ...home })
    const outcome = await accounts.signInByCode({ phone, code: inbox.codeTo(inFull), ...home })
    if (outcome.type !== 'signed-in') throw new Error('not signed in')
    const { sessionToken } = outcome.signedIn
    for (let days = 0; days < 60; days += 20) {
      clock.advance(20 * 86_400_000)
      await accounts.verify(sessionToken)
    }
    clock.advance(30 * 86_400_000)
    await expect(accounts.verify(sessionToken)).rejects.toMatchObject({ family: 'unauthenticated' })
  })

  test('ends after twelve hours without use for who watches the city', async () => {
    const { accounts, signIn, clock } = await someAccounts()
    const { sessionToken } = await signIn()
    clock.advance(11 * 3_600_000)
    await accounts.verify(sessionToken)
    clock.advance(12 * 3_600_000)
    await expect(accounts.verify(sessionToken)).rejects.toMatchObject({ code: 'token-expired' })
  })

  test('ends with its session, and is not in the records', async () => {
    const { accounts, signIn, path } = await someAccounts()
    const { sessionToken } = await signIn()
    const { sessionId } = await accounts.verify(sessionToken)
    expect(bytesOf(path).includes(sessionToken)).toBe(false)
    await accounts.signOut(sessionId)
    await expect(accounts.verify(sessionToken)).rejects.toMatchObject({ code: 'session-ended' })
  })
})
