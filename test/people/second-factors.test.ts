import { TOTP } from 'otpauth'
import { describe, expect, test } from 'vitest'
import { bytesOf, password, someAccounts } from './fixture.ts'

const client = { clientAddress: '192.0.2.1' }

/** Asha, whose second factor is on. */
async function aGuardedAsha() {
  const fixture = await someAccounts()
  const { accounts, asha, clock, signIn } = fixture
  const { accessToken } = await signIn()
  const identity = await accounts.verify(accessToken)
  const { secret, uri } = await accounts.beginSecondFactor(identity, { password })
  const codeNow = (offsetS = 0) => new TOTP({ secret }).generate({ timestamp: clock.now() + offsetS * 1000 })
  const recoveryCodes = await accounts.confirmSecondFactor(identity, { code: codeNow() })
  clock.advance(30_000)
  const enter = (totp?: string) => accounts.signIn({ email: 'asha@city.example', password, totp, ...client })
  return { ...fixture, asha, identity, secret, uri, codeNow, recoveryCodes, enter }
}

describe('a second factor', () => {
  test('is asked for once it was confirmed, and opens with a code of now', async () => {
    const { enter, codeNow, uri } = await aGuardedAsha()
    expect(uri).toMatch(/^otpauth:\/\/totp\/Prahari:asha%40city\.example\?/)
    await expect(enter()).rejects.toMatchObject({ family: 'unauthenticated', code: 'second-factor-required' })
    expect((await enter(codeNow())).user.name).toBe('Asha')
  })

  test('is not asked for while it was only begun', async () => {
    const { accounts, signIn } = await someAccounts()
    const identity = await accounts.verify((await signIn()).accessToken)
    await accounts.beginSecondFactor(identity, { password })
    await signIn()
    expect(await accounts.hasSecondFactor(identity.userId)).toBe(false)
  })

  test.each([
    ['a code of five minutes ago', -300],
    ['a code of in two minutes', 120],
  ])('does not open with %s', async (_, offsetS) => {
    const { enter, codeNow } = await aGuardedAsha()
    await expect(enter(codeNow(offsetS))).rejects.toMatchObject({ code: 'wrong-second-factor' })
  })

  test('opens for a clock that is one step off', async () => {
    const { enter, codeNow, clock } = await aGuardedAsha()
    clock.advance(60_000)
    await enter(codeNow(-30))
  })

  test('does not open twice with one code, nor with an older one after a newer', async () => {
    const { enter, codeNow } = await aGuardedAsha()
    const code = codeNow()
    await enter(code)
    await expect(enter(code)).rejects.toMatchObject({ code: 'wrong-second-factor' })
  })

  test('of two who bring one code at once lets one in', async () => {
    const { enter, codeNow } = await aGuardedAsha()
    const outcomes = await Promise.allSettled([enter(codeNow()), enter(codeNow())])
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('opens with each recovery code once, however it is typed', async () => {
    const { enter, recoveryCodes } = await aGuardedAsha()
    expect(new Set(recoveryCodes).size).toBe(10)
    await enter(recoveryCodes[0]!.toUpperCase().replace('-', ' '))
    await expect(enter(recoveryCodes[0])).rejects.toMatchObject({ code: 'wrong-second-factor' })
    await enter(recoveryCodes[1])
  })

  test('says nothing to who does not know the password', async () => {
    const { accounts, codeNow } = await aGuardedAsha()
    const guess = { email: 'asha@city.example', password: 'not the password', ...client }
    await expect(accounts.signIn(guess)).rejects.toMatchObject({ code: 'wrong-credentials' })
    await expect(accounts.signIn({ ...guess, totp: codeNow() })).rejects.toMatchObject({ code: 'wrong-credentials' })
  })

  test('is not guessed by many networks together, while the owner at home still comes in', async () => {
    const { accounts, codeNow, enter } = await aGuardedAsha()
    const guess = (at: number) =>
      accounts.signIn({ email: 'asha@city.example', password, totp: '000000', clientAddress: `198.51.100.${at}` })
    for (let at = 0; at < 10; at++) await expect(guess(at)).rejects.toMatchObject({ code: 'wrong-second-factor' })
    await expect(guess(11)).rejects.toMatchObject({ family: 'too-many' })
    await enter(codeNow())
  })

  test('needs the password to be begun, and a code to be switched off', async () => {
    const { accounts, identity, codeNow, enter } = await aGuardedAsha()
    await expect(accounts.beginSecondFactor(identity, { password: 'a guess of it' })).rejects.toMatchObject({
      code: 'wrong-password',
    })
    await expect(accounts.beginSecondFactor(identity, { password })).rejects.toMatchObject({
      code: 'second-factor-there',
    })
    await expect(accounts.removeSecondFactor(identity, { code: '000000', ...client })).rejects.toMatchObject({
      family: 'forbidden',
      code: 'wrong-second-factor',
    })
    await accounts.removeSecondFactor(identity, { code: codeNow(), ...client })
    await enter()
  })

  test('lies sealed in the records', async () => {
    const { path, secret, records, identity } = await aGuardedAsha()
    expect(bytesOf(path).includes(secret)).toBe(false)
    expect((await records.secondFactors.get(identity.userId))?.secret).toBe(secret)
  })

  test('is taken off by an administrator for who lost it, which is written down', async () => {
    const { accounts, records, identity, enter } = await aGuardedAsha()
    const [admin] = (await accounts.listUsers({ limit: 1, role: 'super_admin' })).items
    const by = { ...identity, userId: admin!.id, role: 'super_admin' as const }
    await accounts.removeSecondFactorOf({ userId: identity.userId, by })
    await enter()
    const { items } = await records.audit.list({ limit: 10, action: 'second-factor-removed' })
    expect(items).toMatchObject([{ actor: admin!.id, subject: `user:${identity.userId}` }])
  })

  test('guards sign-in by phone too, where the code is not asked for again', async () => {
    const { accounts, identity, inbox, codeNow } = await aGuardedAsha()
    await accounts.changeProfile(identity, { phone: '9876543210', currentPassword: password })
    await accounts.sendVerification(identity, 'phone', client)
    await accounts.confirmVerification(identity, 'phone', { code: inbox.codeTo('+919876543210'), ...client })
    await accounts.sendSignInCode({ phone: '9876543210', ...client })
    const claim = { phone: '9876543210', code: inbox.codeTo('+919876543210'), ...client }
    await expect(accounts.signInByCode(claim)).rejects.toMatchObject({ code: 'second-factor-required' })
    await expect(accounts.signInByCode(claim)).rejects.toMatchObject({ code: 'invalid-otp' })
    const otherCode = claim.code === '000000' ? '000001' : '000000'
    await expect(accounts.signInByCode({ ...claim, code: otherCode, totp: codeNow() })).rejects.toMatchObject({
      code: 'invalid-otp',
    })
    const outcome = await accounts.signInByCode({ ...claim, totp: codeNow() })
    expect(outcome).toMatchObject({ type: 'signed-in' })
    await expect(accounts.signInByCode({ ...claim, totp: codeNow(30) })).rejects.toMatchObject({ code: 'invalid-otp' })
  })
})
