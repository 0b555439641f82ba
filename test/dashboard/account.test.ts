import { describe, expect, it } from 'vitest'
import { explainFault } from '../../dashboard/src/http/explain-fault.ts'
import { HttpError, readError } from '../../dashboard/src/http/http-error.ts'
import { nameBrowser } from '../../dashboard/src/profile/browser-name.ts'
import { addressChangeOf, changeOf, draftOf, withdrawalOf } from '../../dashboard/src/profile/profile-edit.ts'
import { toQrPath } from '../../dashboard/src/profile/qr-path.ts'
import { createStaffNames, type StaffMember } from '../../dashboard/src/session/staff-names.ts'
import { formatCountdown } from '../../dashboard/src/ui/format.ts'

describe('a fault', () => {
  it.each([
    ['wrong-credentials', 401, 'E-mail or password is not right.'],
    ['account-banned', 403, 'This account is banned. Ask an administrator of your city.'],
    ['sign-in-busy', 503, 'Too many people are signing in at this moment. Try again in a few seconds.'],
    ['wrong-second-factor', 401, 'This code is not right, or was used before. Wait for the next one.'],
    ['wrong-password', 403, 'This is not your password.'],
    ['phone-taken', 409, 'Somebody else has this phone number.'],
    ['phone-country-not-served', 400, 'No messages are sent to phones of that country.'],
    ['too-many-settings', 400, 'These are more settings than are kept. Take some away first.'],
    ['password-needed-for-role', 409, 'This role needs a password. They have to choose one first, on their profile.'],
    ['use-your-profile', 409, 'Turn your own second factor off on your profile, with a code.'],
    ['user-erased', 409, 'This account was erased.'],
  ])('%s has a sentence of its own', (code, status, sentence) => {
    expect(explainFault(new HttpError(status, code, 'said for programmers'))).toBe(sentence)
  })

  it.each([
    [42, 'Too many attempts. Try again in 42 s.'],
    [840, 'Too many attempts. Try again in 14 min.'],
    [undefined, 'Too many attempts; try again in 14 min.'],
  ])('of too many attempts says when to try again, after %s s', (retryAfterS, sentence) => {
    const fault = new HttpError(429, 'too-many-sign-ins', 'too many attempts; try again in 14 min', { retryAfterS })
    expect(explainFault(fault)).toBe(sentence)
  })

  it('that nobody foresaw is told in the server’s words, as a sentence', () => {
    expect(explainFault(new HttpError(409, 'last-login', 'without it you could not sign in'))).toBe(
      'Without it you could not sign in.',
    )
  })

  it('of what was typed names the field', () => {
    const fault = new HttpError(400, 'invalid-request', 'The body of the request does not fit', {
      details: [{ path: 'body.name', message: 'too long' }],
    })
    expect(explainFault(fault)).toBe('Name: too long.')
  })

  it('of the line is told as one', () => {
    expect(explainFault(new TypeError('fetch failed'))).toBe('The server could not be reached.')
  })

  it.each([
    ['12', 12],
    ['Fri, 31 Dec 2027 23:59:59 GMT', undefined],
    ['-1', undefined],
    [undefined, undefined],
  ])('has its Retry-After read from %s', async (header, retryAfterS) => {
    const headers = header === undefined ? undefined : { 'retry-after': header }
    const response = new Response('{"error":{"code":"too-many-requests","message":"Slow down"}}', {
      status: 429,
      headers,
    })
    expect(await readError(response)).toMatchObject({ status: 429, code: 'too-many-requests', retryAfterS })
  })
})

describe('a browser', () => {
  it.each([
    [
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
      'Chrome 131 on Linux',
    ],
    [
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/131.0.0.0 Safari/537.36',
      'Chrome 131 on Linux',
    ],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.2903.86',
      'Edge 131 on Windows',
    ],
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0', 'Firefox 133 on Windows'],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1.1 Safari/605.1.15',
      'Safari 18 on macOS',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1.1 Mobile/15E148 Safari/604.1',
      'Safari 18 on iPhone',
    ],
    [
      'Mozilla/5.0 (iPad; CPU OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1',
      'Chrome 131 on iPad',
    ],
    [
      'Mozilla/5.0 (Linux; Android 14; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36',
      'Samsung Internet 27 on Android',
    ],
    ['Mozilla/5.0 (Android 14; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0', 'Firefox 133 on Android'],
    [
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 OPR/115.0.0.0',
      'Opera 115 on Linux',
    ],
    ['curl/8.5.0', 'curl 8.5.0'],
    ['okhttp/4.12.0', 'okhttp 4.12.0'],
    ['node', 'node'],
    ['   ', 'Unknown program'],
    [undefined, 'Unknown program'],
  ])('%s is called what people call it', (userAgent, name) => {
    expect(nameBrowser(userAgent)).toBe(name)
  })

  it('is never called at greater length than a line has', () => {
    expect(nameBrowser('x'.repeat(200))).toHaveLength(60)
  })
})

describe('an edited profile', () => {
  const user = { name: 'Asha', city: 'Indrapur', flatNumber: 'B-204' }

  it('asks for nothing when nothing was changed, spaces aside', () => {
    expect(changeOf(user, { ...draftOf(user), name: ' Asha ' })).toEqual({})
  })

  it('names what was changed alone, and takes away what was emptied', () => {
    const draft = { ...draftOf(user), name: 'Asha Rao', city: ' ', flatNumber: '' }
    expect(changeOf(user, draft)).toEqual({ name: 'Asha Rao', city: null, flatNumber: null })
  })
})

