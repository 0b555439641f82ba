import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromiumPath, goTo, launchChromium, openPage, signIn, untilLive } from './browser.ts'
import { administrator, type RunningServer, startServer } from './server.ts'

/** The first start may build the server and the dashboard. */
const startMsMax = 240_000
const password = 'a long walk by the lake'
const officer = { email: 'das@prahari.local', password }
const place = { latitude: 15.001, longitude: 88.002 }

describe.skipIf(chromiumPath === undefined)('the SOS console', { timeout: 90_000 }, () => {
  let server: RunningServer
  let browser: Browser
  let token: string

  beforeAll(async () => {
    ;[server, browser] = await Promise.all([startServer({ demo: true }), launchChromium()])
    token = (await call<{ accessToken: string }>('POST', '/api/auth/login', administrator)).accessToken
    for (const [unitNumber, kind, latitude] of [
      ['P-7', 'patrol', 15.002],
      ['A-3', 'ambulance', 15.02],
      ['F-1', 'fire', undefined],
    ] as const) {
      const { id } = await call<{ id: string }>('POST', '/api/units', { unitNumber, kind })
      await call('POST', `/api/units/${id}/state`, { state: 'available' })
      if (latitude !== undefined) {
        await call('POST', `/api/units/${id}/position`, { latitude, longitude: place.longitude })
      }
    }
    await call('POST', '/api/auth/register', {
      name: 'Ravi Iyer',
      email: 'ravi@prahari.local',
      password,
      role: 'operator',
    })
    await call('POST', '/api/auth/register', { ...officer, name: 'Officer Das', role: 'officer' })
  }, startMsMax)

  afterAll(async () => {
    await browser?.close()
    await server?.stop()
  })

  async function call<T>(method: string, path: string, body?: unknown, as = token): Promise<T> {
    const answer = await fetch(server.url + path, {
      method,
      headers: { 'content-type': 'application/json', ...(as && { authorization: `Bearer ${as}` }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as T
  }

  async function open(
    options: { theme?: 'dark' | 'light'; width?: number; height?: number } = {},
    account = administrator,
  ) {
    const opened = await openPage(browser, { origin: server.url, ...options })
    await signIn(opened.page, account)
    await untilLive(opened.page)
    await goTo(opened.page, '/sos')
    await opened.page.getByRole('heading', { level: 1, name: 'SOS' }).waitFor()
    return opened
  }

  const queueRow = (page: Page, name: string) =>
    page.getByRole('list', { name: 'Open cases' }).getByRole('button', { name })

  it('a press comes up by itself, is acknowledged, sent to and closed by keys, and a second screen follows', async () => {
    const [first, second] = [await open(), await open({ theme: 'light' })]
    const { page } = first
    await page.getByText('Nobody calls for help.').waitFor()
    const button = await server.addDevice({ id: 'console-1', name: 'Night bus button' })
    await button.pressSos({ trigger: 'manual', batteryPct: 61, location: place })
    await queueRow(page, 'Night bus button').getByText('Nobody yet').waitFor()
    await queueRow(second.page, 'Night bus button').getByText('Nobody yet').waitFor()
    await page.waitForFunction('document.title.startsWith("(1) ")')

    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await page.locator('#sos-case:focus').waitFor()
    await page.keyboard.press('a')
    await queueRow(page, 'Night bus button').getByText('Acknowledged', { exact: true }).waitFor()
    await queueRow(second.page, 'Night bus button').getByText('Acknowledged', { exact: true }).waitFor()
    await page.waitForFunction('document.title === "SOS · Prahari"')

    const chosen = page.getByRole('region', { name: 'Chosen case' })
    await chosen.getByRole('button', { name: /^Send P-7/ }).waitFor()
    await chosen.getByText('1 that cannot be sent, and why').waitFor()
    await page.keyboard.press('1')
    await chosen.getByRole('list', { name: 'Units that were sent' }).getByText('P-7').waitFor()
    await queueRow(second.page, 'Night bus button').getByText('Dispatched').waitFor()

    await chosen.getByRole('textbox', { name: 'Note' }).fill('Driver says two people.')
    await chosen.getByRole('button', { name: 'Add' }).click()
    await chosen.getByRole('list', { name: 'Timeline' }).getByText('Driver says two people.').waitFor()

    await page.keyboard.press('x')
    const dialog = page.getByRole('dialog', { name: 'Close the case?' })
    expect(await dialog.getByRole('button', { name: 'Close the case' }).isDisabled()).toBe(true)
    await dialog.getByLabel('Founded').first().check()
    await dialog.getByRole('button', { name: 'Close the case' }).click()
    await page.getByText('Nobody calls for help.').waitFor()
    await chosen.getByText('Founded').waitFor()
    await second.page.getByText('Nobody calls for help.').waitFor()
    expect([...first.faults, ...second.faults]).toEqual([])
    await Promise.all([first.context.close(), second.context.close()])
  })

  it('the banner leads to the case from any page, and the sound is remembered once it is asked for', async () => {
    const { page, context, faults } = await open()
    const button = await server.addDevice({ id: 'console-2', name: 'School gate button' })
    await goTo(page, '/system')
    await button.pressSos({ trigger: 'manual' })
    const banner = page.locator('.sos-banner')
    await banner.getByRole('button', { name: 'Turn the sound on' }).click()
    await banner.getByRole('button').first().waitFor({ state: 'detached' })
    await banner.getByRole('link', { name: 'Open the case' }).click()
    await page.getByRole('button', { name: 'Sound is on' }).waitFor()
    const chosen = page.getByRole('region', { name: 'Chosen case' })
    await chosen.getByText('No position was sent.').waitFor()

    await page.reload()
    await untilLive(page)
    await page.locator('.page-head').getByRole('button', { name: 'Sound waits for a click' }).waitFor()
    await page.getByRole('heading', { level: 1, name: 'SOS' }).click()
    await page.locator('.page-head').getByRole('button', { name: 'Sound is on' }).waitFor()
    expect(faults).toEqual([])
    await context.close()
  })

  it('a link is shown once, opens the case, and is taken back', async () => {
    const { page, context, faults } = await open()
    await page.keyboard.press('j')
    const chosen = page.getByRole('region', { name: 'Chosen case' })
    await chosen.getByRole('button', { name: 'Make a link' }).click()
    const dialog = page.getByRole('dialog', { name: 'The link' })
    const link = (await dialog.locator('.sos-link').textContent()) ?? ''
    expect((await fetch(link)).status).toBe(200)
    await dialog.getByRole('button', { name: 'Close' }).click()
    await chosen.getByRole('button', { name: 'Take back …' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Take it back' }).click()
    await chosen.getByText('No link is open.').waitFor()
    expect((await fetch(link)).status).toBe(404)
    expect(faults).toEqual([])
    await context.close()
  })

  it('who was made to cancel is shown to an officer as such, who is offered nothing beyond the role', async () => {
    const { page, context, faults } = await open({}, officer)
    const person = { name: 'Meera Nair', email: 'meera@prahari.local', password }
    const { accessToken: own } = await call<{ accessToken: string }>('POST', '/api/auth/register', person, '')
    await call('PUT', '/api/users/sos-pins', { password, cancelPin: '471928', duressPin: '938271' }, own)
    const { id } = await call<{ id: string }>('POST', '/api/sos/trigger', place, own)
    await queueRow(page, 'Meera Nair').waitFor()
    const { state } = await call<{ state: string }>('POST', `/api/sos/cancel/${id}`, { pin: '938271' }, own)
    expect(state).toBe('cancelled')
    await queueRow(page, 'Meera Nair').getByText('Duress').waitFor()
    await queueRow(page, 'Meera Nair').click()
    const chosen = page.getByRole('region', { name: 'Chosen case' })
    await chosen.getByText('Under duress.').waitFor()
    await chosen.getByRole('button', { name: 'Acknowledge' }).waitFor()
    await chosen.getByText('No unit was sent yet.').waitFor()
    expect(await chosen.getByRole('button', { name: /^Send/ }).count()).toBe(0)
    expect(await chosen.getByText('Who was told').count()).toBe(0)
    await page.keyboard.press('Escape')
    await chosen.waitFor({ state: 'detached' })
    expect(faults).toEqual([])
    await context.close()
  })

  it.each([
    { theme: 'dark', width: 1440, height: 900 },
    { theme: 'light', width: 1440, height: 900 },
    { theme: 'dark', width: 390, height: 844 },
    { theme: 'light', width: 390, height: 844 },
  ] as const)('nobody is kept out: $theme, $width wide', async (options) => {
    const { page, context } = await open(options)
    await call('POST', '/api/sos/trigger', {
      onBehalfOf: { name: 'Asha Rao', phone: '+919800000001' },
      message: 'Followed since the bus stop',
      ...place,
    })
    await queueRow(page, 'Asha Rao').first().click()
    await page.getByRole('list', { name: 'Not told, or not yet' }).getByText('Ravi Iyer').first().waitFor()
    await page.locator('[data-testid=sos-map][data-ready=true]').waitFor({ state: 'attached' })
    await page.getByRole('list', { name: 'Timeline' }).waitFor()
    // Through the debugger, as the page's own policy lets no other script in.
    await page.evaluate(axe.source)
    const { violations } = (await page.evaluate('axe.run(document)')) as axe.AxeResults
    expect(
      violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`),
    ).toEqual([])
    const overflowPx = await page.evaluate<number>(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    )
    expect(overflowPx).toBeLessThanOrEqual(0)
    await context.close()
  })
})
