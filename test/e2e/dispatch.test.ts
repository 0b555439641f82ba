import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromiumPath, goTo, launchChromium, openPage, signIn, untilLive } from './browser.ts'
import { administrator, type RunningServer, startServer } from './server.ts'

/** The first start may build the server and the dashboard. */
const startMsMax = 240_000

describe.skipIf(chromiumPath === undefined)('units and broadcasts in the dashboard', { timeout: 90_000 }, () => {
  let server: RunningServer
  let browser: Browser
  let token: string

  beforeAll(async () => {
    ;[server, browser] = await Promise.all([startServer({ demo: true }), launchChromium()])
    const session = await call<{ accessToken: string; user: { id: string } }>('POST', '/api/auth/login', administrator)
    token = session.accessToken
    await call('PATCH', `/api/users/${session.user.id}`, { unitNumber: 'P-7' })
    for (const [unitNumber, kind] of [
      ['P-7', 'patrol'],
      ['A-3', 'ambulance'],
    ]) {
      const { id } = await call<{ id: string }>('POST', '/api/units', { unitNumber, kind })
      await call('POST', `/api/units/${id}/state`, { state: 'available' })
    }
  }, startMsMax)

  afterAll(async () => {
    await browser?.close()
    await server?.stop()
  })

  async function call<T>(method: string, path: string, body: unknown): Promise<T> {
    const answer = await fetch(server.url + path, {
      method,
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as T
  }

  async function open(options: { theme?: 'dark' | 'light'; width?: number; height?: number } = {}) {
    const opened = await openPage(browser, { origin: server.url, ...options })
    await signIn(opened.page, administrator)
    await untilLive(opened.page)
    return opened
  }

  const row = (page: Page, unitNumber: string) => page.getByRole('row', { name: new RegExp(`^${unitNumber}`) })

  it('a unit is added, said to be there, sent, answers and is done', async () => {
    const { page, context, faults } = await open()
    await goTo(page, '/units')
    await page.getByRole('button', { name: 'Add a unit …' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Number').fill('F-1')
    await dialog.getByLabel('Kind').selectOption('fire')
    await dialog.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByLabel('State of F-1').selectOption('available')
    await row(page, 'F-1').getByText('Available', { exact: true }).first().waitFor()

    const { id } = await call<{ id: string }>('POST', '/api/emergency/incidents', {
      type: 'fire',
      address: 'Mill Lane',
    })
    await call('POST', `/api/emergency/incidents/${id}/assign`, { unitNumber: 'P-7' })
    await page.getByRole('button', { name: 'Confirm' }).click()
    await page.getByRole('button', { name: 'On the way' }).click()
    await page.getByRole('button', { name: 'On the scene' }).click()
    await row(page, 'P-7').getByText('On the scene', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Finished' }).click()
    await page.getByText('Nothing to do now.').waitFor()
    await row(page, 'P-7').getByText('Returning', { exact: true }).first().waitFor()
    expect(faults).toEqual([])
    await context.close()
  })

  it('a number that is taken is said so in the form', async () => {
    const { page, context } = await open()
    await goTo(page, '/units')
    await page.getByRole('button', { name: 'Add a unit …' }).click()
    await page.getByRole('dialog').getByLabel('Number').fill('A-3')
    await page.getByRole('dialog').getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByRole('dialog').getByText('there is a unit A-3 already').waitFor()
    await context.close()
  })

  it('a broadcast is drawn, counted, confirmed and sent', async () => {
    const { page, context, faults } = await open()
    await goTo(page, '/broadcasts')
    const map = page.locator('[data-testid=draw-map][data-ready=true]')
    await map.waitFor({ state: 'attached' })
    await page.getByRole('button', { name: 'Polygon' }).click()
    for (const [x, y] of [
      [300, 150],
      [700, 150],
      [500, 400],
    ] as const) {
      await map.click({ position: { x, y } })
    }
    await page.getByText('3 corners').waitFor()
    await page
      .getByText(/people.*devices/)
      .first()
      .waitFor()
    await page.getByLabel('What to say').fill('Stay inside.')
    await page.getByRole('button', { name: 'Send …' }).click()
    await page
      .getByRole('dialog')
      .getByText(/people.*devices/)
      .waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Send', exact: true }).click()
    await page.getByText('polygon of 3 corners').waitFor()
    expect(faults).toEqual([])
    await context.close()
  })

  it.each([
    { theme: 'dark', width: 1440, height: 900 },
    { theme: 'light', width: 390, height: 844 },
  ] as const)('nobody is kept out: $theme, $width wide', async (options) => {
    const { page, context } = await open(options)
    for (const [path, landmark] of [
      ['/units', '.units-table tbody tr'],
      ['/broadcasts', '[data-testid=draw-map][data-ready=true]'],
    ] as const) {
      await goTo(page, path)
      await page.locator(landmark).first().waitFor({ state: 'attached' })
      // Through the debugger, as the page's own policy lets no other script in.
      await page.evaluate(axe.source)
      const { violations } = (await page.evaluate('axe.run(document)')) as axe.AxeResults
      expect(
        violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`),
        path,
      ).toEqual([])
    }
    await context.close()
  })
})
