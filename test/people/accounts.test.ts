import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { type Accounts, createAccounts } from '../../people/index.ts'
import type { Records } from '../../store/index.ts'
import { someRecords } from '../store/records/fixture.ts'
import { anInbox } from '../support/inbox.ts'
import { jwtSecret, password, someAccounts } from './fixture.ts'

const dayMs = 86_400_000

describe('the first administrator', () => {
  test('gets a random password, told once, that works', async () => {
    const { records, clock } = await someRecords()
    const accounts = createAccounts({ records, now: clock.now, messenger: anInbox(), jwtSecret, bcryptCost: 4 })
    const first = await accounts.ensureAdministrator({ email: 'Admin@City.example' })
    expect(first).toMatchObject({ created: true, email: 'admin@city.example' })
    expect(first.password).toHaveLength(20)
    const again = await accounts.ensureAdministrator({ email: 'admin@city.example' })
    expect(again).toEqual({ created: false, email: 'admin@city.example', password: undefined })
    const signedIn = await accounts.signIn({
      email: 'admin@city.example',
      password: first.password!,
      clientAddress: '::1',
    })
    expect(signedIn.user.role).toBe('super_admin')
  })

  test('is not made again, nor given another password, when one is named later', async () => {
    const { accounts, admin } = await someAccounts()
    expect(admin).toEqual({ created: true, email: 'admin@city.example', password: undefined })
    await accounts.ensureAdministrator({ email: 'admin@city.example', password: 'quite another one' })
    await accounts.signIn({ email: 'admin@city.example', password, clientAddress: '::1' })
  })

  test('cannot be taken away while there is no other', async () => {
    const { accounts, asha } = await someAccounts()
    const [admin] = (await accounts.listUsers({ limit: 1, role: 'super_admin' })).items
    const last = { family: 'conflict', code: 'last-administrator' }
    const userId = admin!.id
    await expect(accounts.setBanned({ userId, banned: true, by: userId })).rejects.toMatchObject(last)
    await expect(accounts.setRole({ userId, role: 'citizen', by: userId })).rejects.toMatchObject(last)
    expect(await accounts.getUser(userId)).toMatchObject({ role: 'super_admin', state: 'active' })
    await accounts.setRole({ userId: asha.id, role: 'admin', by: userId })
    expect(await accounts.setRole({ userId, role: 'citizen', by: asha.id })).toMatchObject({ role: 'citizen' })
  })
})

describe('signing in', () => {
  test('gives tokens for who one is, whatever the case of the address', async () => {
    const { accounts, signIn, asha, clock } = await someAccounts()
    const signedIn = await signIn({ email: '  ASHA@city.EXAMPLE ' })
    expect(signedIn.user).toEqual({ ...asha, signedInAtMs: clock.now() })
    expect(signedIn.accessExpiresAtMs).toBe(clock.now() + 15 * 60_000)
    expect(JSON.stringify(signedIn)).not.toContain('$2b$')
    expect(await accounts.verify(signedIn.accessToken)).toMatchObject({ userId: asha.id, role: 'operator' })
  })

  test.each([
    ['a wrong password', { password: 'incorrect horse battery' }],
    ['no password', { password: '' }],
    ['the password with a NUL and more', { password: `${password}\0x` }],
    ['a very long password', { password: 'x'.repeat(1024) }],
    ['an unknown address', { email: 'nobody@city.example' }],
    ['an injected address', { email: "' or 1=1 --" }],
  ])('fails the same way for %s', async (_, input) => {
    const { signIn } = await someAccounts()
    await expect(signIn(input)).rejects.toMatchObject({
      family: 'unauthenticated',
      code: 'wrong-credentials',
      message: 'wrong e-mail address or password',
    })
  })

  test('a password of 72 bytes is not opened by its first 72 bytes and more', async () => {
    const { accounts, signIn, asha } = await someAccounts()
    const long = 'abcdefgh'.repeat(9)
    await accounts.setPassword({ userId: asha.id, password: long, by: asha.id })
    await signIn({ password: long })
    await expect(signIn({ password: `${long}x` })).rejects.toMatchObject({ code: 'wrong-credentials' })
  })

  test('a password typed with other accents of the same letter opens too', async () => {
    const { accounts, signIn, asha } = await someAccounts()
    await accounts.setPassword({ userId: asha.id, password: 'crème brûlée'.normalize('NFD'), by: asha.id })
    await signIn({ password: 'crème brûlée'.normalize('NFC') })
  })

  test('a banned account is told so only with the right password', async () => {
    const { accounts, signIn, asha } = await someAccounts()
    await accounts.setBanned({ userId: asha.id, banned: true, by: 'system' })
    await expect(signIn()).rejects.toMatchObject({ family: 'forbidden', code: 'account-banned' })
    await expect(signIn({ password: 'not the password' })).rejects.toMatchObject({ code: 'wrong-credentials' })
    await accounts.setBanned({ userId: asha.id, banned: false, by: 'system' })
    await signIn()
  })

  test('the twenty-first session ends the first', async () => {
    const { accounts, signIn, accessEvents, asha } = await someAccounts()
    const first = await signIn()
    const { sessionId } = await accounts.verify(first.accessToken)
    for (let times = 0; times < 19; times++) await signIn()
    await accounts.verify(first.accessToken)
    await signIn()
    await expect(accounts.verify(first.accessToken)).rejects.toMatchObject({ code: 'session-ended' })
    expect(accessEvents).toEqual([{ userId: asha.id, sessionId }])
  })
})

