import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromiumPath, goTo, launchChromium, openPage, signIn, untilLive } from './browser.ts'
import { administrator, type RunningServer, startServer } from './server.ts'

/** The first start may build the server and the dashboard. */
const startMsMax = 240_000

interface Place {
  readonly name: string
  readonly path: string
  /** Until this is there the page is still loading. */
  readonly landmark: (page: Page) => Promise<void>
}

const demoDevice = 'demo-air-quality-01'

const places: readonly Place[] = [
  {
    name: 'map',
    path: `/?device=${demoDevice}`,
    landmark: (page) => page.locator('[data-testid=map][data-ready=true]').waitFor({ state: 'attached' }),
  },
  { name: 'devices', path: '/devices', landmark: (page) => page.locator('tbody tr').nth(99).waitFor() },
  { name: 'device', path: `/devices/${demoDevice}`, landmark: (page) => page.locator('.chart canvas').waitFor() },
  {
    name: 'alerts',
    path: '/alerts?state=all',
    landmark: async (page) => {
      await page.locator('.alert-row').first().click()
      await page.getByRole('list', { name: 'What was done' }).waitFor()
    },
  },
  {
    name: 'quarantine',
    path: '/quarantine',
    landmark: async (page) => {
      await page.locator('tbody button').first().click()
      await page.getByRole('region', { name: 'Bytes as hex' }).waitFor()
    },
  },
  { name: 'system', path: '/system', landmark: (page) => page.getByText('Adds up').waitFor() },
  {
    name: 'people',
    path: '/users',
    landmark: async (page) => {
      await page.locator('tbody button').first().click()
      await page.getByText('This is you.').waitFor()
    },
  },
  {
    name: 'role of a person',
    path: '/users?q=page+person',
    landmark: async (page) => {
      await page.getByRole('button', { name: 'Page Person' }).click()
      await page.getByRole('button', { name: 'Change role' }).click()
      await page.getByRole('radio', { name: /^Analyst/ }).waitFor()
    },
  },
  {
    name: 'audit',
    path: '/audit',
    landmark: async (page) => {
      await page.getByText('Details').first().click()
      await page.getByRole('button', { name: 'Copy as JSON' }).first().waitFor()
      await page.getByRole('combobox', { name: 'About' }).fill('odd')
      await page.getByRole('listbox').getByRole('option').first().waitFor()
    },
  },
  {
    name: 'registering a device',
    path: '/devices/register',
    landmark: async (page) => {
      await page.getByRole('button', { name: 'Register', exact: true }).click()
      await page.getByText('Letters, digits and . _ : - only').waitFor()
      await page.getByRole('button', { name: 'Choose on the map' }).click()
      await page.locator('.pick-map[data-ready=true]').waitFor()
    },
  },
  {
    name: 'import',
    path: '/devices/import',
    landmark: async (page) => {
      const file = { name: 'devices.csv', mimeType: 'text/csv', buffer: Buffer.from('id\nnot an id\n') }
      await page.getByLabel('Choose a file').setInputFiles(file)
      await page.getByRole('button', { name: 'Import', exact: true }).click()
      await page.getByText('Done: 0 registered, 1 not.').waitFor()
    },
  },
  {
    name: 'provisioning keys',
    path: '/devices/keys',
    landmark: async (page) => {
      await page.getByRole('button', { name: 'Create a key' }).click()
      await page.getByLabel('Name').fill('Bins')
      await page.getByRole('button', { name: 'Create', exact: true }).click()
      await page.getByRole('region', { name: 'Key “Bins”' }).waitFor()
      await page.getByRole('button', { name: 'Revoke Bins' }).first().waitFor()
    },
  },
  {
    name: 'profile',
    path: '/profile',
    landmark: async (page) => {
      await page.getByText('this one').waitFor()
      await page.getByRole('button', { name: 'Edit' }).click()
      await page.getByRole('button', { name: 'Change the password' }).click()
      await page.getByRole('button', { name: 'Set up' }).click()
      await page.getByLabel('Your password').fill(administrator.password)
      await page.getByRole('button', { name: 'Continue' }).click()
      await page.getByRole('img', { name: /QR code/ }).waitFor()
    },
  },
]

