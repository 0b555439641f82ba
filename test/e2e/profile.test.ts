import { readFile } from 'node:fs/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  chromiumPath,
  goTo,
  inOwnPage,
  launchChromium,
  type OwnPageOptions,
  signIn,
  signOut,
  untilIn,
  untilLive,
} from './browser.ts'
import { administrator, type Person, type RunningServer, startServer } from './server.ts'

/** The first start may build the server and the dashboard. */
const startMsMax = 240_000

describe.skipIf(chromiumPath === undefined)('the profile in a browser', { timeout: 90_000 }, () => {
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

  async function atProfile(person: Person, work: (page: Page) => Promise<void>, expected: readonly number[] = []) {
    await inBrowser(
      async (page) => {
        await signIn(page, person)
        await untilIn(page)
        await goTo(page, '/profile')
        await work(page)
      },
      { expected },
    )
  }

  it('is changed where it was edited, and shows in the bar', async () => {
    const person = await server.addPerson({ name: 'Lata Resident', role: 'resident' })
    await atProfile(person, async (page) => {
      const card = page.getByRole('region', { name: 'About you' })
      await card.getByRole('button', { name: 'Edit' }).click()
      await card.getByLabel('Name').fill('Lata K. Resident')
      await card.getByLabel('Flat').fill('B-204')
      await card.getByRole('button', { name: 'Save' }).click()
      await card.getByText('Waits to be confirmed by an administrator').waitFor()
      await expect.poll(() => page.evaluate('document.activeElement.textContent')).toBe('Edit')
      await page.getByRole('link', { name: 'Your profile: Lata K. Resident' }).waitFor()
      await server.administer('PATCH', `/api/users/${person.id}`, { flatNumber: 'B-204', isFlatConfirmed: true })
      await page.reload()
      await card.getByText('Confirmed by an administrator', { exact: true }).waitFor()
    })
  })

  it('takes another address with the password, once a code has shown that it is theirs', async () => {
    const person = await server.addPerson({ name: 'Pia Moving', role: 'citizen', phone: '9876500002' })
    const wished = 'pia.elsewhere@prahari.local'
    await atProfile(
      person,
      async (page) => {
        const email = page.getByRole('region', { name: 'E-mail', exact: true })
        const changeEmail = async (address: string, password: string) => {
          await email.getByRole('button', { name: 'Change the e-mail address' }).click()
          await email.getByLabel('New e-mail address').fill(address)
          await email.getByLabel('Current password').fill(password)
          await page.keyboard.press('Enter')
        }
        await changeEmail(wished, 'not my password')
        await email.getByText('This is not your password.').waitFor()
        await email.getByLabel('Current password').fill(person.password)
        await page.keyboard.press('Enter')
        await email.getByText(`Waits to be confirmed: ${wished}`).waitFor()
        await email.getByText(`Until then it stays ${person.email}.`).waitFor()
        await email.getByRole('button', { name: 'Take it back' }).click()
        await expect.poll(() => email.getByText(/Waits to be confirmed/).count()).toBe(0)
        expect(await page.evaluate('document.activeElement.ariaLabel')).toBe('E-mail')

        await changeEmail(administrator.email, person.password)
        await email.getByText(`Waits to be confirmed: ${administrator.email}`).waitFor()
        await email.getByRole('button', { name: 'Send a code' }).click()
        await email.getByLabel('Code from the e-mail').fill(await server.takeCode(administrator.email))
        await email.getByRole('button', { name: 'Confirm' }).click()
        await email.getByText('Somebody else has this e-mail address.').waitFor()

        await changeEmail(wished, person.password)
        await email.getByText(`Waits to be confirmed: ${wished}`).waitFor()
        await email.getByRole('button', { name: 'Send a code' }).click()
        await email.getByLabel('Code from the e-mail').fill(await server.takeCode(wished))
        await email.getByRole('button', { name: 'Confirm' }).click()
        await email.getByText('Confirmed', { exact: true }).waitFor()
        await email.getByText(wished, { exact: true }).waitFor()
        expect(await email.getByText(/Waits to be confirmed/).count()).toBe(0)

        const phone = page.getByRole('region', { name: 'Phone number', exact: true })
        await phone.getByRole('button', { name: 'Change the phone number' }).click()
        await phone.getByLabel('New phone number').fill('+1 201 555 0123')
        await phone.getByLabel('Current password').fill(person.password)
        await page.keyboard.press('Enter')
        await phone.getByText('Waits to be confirmed: +12015550123').waitFor()
        await phone.getByRole('button', { name: 'Send a code' }).click()
        await phone.getByText('No messages are sent to phones of that country.').waitFor()
        await signOut(page)
        await signIn(page, { ...person, email: wished })
        await untilIn(page)
      },
      [400, 403, 409],
    )
  })

  it('changes the password, and signs out everywhere else', async () => {
    const person = await server.addPerson({ name: 'Mira Careful', role: 'operator' })
    const chosen = 'some other words that nobody would guess'
    await inBrowser(
      async (elsewhere) => {
        await signIn(elsewhere, person)
        await untilLive(elsewhere)
        await atProfile(
          person,
          async (page) => {
            const card = page.getByRole('region', { name: 'Password' })
            await card.getByRole('button', { name: 'Change the password' }).click()
            await card.getByLabel('Current password').fill('not my password')
            await card.getByLabel('New password', { exact: true }).fill(chosen)
            await card.getByLabel('New password again').fill(chosen)
            await card.getByRole('button', { name: 'Change the password' }).click()
            await card.getByText('This is not your password.').waitFor()
            await card.getByLabel('Current password').fill(person.password)
            await card.getByRole('button', { name: 'Change the password' }).click()
            await card.getByText('Your password is changed. You are signed out everywhere else.').waitFor()
            await elsewhere.getByText('Your session has ended. Sign in again.').waitFor()
          },
          [403],
        )
      },
      { expected: [401] },
    )
  })

  it('keeps what somebody needs, and looks it wherever they sign in', async () => {
    const person = await server.addPerson({ name: 'Nila Needs', role: 'citizen' })
    await atProfile(person, async (page) => {
      await page.getByLabel('High contrast').check()
      await page.getByLabel('Larger text and icons').check()
      await page.locator('html[data-contrast=high][data-size=large]').waitFor()
    })
    await atProfile(person, async (page) => {
      await page.locator('html[data-contrast=high][data-size=large]').waitFor()
      expect(await page.getByLabel('High contrast').isChecked()).toBe(true)
      expect(await page.getByLabel('Less motion').isChecked()).toBe(false)
      await signOut(page)
      expect(await page.locator('html[data-contrast]').count()).toBe(0)
    })
  })

  it('gives everything it keeps, and forgets it', async () => {
    const person = await server.addPerson({ name: 'Omar Leaving', role: 'citizen' })
    await atProfile(
      person,
      async (page) => {
        const saving = page.waitForEvent('download')
        await page.getByRole('button', { name: 'Download my data' }).click()
        const data = JSON.parse(await readFile(await (await saving).path(), 'utf8')) as Record<string, unknown>
        expect(data).toMatchObject({ profile: { name: 'Omar Leaving', email: person.email } })
        await page.getByRole('button', { name: 'Erase my account' }).click()
        const dialog = page.getByRole('dialog', { name: 'Erase your account for good?' })
        const erase = dialog.getByRole('button', { name: 'Erase for good' })
        await dialog.getByLabel('Your password').fill('not my password')
        expect(await erase.isDisabled()).toBe(true)
        await dialog.getByLabel('Type “erase” to confirm').fill('erase')
        await erase.click()
        await dialog.getByText('This is not your password.').waitFor()
        await dialog.getByLabel('Your password').fill(person.password)
        await erase.click()
        await page.getByText('Your account is erased.').waitFor()
        await signIn(page, person)
        await page.getByText('E-mail or password is not right.').waitFor()
      },
      [401, 403],
    )
  })
})