describe('guessing', () => {
  test('is stopped after ten tries at one account from one network, for a quarter of an hour', async () => {
    const { signIn, clock } = await someAccounts()
    for (let tries = 0; tries < 10; tries++) {
      await expect(signIn({ password: 'a wrong guess' })).rejects.toMatchObject({ code: 'wrong-credentials' })
    }
    await expect(signIn()).rejects.toMatchObject({ family: 'too-many', code: 'too-many-sign-ins' })
    clock.advance(15 * 60_000)
    await signIn()
  })

  test('made all at once is counted before it is answered', async () => {
    const { signIn } = await someAccounts()
    const outcomes = await Promise.allSettled(Array.from({ length: 40 }, () => signIn({ password: 'a wrong guess' })))
    const codes = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.code : 'in'))
    expect(codes.filter((code) => code === 'wrong-credentials')).toHaveLength(10)
    expect(codes.filter((code) => code === 'too-many-sign-ins')).toHaveLength(30)
  })

  test('locks out neither the owner elsewhere nor neighbours at other accounts', async () => {
    const { signIn } = await someAccounts()
    const attacker = '2001:db8:1:2::3'
    for (let tries = 0; tries < 12; tries++) {
      await signIn({ password: 'a wrong guess', clientAddress: attacker }).catch(() => undefined)
    }
    await signIn({ clientAddress: '2001:db8:1:3::3' })
    await signIn({ email: 'admin@city.example', clientAddress: attacker })
    // Another address of the same /64 is the same network, however it is written.
    const sameNetwork = signIn({ clientAddress: '2001:0DB8:0001:0002:ffff::1' })
    await expect(sameNetwork).rejects.toMatchObject({ code: 'too-many-sign-ins' })
  })

  test('does not count against those who get it right', async () => {
    const { signIn } = await someAccounts()
    for (let times = 0; times < 12; times++) await signIn()
    for (let tries = 0; tries < 9; tries++) await signIn({ password: 'a slip' }).catch(() => undefined)
    await signIn()
    for (let tries = 0; tries < 9; tries++) await signIn({ password: 'a slip' }).catch(() => undefined)
    await signIn({ clientAddress: '::ffff:192.0.2.1' })
  })
})