describe.skipIf(chromiumPath === undefined)('every page of the dashboard', { timeout: 90_000 }, () => {
  let server: RunningServer
  let browser: Browser

  beforeAll(async () => {
    ;[server, browser] = await Promise.all([startServer({ demo: true }), launchChromium()])
    const device = await server.addDevice({ id: 'page-1', name: 'Odd sensor', kinds: ['bin-level'] })
    await device.send('bin-level', '{"fillPct":')
    await device.send('bin-level', { temperatureC: 91 })
    await server.addPerson({ name: 'Page Person', role: 'operator' })
    const button = await server.addDevice({ id: 'page-2', name: 'Panic button' })
    await button.pressSos({ trigger: 'fall', location: { latitude: 15.003, longitude: 88.004 } })
  }, startMsMax)

  afterAll(async () => {
    await browser?.close()
    await server?.stop()
  })

  async function visit(
    options: { readonly theme: 'dark' | 'light'; readonly width: number; readonly height: number },
    look: (page: Page, place: string) => Promise<void>,
  ): Promise<void> {
    const { page, context, faults } = await openPage(browser, { origin: server.url, ...options })
    await page.goto('/')
    await page.getByLabel('Password').waitFor()
    await look(page, 'sign-in')
    await page.getByRole('button', { name: 'Use a phone number instead' }).click()
    await look(page, 'sign-in by phone')
    await page.getByRole('button', { name: 'Use e-mail and password instead' }).click()
    await page.getByRole('button', { name: 'Forgotten password?' }).click()
    await look(page, 'forgotten password')
    await signIn(page, administrator)
    await untilLive(page)
    for (const { name, path, landmark } of places) {
      await goTo(page, path)
      await landmark(page)
      await look(page, name)
    }
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Help' }).waitFor()
    await look(page, 'help')
    expect(faults).toEqual([])
    await context.close()
  }

  it.each([
    { theme: 'dark', width: 1440, height: 900 },
    { theme: 'light', width: 1440, height: 900 },
    { theme: 'dark', width: 390, height: 844 },
    { theme: 'light', width: 390, height: 844 },
  ] as const)('is accessible in the $theme theme at $width px, and fits', async (options) => {
    const found: string[] = []
    await visit(options, async (page, place) => {
      found.push(...(await findBarriers(page)).map((barrier) => `${place}: ${barrier}`))
      const overflowPx = await page.evaluate<number>(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      )
      if (overflowPx > 0) found.push(`${place}: scrolls sideways by ${overflowPx} px`)
    })
    expect(found).toEqual([])
  })

  it('is reached by keyboard alone', async () => {
    const { page, context, faults } = await openPage(browser, { origin: server.url })
    await signIn(page, administrator)
    await untilLive(page)
    for (const { key, title } of [
      { key: 'd', title: 'Devices' },
      { key: 'a', title: 'Alerts' },
      { key: 'q', title: 'Quarantine' },
      { key: 's', title: 'System' },
      { key: 'u', title: 'People' },
      { key: 'l', title: 'Audit' },
    ]) {
      await page.keyboard.press('g')
      await page.keyboard.press(key)
      await page.getByRole('heading', { level: 1, name: title }).waitFor()
      expect(await page.title()).toContain(`${title} · Prahari`)
    }
    await page.reload()
    await untilLive(page)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    expect(await page.evaluate('document.activeElement.id')).toBe('main')
    expect(faults).toEqual([])
    await context.close()
  })

  it('leads to every place at any width and any size of letters', async () => {
    const { page, context } = await openPage(browser, { origin: server.url })
    await signIn(page, administrator)
    await untilLive(page)
    for (const width of [1440, 1200, 900, 600, 340]) {
      await page.setViewportSize({ width, height: 700 })
      for (const size of ['', 'large']) {
        await page.evaluate(`document.documentElement.dataset.size = '${size}'`)
        // A frame to lay it out in, and one to find out what fits.
        await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
        expect(await page.evaluate(overflowOfBar), `${width} px ${size}`).toBe(0)
        const more = page.getByRole('button', { name: 'More' })
        if (await more.isVisible()) await more.click()
        await page.getByRole('link', { name: 'Audit' }).click()
        await page.getByRole('heading', { level: 1, name: 'Audit' }).waitFor()
        await page.getByRole('link', { name: 'Alerts' }).click()
        await page.getByRole('heading', { level: 1, name: 'Alerts' }).waitFor()
        await page.getByRole('link', { name: /Your profile/ }).waitFor()
      }
    }
    await context.close()
  })

  it('says that what it shows is simulated', async () => {
    const { page, context } = await openPage(browser, { origin: server.url })
    await signIn(page, administrator)
    await page.getByText('Demo city: simulated devices').waitFor()
    await goTo(page, `/devices/${demoDevice}`)
    await page.locator('.page-head').getByText('simulated').waitFor()
    await context.close()
  })
})

const overflowOfBar = `(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector('.bar'))`

/** @returns every breach of WCAG 2.2 AA and of good practice that axe can see */
async function findBarriers(page: Page): Promise<string[]> {
  // Through the debugger, as the page's own policy lets no other script in.
  await page.evaluate(axe.source)
  const { violations } = (await page.evaluate('axe.run(document)')) as axe.AxeResults
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary?.replaceAll('\n', ' ')}`),
  )
}
