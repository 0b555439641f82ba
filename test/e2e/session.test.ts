import { readFile } from 'node:fs/promises'
import { Secret, TOTP } from 'otpauth'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Role } from '../../contracts/roles.ts'
import {
  chromiumPath,
  goTo,
  inOwnPage,
  launchChromium,
  type OwnPageOptions,
  signIn,
  signOut,
  untilLive,
} from './browser.ts'
import { type RunningServer, startServer } from './server.ts'

/** The first start may build the server and the dashboard. */
const startMsMax = 240_000

describe.skipIf(chromiumPath === undefined)('an account in a browser', { timeout: 90_000 }, () => {
  let server: RunningServer
  let browser: Browser

  beforeAll(async () => {
    ;[server, browser] = await Promise.all([startServer({ demo: false }), launchChromium()])
  }, startMsMax)

  afterAll(async () => {
    await browser?.close()
    await server?.stop()
  })

  function inBrowser(work: (page: Page) => Promise<void>, options: Partial<OwnPageOptions> = {}): Promise<void> {
    return inOwnPage(browser, work, { origin: server.url, ...options })
  }

  describe('signing in', () => {
    it('says what is wrong, each fault in a sentence of its own', async () => {
      const banned = await server.addPerson({ name: 'Asha Banned', role: 'operator' })
      await server.administer('PATCH', `/api/users/${banned.id}`, { isBanned: true })
      await inBrowser(
        async (page) => {
          await signIn(page, { ...banned, password: 'not the right password' })
          await page.getByText('E-mail or password is not right.').waitFor()
          await page.getByLabel('Password').fill(banned.password)
          await page.getByRole('button', { name: 'Sign in' }).click()
          await page.getByText('This account is banned. Ask an administrator of your city.').waitFor()
          await page.route('**/api/auth/login', (route) => route.abort('connectionfailed'))
          await page.getByRole('button', { name: 'Sign in' }).click()
          await page.getByText('The server could not be reached.').waitFor()
          await page.unroute('**/api/auth/login')
        },
        { expected: [401, 403, 'ERR_CONNECTION_FAILED'] },
      )
    })

    it('says when to try again after too many guesses', async () => {
      const guessed = await server.addPerson({ name: 'Bela Guessed', role: 'citizen' })
      // From the same browser: whoever guesses from elsewhere does not lock the owner out.
      const guess = `fetch('/api/auth/login', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email: '${guessed.email}', password: 'a guess' }),
      }).then(({ status }) => status)`
      await inBrowser(
        async (page) => {
          await page.goto('/')
          await expect.poll(() => page.evaluate(guess)).toBe(429)
          await signIn(page, guessed)
          await page.getByText(/Too many attempts.*try again in 15 min/i).waitFor()
        },
        { expected: [401, 429] },
      )
    })

    it('takes a phone number and a code, once the number was confirmed', async () => {
      const person = await server.addPerson({ name: 'Chandra Phone', role: 'operator', phone: '9876500001' })
      const inFull = '+919876500001'
      await inBrowser(
        async (page) => {
          await signIn(page, person)
          await untilLive(page)
          await goTo(page, '/profile')
          const phone = page.getByRole('region', { name: 'Phone number' })
          await phone.getByRole('button', { name: 'Send a code' }).click()
          await phone.getByLabel('Code from the text message').fill(await server.takeCode(inFull))
          await phone.getByRole('button', { name: 'Confirm' }).click()
          await phone.getByText('Confirmed', { exact: true }).waitFor()
          await signOut(page)

          await page.getByRole('button', { name: 'Use a phone number instead' }).click()
          await page.getByLabel('Phone number').fill('12')
          await page.getByRole('button', { name: 'Send the code' }).click()
          await page.getByText('This is not a phone number.').waitFor()
          await page.getByLabel('Phone number').fill('98765 00001')
          await page.keyboard.press('Enter')
          await page.getByText(/The code is good for [45]:\d\d/).waitFor()
          const again = page.getByRole('button', { name: /Send another code in 0:\d\d/ })
          expect(await again.isDisabled()).toBe(true)
          const code = await server.takeCode(inFull)
          expect(await page.evaluate('document.activeElement.autocomplete')).toBe('one-time-code')
          await page.keyboard.type(code === '000000' ? '000001' : '000000')
          await page.keyboard.press('Enter')
          await page.getByText('This code is not right, has expired, or was tried too often.').waitFor()
          await page.getByRole('button', { name: 'Change the number' }).click()
          expect(await page.getByLabel('Phone number').inputValue()).toBe('98765 00001')
          await page.keyboard.press('Enter')
          await page.getByLabel('Code').fill(await server.takeCode(inFull))
          await page.getByRole('button', { name: 'Sign in' }).click()
          await untilLive(page)
        },
        { expected: [400] },
      )
    })

    it('asks for a second factor that was set up, and takes a recovery code once', async () => {
      const person = await server.addPerson({ name: 'Devi Factor', role: 'operator' })
      await inBrowser(
        async (page) => {
          await signIn(page, person)
          await untilLive(page)
          await goTo(page, '/profile')
          const card = page.getByRole('region', { name: 'Second factor' })
          await card.getByRole('button', { name: 'Set up' }).click()
          await card.getByLabel('Your password').fill('not my password')
          await card.getByRole('button', { name: 'Continue' }).click()
          await card.getByText('This is not your password.').waitFor()
          await card.getByLabel('Your password').fill(person.password)
          await card.getByRole('button', { name: 'Continue' }).click()
          await card.getByRole('img', { name: /QR code/ }).waitFor()
          const secret = (await card.locator('code').textContent())!.replaceAll(' ', '')
          // Each code counts once, so these are of the step before, this one, and the next.
          await card.getByLabel('Code that the app shows now').fill(codeOf(secret, -30))
          await card.getByRole('button', { name: 'Turn on' }).click()
          const list = card.getByRole('list', { name: 'Recovery codes' })
          await list.waitFor()
          const codes = await list.getByRole('listitem').allTextContents()
          expect(codes).toHaveLength(10)
          const saving = page.waitForEvent('download')
          await card.getByRole('button', { name: 'Save as a file' }).click()
          expect((await readFile(await (await saving).path(), 'utf8')).trim().split('\n')).toEqual(codes)
          await page.getByRole('link', { name: 'Devices' }).click()
          await page.getByRole('dialog', { name: 'Leave without the recovery codes?' }).waitFor()
          await page.keyboard.press('Escape')
          await card.getByRole('button', { name: 'I have kept them' }).click()
          await card.getByText('On', { exact: true }).waitFor()
          await signOut(page)

          await signIn(page, person)
          await page.getByLabel('Code').fill('123')
          await page.keyboard.press('Enter')
          await page.getByText(/This code is not right, or was used before/).waitFor()
          await page.getByLabel('Code').fill(codeOf(secret, 0))
          await page.keyboard.press('Enter')
          await untilLive(page)
          await signOut(page)

          await signIn(page, person)
          await page.getByRole('button', { name: 'Use a recovery code' }).click()
          await page.getByLabel('Recovery code').fill(codes[0]!)
          await page.keyboard.press('Enter')
          await untilLive(page)
          await signOut(page)

          await signIn(page, person)
          await page.getByRole('button', { name: 'Use a recovery code' }).click()
          await page.getByLabel('Recovery code').fill(codes[0]!)
          await page.keyboard.press('Enter')
          await page.getByText(/This code is not right, or was used before/).waitFor()
          await page.getByLabel('Recovery code').fill(codes[1]!)
          await page.keyboard.press('Enter')
          await untilLive(page)
          await goTo(page, '/profile')
          await card.getByRole('button', { name: 'Turn off' }).click()
          await card.getByLabel('Code of your authenticator app').fill(codeOf(secret, 30))
          await card.getByRole('button', { name: 'Turn off' }).click()
          await card.getByText('Off', { exact: true }).waitFor()
        },
        { expected: [401, 403] },
      )
    })

    it('lets somebody choose a new password with a code, which ends their sessions', async () => {
      const person = await server.addPerson({ name: 'Esha Forgetful', role: 'analyst' })
      const chosen = 'another nine words that nobody would guess'
      await inBrowser(
        async (elsewhere) => {
          await signIn(elsewhere, person)
          await untilLive(elsewhere)
          await inBrowser(
            async (page) => {
              await page.goto('/')
              await page.getByRole('button', { name: 'Forgotten password?' }).click()
              await page.getByLabel('E-mail or phone number').fill(person.email)
              await page.getByRole('button', { name: 'Send the code' }).click()
              await page.getByLabel('Code').fill(await server.takeCode(person.email))
              await page.getByLabel('New password', { exact: true }).fill(chosen)
              await page.getByLabel('New password again').fill('something else')
              await page.getByRole('button', { name: 'Change the password' }).click()
              await page.getByText('The two new passwords are not the same.').waitFor()
              await page.getByLabel('New password', { exact: true }).fill('too short')
              await page.getByLabel('New password again').fill('too short')
              await page.getByRole('button', { name: 'Change the password' }).click()
              await page
                .getByText(/at least 12 characters|12 characters/)
                .last()
                .waitFor()
              await page.getByLabel('New password', { exact: true }).fill(chosen)
              await page.getByLabel('New password again').fill(chosen)
              await page.getByRole('button', { name: 'Change the password' }).click()
              await page.getByText('Your password is changed. Sign in with it.').waitFor()
              await elsewhere.getByText('Your session has ended. Sign in again.').waitFor()
              await page.getByLabel('E-mail').fill(person.email)
              await page.getByLabel('Password').fill(chosen)
              await page.getByRole('button', { name: 'Sign in' }).click()
              await untilLive(page)
            },
            { expected: [400] },
          )
        },
        { expected: [401] },
      )
    })
  })

  describe('a session', () => {
    it('that is ended elsewhere is at the sign-in page at once', async () => {
      const person = await server.addPerson({ name: 'Farid Sessions', role: 'operator' })
      await inBrowser(
        async (ended) => {
          await signIn(ended, person)
          await untilLive(ended)
          await inBrowser(async (page) => {
            await signIn(page, person)
            await untilLive(page)
            await goTo(page, '/profile')
            const sessions = page.getByRole('list', { name: 'Your sessions' }).getByRole('listitem')
            await sessions.nth(1).waitFor()
            expect(await sessions.first().textContent()).toMatch(/^Chrom\S+ \d+ on Linux this one/)
            await sessions
              .last()
              .getByRole('button', { name: /^End Chrom/ })
              .click()
            await page.getByRole('dialog').getByRole('button', { name: 'End it' }).click()
            await ended.getByText('Your session has ended. Sign in again.').waitFor()
            await expect.poll(() => sessions.count()).toBe(1)
            expect(await page.getByRole('button', { name: /End all others/ }).count()).toBe(0)
          })
        },
        { expected: [401] },
      )
    })

    it('ends on the server too when the access token has run out before signing out', async () => {
      const person = await server.addPerson({ name: 'Farah Away', role: 'operator' })
      await inBrowser(async (elsewhere) => {
        await signIn(elsewhere, person)
        await untilLive(elsewhere)
        await inBrowser(
          async (page) => {
            await signIn(page, person)
            await untilLive(page)
            await goTo(elsewhere, '/profile')
            const sessions = elsewhere.getByRole('list', { name: 'Your sessions' }).getByRole('listitem')
            await sessions.nth(1).waitFor()
            // As if a quarter of an hour had passed: the server does not know the first token any more.
            await page.route(
              '**/api/auth/logout',
              (route) =>
                route.continue({ headers: { ...route.request().headers(), authorization: 'Bearer worn.out' } }),
              { times: 1 },
            )
            const refused = page.waitForResponse((answer) => answer.status() === 401)
            const ended = page.waitForResponse((answer) => answer.url().endsWith('/logout') && answer.ok())
            await signOut(page)
            await Promise.all([refused, ended])
            await elsewhere.reload()
            await elsewhere.getByRole('region', { name: 'Sessions' }).getByText('this one').waitFor()
            expect(await sessions.count()).toBe(1)
          },
          { expected: [401] },
        )
      })
    })

    it('of somebody who is banned ends with the reason', async () => {
      const person = await server.addPerson({ name: 'Gita Leaving', role: 'operator' })
      await inBrowser(
        async (page) => {
          await signIn(page, person)
          await untilLive(page)
          await server.administer('PATCH', `/api/users/${person.id}`, { isBanned: true })
          await page.getByText('This account is banned. Ask an administrator of your city.').waitFor()
          expect(await page.getByLabel('Password').count()).toBe(1)
        },
        { expected: [401, 403] },
      )
    })

    it('shows what the role may do as soon as it is another one', async () => {
      const person = await server.addPerson({ name: 'Hari Changing', role: 'operator' })
      await inBrowser(
        async (page) => {
          await signIn(page, person)
          await untilLive(page)
          await server.administer('PATCH', `/api/users/${person.id}`, { role: 'citizen' })
          await page.getByRole('heading', { level: 1, name: 'Profile' }).waitFor()
          expect(await placesOf(page)).toEqual([])
          expect(await page.locator('.feed-chip').count()).toBe(0)
          await server.administer('PATCH', `/api/users/${person.id}`, { role: 'analyst' })
          await page.reload()
          await untilLive(page)
          await goTo(page, '/system')
          await page.getByText('Adds up').waitFor()
          // An officer watches too, so it is the page's next question that tells.
          await server.administer('PATCH', `/api/users/${person.id}`, { role: 'officer' })
          await page.getByText('This page is not for your role.').waitFor()
          expect(await placesOf(page)).toEqual(['Map', 'SOS', 'Units', 'Broadcasts'])
        },
        { expected: [403] },
      )
    })
  })

  describe('what a role sees', () => {
    const watched = ['Map', 'Devices', 'Alerts', 'Units', 'Broadcasts', 'Quarantine', 'System']
    const dispatched = ['Map', 'SOS', ...watched.slice(1)]
    const sent = ['Map', 'SOS', 'Units', 'Broadcasts']
    it.each<{ role: Role; home: string; places: readonly string[]; secondFactor: boolean }>([
      { role: 'citizen', home: 'Profile', places: [], secondFactor: false },
      { role: 'resident', home: 'Profile', places: [], secondFactor: false },
      { role: 'security_guard', home: 'Profile', places: [], secondFactor: false },
      { role: 'officer', home: 'City map', places: sent, secondFactor: false },
      { role: 'analyst', home: 'City map', places: watched, secondFactor: true },
      { role: 'operator', home: 'City map', places: dispatched, secondFactor: true },
    ])('as $role', async ({ role, home, places, secondFactor }) => {
      const person = await server.addPerson({ name: `Indu ${role}`, role })
      await inBrowser(async (page) => {
        await signIn(page, person)
        await page.getByRole('heading', { level: 1, name: home }).waitFor({ state: 'attached' })
        if (places.length > 0) await untilLive(page)
        expect(await placesOf(page)).toEqual(places)
        expect(await page.locator('.feed-chip').count()).toBe(places.length > 0 ? 1 : 0)
        await page.getByRole('link', { name: /Your profile/ }).click()
        await page.getByRole('region', { name: 'Sessions' }).getByText('this one').waitFor()
        expect(await page.getByRole('region', { name: 'Second factor' }).count()).toBe(secondFactor ? 1 : 0)
        await goTo(page, '/quarantine')
        const isRefused = !places.includes('Quarantine')
        await page.getByText(isRefused ? 'This page is not for your role.' : 'Nothing is set aside.').waitFor()
      })
    })

    it('a watcher may read what an operator did, by name, and do nothing about it', async () => {
      const operator = await server.addPerson({ name: 'Jaya Operator', role: 'operator' })
      const analyst = await server.addPerson({ name: 'Kiran Analyst', role: 'analyst' })
      const bin = await server.addDevice({ id: 'names-1', name: 'Bin of names', kinds: ['bin-level'] })
      await bin.send('bin-level', { temperatureC: 93.5 })
      await inBrowser(async (page) => {
        await signIn(page, operator)
        await untilLive(page)
        await goTo(page, '/alerts')
        await page.getByRole('button', { name: /Bin of names/ }).click()
        await page.getByRole('button', { name: 'Acknowledge' }).click()
        await page.getByRole('list', { name: 'What was done' }).getByText('by you').waitFor()
        await signOut(page)
        await signIn(page, analyst)
        await untilLive(page)
        await goTo(page, '/alerts')
        await page.getByRole('button', { name: /Bin of names/ }).click()
        await page.getByRole('list', { name: 'What was done' }).getByText('by Jaya Operator').waitFor()
        const details = page.getByRole('region', { name: 'Chosen alert' })
        expect(await details.getByRole('button').allTextContents()).toEqual(['Close'])
        await page.keyboard.press('?')
        const help = page.getByRole('dialog', { name: 'Help' })
        await help.getByText('Next alert').waitFor()
        expect(await help.getByText('Acknowledge the chosen alert').count()).toBe(0)
      })
    })
  })
})

/** What the authenticator app shows, or showed or will show some seconds from now. */
function codeOf(secret: string, inS: number): string {
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + inS * 1000 })
}

/** Labels of the places in the bar, counts aside. */
async function placesOf(page: Page): Promise<string[]> {
  const links = await page.getByRole('navigation', { name: 'Pages' }).getByRole('link').all()
  return Promise.all(links.map(async (link) => (await link.locator('span').first().textContent()) ?? ''))
}