describe('refresh tokens', () => {
  test('work once; the next one works then', async () => {
    const { accounts, signIn, asha } = await someAccounts()
    const first = await signIn()
    const second = await accounts.refresh(first.refreshToken)
    const third = await accounts.refresh(second.refreshToken)
    expect(new Set([first, second, third].map(({ refreshToken }) => refreshToken)).size).toBe(3)
    expect(await accounts.verify(third.accessToken)).toMatchObject({ userId: asha.id })
  })

  test('used again end the whole session, for the thief and the owner', async () => {
    const { accounts, signIn, records, accessEvents, asha } = await someAccounts()
    const stolen = await signIn()
    const other = await signIn()
    const { sessionId } = await accounts.verify(stolen.accessToken)
    const owners = await accounts.refresh(stolen.refreshToken)
    const reused = { family: 'unauthenticated', code: 'refresh-token-reused' }
    await expect(accounts.refresh(stolen.refreshToken)).rejects.toMatchObject(reused)
    await expect(accounts.refresh(owners.refreshToken)).rejects.toMatchObject({ code: 'session-ended' })
    await expect(accounts.verify(owners.accessToken)).rejects.toMatchObject({ code: 'session-ended' })
    expect(accessEvents).toEqual([{ userId: asha.id, sessionId }])
    const { items } = await records.audit.list({ limit: 5, action: 'refresh-token-reused' })
    expect(items).toMatchObject([{ actor: asha.id, subject: `session:${sessionId}` }])
    // Another session of the same person goes on.
    await accounts.refresh(other.refreshToken)
  })

  test('used twice at once let one through, and end the session', async () => {
    const { accounts, signIn } = await someAccounts()
    const { refreshToken } = await signIn()
    const outcomes = await Promise.allSettled([accounts.refresh(refreshToken), accounts.refresh(refreshToken)])
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const winner = outcomes.find((outcome) => outcome.status === 'fulfilled')!
    await expect(accounts.refresh(winner.value.refreshToken)).rejects.toMatchObject({ code: 'session-ended' })
  })

  test('end with their session after thirty days, however often they were traded', async () => {
    const { accounts, signIn, clock } = await someAccounts()
    let { refreshToken } = await signIn()
    for (let days = 0; days < 29; days++) {
      clock.advance(dayMs)
      refreshToken = (await accounts.refresh(refreshToken)).refreshToken
    }
    clock.advance(dayMs)
    await expect(accounts.refresh(refreshToken)).rejects.toMatchObject({ code: 'session-ended' })
  })

  test.each(['', 'x', 'null', 'a'.repeat(43)])('made up (%j) are not accepted and end nothing', async (madeUp) => {
    const { accounts, signIn } = await someAccounts()
    const { refreshToken } = await signIn()
    await expect(accounts.refresh(madeUp)).rejects.toMatchObject({ code: 'invalid-token' })
    await accounts.refresh(refreshToken)
  })

  test('of a banned person are refused', async () => {
    const { accounts, signIn, asha } = await someAccounts()
    const { refreshToken } = await signIn()
    await accounts.setBanned({ userId: asha.id, banned: true, by: 'system' })
    await expect(accounts.refresh(refreshToken)).rejects.toMatchObject({ code: 'account-banned' })
  })

  test('and passwords are nowhere in the file', async () => {
    const { records, signIn, path } = await someAccounts()
    const { refreshToken, accessToken } = await signIn()
    await records.close()
    const file = await readFile(path)
    for (const secret of [refreshToken, accessToken, password]) expect(file.includes(secret)).toBe(false)
  })
})