describe('another address', () => {
  const user = {
    email: 'asha@city.example',
    phone: '9876500001',
    pendingEmail: undefined,
    pendingPhone: undefined,
    hasPassword: true,
  }
  const password = 'what she typed'

  it('is sent with the password, by who has one', () => {
    const wish = { type: 'email', address: ' new@city.example ', password } as const
    expect(addressChangeOf(user, wish)).toEqual({ email: 'new@city.example', currentPassword: password })
    expect(addressChangeOf({ ...user, hasPassword: false }, wish)).toEqual({ email: 'new@city.example' })
  })

  it('that stood in the form already is not sent', () => {
    expect(addressChangeOf(user, { type: 'email', address: user.email, password })).toBeUndefined()
    const waiting = { ...user, pendingEmail: 'new@city.example' }
    expect(addressChangeOf(waiting, { type: 'email', address: 'new@city.example', password })).toBeUndefined()
    expect(addressChangeOf(waiting, { type: 'email', address: user.email, password })).toMatchObject({
      email: user.email,
    })
  })

  it('is none where the phone number was emptied', () => {
    expect(addressChangeOf(user, { type: 'phone', address: ' ', password })).toEqual({
      phone: null,
      currentPassword: password,
    })
  })

  it('is no longer wished for once the present one is sent', () => {
    expect(withdrawalOf(user, 'email')).toEqual({ email: user.email })
    expect(withdrawalOf(user, 'phone')).toEqual({ phone: user.phone })
    expect(withdrawalOf({ ...user, phone: undefined }, 'phone')).toEqual({ phone: null })
    expect(withdrawalOf({ ...user, email: undefined }, 'email')).toBeUndefined()
  })
})

describe('a QR code', () => {
  it('is drawn with one rectangle for neighbours in a row', () => {
    expect(
      toQrPath([
        [true, true, false, true],
        [false, false, false, false],
        [false, true, true, true],
      ]),
    ).toBe('M0 0h2v1h-2zM3 0h1v1h-1zM1 2h3v1h-3z')
  })
})

describe('a countdown', () => {
  it.each([
    [300_000, '5:00'],
    [65_999, '1:05'],
    [900, '0:00'],
    [-5000, '0:00'],
  ])('of %i ms reads %s', (leftMs, text) => {
    expect(formatCountdown(leftMs)).toBe(text)
  })
})

describe('names of colleagues', () => {
  /** A list that is answered when the test says so. */
  function aStaffList() {
    const answers: { resolve: (staff: readonly StaffMember[]) => void; reject: (error: Error) => void }[] = []
    let nowMs = 0
    const names = createStaffNames({
      ask: () => new Promise((resolve, reject) => answers.push({ resolve, reject })),
      now: () => nowMs,
    })
    const settle = () => new Promise((resolve) => setImmediate(resolve))
    return {
      names,
      askedCount: () => answers.length,
      passMs(ms: number) {
        nowMs += ms
      },
      async answer(...staff: StaffMember[]) {
        answers.at(-1)!.resolve(staff)
        await settle()
      },
      async fail() {
        answers.at(-1)!.reject(new Error('away'))
        await settle()
      },
    }
  }

  it('are asked for once, whoever is met meanwhile', async () => {
    const { names, askedCount, answer } = aStaffList()
    expect(names.nameOf('a')).toBeUndefined()
    names.lookUp()
    names.nameOf('b')
    names.lookUp()
    expect(askedCount()).toBe(1)
    let heard = 0
    names.subscribe(() => heard++)
    await answer({ id: 'a', name: 'Asha' }, { id: 'b', name: 'Bela' })
    expect([names.nameOf('a'), names.nameOf('b'), heard]).toEqual(['Asha', 'Bela', 1])
  })

  it('are not asked for while none is missing', () => {
    const { names, askedCount } = aStaffList()
    names.lookUp()
    expect(askedCount()).toBe(0)
  })

  it('that the list does not have are asked for again after a minute, not before', async () => {
    const { names, askedCount, answer, passMs } = aStaffList()
    names.nameOf('gone')
    names.lookUp()
    await answer({ id: 'a', name: 'Asha' })
    names.nameOf('gone')
    names.lookUp()
    expect(askedCount()).toBe(1)
    passMs(60_000)
    names.nameOf('gone')
    names.lookUp()
    expect(askedCount()).toBe(2)
  })

  it('stay as they were when the list cannot be read', async () => {
    const { names, answer, fail } = aStaffList()
    names.nameOf('a')
    names.lookUp()
    await answer({ id: 'a', name: 'Asha' })
    names.nameOf('b')
    names.lookUp()
    await fail()
    expect(names.nameOf('a')).toBe('Asha')
  })

  it('are not told to whoever signs in next', async () => {
    const { names, answer, askedCount } = aStaffList()
    names.nameOf('a')
    names.lookUp()
    names.forget()
    await answer({ id: 'a', name: 'Asha' })
    expect(names.nameOf('a')).toBeUndefined()
    names.lookUp()
    expect(askedCount()).toBe(2)
  })

  it('that are missing are remembered up to a number, then asked for anew', async () => {
    const { names, answer, askedCount } = aStaffList()
    names.nameOf('first')
    names.lookUp()
    await answer()
    for (let index = 0; index < 1000; index += 1) names.nameOf(`id-${index}`)
    names.lookUp()
    await answer()
    names.nameOf('first')
    names.lookUp()
    expect(askedCount()).toBe(3)
  })
})