describe('at once', () => {
  test('a new role counts for tokens already out', async () => {
    const { accounts, signIn, asha, accessEvents } = await someAccounts()
    const { accessToken } = await signIn()
    await accounts.setRole({ userId: asha.id, role: 'analyst', by: 'system' })
    expect(await accounts.verify(accessToken)).toMatchObject({ role: 'analyst' })
    expect(accessEvents).toEqual([{ userId: asha.id, sessionId: undefined }])
  })

  test('a ban ends every session', async () => {
    const { accounts, signIn, asha } = await someAccounts()
    const sessions = [await signIn(), await signIn()]
    await accounts.setBanned({ userId: asha.id, banned: true, by: 'system' })
    for (const { accessToken } of sessions) await expect(accounts.verify(accessToken)).rejects.toThrow()
    await accounts.setBanned({ userId: asha.id, banned: false, by: 'system' })
    // Forgiven is not signed in again.
    for (const { accessToken } of sessions) {
      await expect(accounts.verify(accessToken)).rejects.toMatchObject({ code: 'session-ended' })
    }
  })

  test('signing out ends this session and no other', async () => {
    const { accounts, signIn, accessEvents, asha } = await someAccounts()
    const [mine, other] = [await signIn(), await signIn()]
    const { sessionId } = await accounts.verify(mine.accessToken)
    await accounts.signOut(sessionId)
    await accounts.signOut(sessionId)
    await accounts.signOut('no such session')
    await expect(accounts.verify(mine.accessToken)).rejects.toMatchObject({ code: 'session-ended' })
    await expect(accounts.refresh(mine.refreshToken)).rejects.toMatchObject({ code: 'session-ended' })
    await accounts.verify(other.accessToken)
    expect(accessEvents).toEqual([{ userId: asha.id, sessionId }])
  })

  test('a new password ends every session', async () => {
    const { accounts, signIn, asha } = await someAccounts()
    const before = await signIn()
    await accounts.setPassword({ userId: asha.id, password: 'entirely different', by: asha.id })
    await expect(accounts.verify(before.accessToken)).rejects.toMatchObject({ code: 'session-ended' })
    await expect(signIn()).rejects.toMatchObject({ code: 'wrong-credentials' })
    await signIn({ password: 'entirely different' })
  })

  test.each<[string, string, (accounts: Accounts, userId: string) => Promise<unknown>]>([
    [
      'the password is changed',
      'wrong-credentials',
      (accounts, userId) => accounts.setPassword({ userId, password: 'entirely different', by: userId }),
    ],
    [
      'the account is banned',
      'account-banned',
      (accounts, userId) => accounts.setBanned({ userId, banned: true, by: 'system' }),
    ],
  ])('nobody gets in with a password that was still being checked when %s', async (_, code, change) => {
    const { accounts, records, asha, clock } = await someAccounts()
    const slow: Records = {
      ...records,
      async transaction(work) {
        // The check is over, the session not yet made.
        await change(accounts, asha.id)
        return records.transaction(work)
      },
    }
    const late = createAccounts({ records: slow, now: clock.now, messenger: anInbox(), jwtSecret, bcryptCost: 4 })
    const signingIn = late.signIn({ email: 'asha@city.example', password, clientAddress: '192.0.2.1' })
    await expect(signingIn).rejects.toMatchObject({ code })
    expect(await records.sessions.listOpen(asha.id)).toEqual([])
  })
})

describe('making users', () => {
  test.each([
    ['an address that is taken', { email: 'ASHA@city.example' }, 'email-taken'],
    ['no address', { email: 'asha at city' }, 'invalid-email'],
    ['a short password', { password: 'eleven char' }, 'password-too-weak'],
    ['a password bcrypt would cut short', { password: 'abcdefgh'.repeat(9).concat('x') }, 'password-too-weak'],
    ['a password with a NUL', { password: 'correct\0horse battery' }, 'password-too-weak'],
    ['one letter over and over', { password: 'aaaaaaaaaaaaaaaa' }, 'password-too-weak'],
  ])('refuses %s', async (_, input, code) => {
    const { accounts } = await someAccounts()
    const valid = { email: 'ravi@city.example', password, name: 'Ravi', role: 'officer' as const, by: 'system' }
    await expect(accounts.createUser({ ...valid, ...input })).rejects.toMatchObject({ code })
    expect((await accounts.listUsers({ limit: 10 })).items).toHaveLength(2)
  })

  test('of ten who take one address at once one gets it', async () => {
    const { accounts } = await someAccounts()
    const input = { email: 'ravi@city.example', password, name: 'Ravi', role: 'officer' as const, by: 'system' }
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => accounts.createUser(input)))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('lists the oldest first, in pages', async () => {
    const { accounts, asha } = await someAccounts()
    const first = await accounts.listUsers({ limit: 1 })
    const second = await accounts.listUsers({ limit: 1, cursor: first.nextCursor })
    expect(first.items[0]?.role).toBe('super_admin')
    expect(second).toEqual({ items: [asha], nextCursor: undefined })
    await expect(accounts.getUser('nobody')).rejects.toMatchObject({ code: 'user-not-found' })
  })
})
