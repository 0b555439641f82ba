import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  chromiumPath,
  goTo,
  launchChromium,
  type OpenOptions,
  openPage,
  signIn,
  untilLive,
  type Watched,
} from './browser.ts'
import { openCuttableLine } from './cuttable-line.ts'
import { administrator, type RunningServer, startServer, timeAheadMaxMs } from './server.ts'

if (chromiumPath === undefined) {
  console.warn(
    'skipped: no Chromium (apt install chromium, or name one with CHROMIUM_PATH); the dashboard is not tested',
  )
}

/** The first start may build the server and the dashboard. */
const startMsMax = 240_000

describe.skipIf(chromiumPath === undefined)('the dashboard in a browser', { timeout: 60_000 }, () => {
  let server: RunningServer
  let browser: Browser

  beforeAll(async () => {
    ;[server, browser] = await Promise.all([startServer({ demo: false }), launchChromium()])
  }, startMsMax)

  afterAll(async () => {
    await browser?.close()
    await server?.stop()
  })

  /** Runs a test in a signed-in page of its own, and fails it for anything the page must never do. */
  async function inPage(work: (watched: Watched) => Promise<void>, options: Partial<OpenOptions> = {}): Promise<void> {
    const watched = await openPage(browser, { origin: server.url, ...options })
    try {
      await signIn(watched.page, administrator)
      await untilLive(watched.page)
      await work(watched)
      expect(watched.faults).toEqual([])
    } finally {
      await watched.context.close()
    }
  }

  describe('signing in', () => {
    it('refuses a wrong password with a sentence, and lets the right one in', async () => {
      const { page, context, faults } = await openPage(browser, { origin: server.url })
      await signIn(page, { ...administrator, password: 'not the right password' })
      await page.getByText('E-mail or password is not right.').waitFor()
      await page.getByLabel('Password').fill(administrator.password)
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByRole('navigation', { name: 'Pages' }).waitFor()
      // The browser itself logs the 401; nothing else may be there.
      expect(faults.filter((fault) => !fault.includes('401'))).toEqual([])
      await context.close()
    })

    it('survives a reload, and ends with signing out', async () => {
      await inPage(async ({ page }) => {
        await page.reload()
        await untilLive(page)
        await page.getByRole('button', { name: 'Sign out' }).click()
        await page.getByLabel('Password').waitFor()
        await page.reload()
        await page.getByLabel('Password').waitFor()
      })
    })
  })

  describe('the map', () => {
    it('draws a device where it is, and shows its new value without a reload', async () => {
      const position = { latitude: 15.001, longitude: 88.002 }
      const device = await server.addDevice({ id: 'map-1', name: 'Clock tower', kinds: ['air-quality'], position })
      await device.send('air-quality', { pm25: 11.1 })
      await inPage(async ({ page }) => {
        await page.locator('[data-testid=map][data-ready=true]').waitFor()
        await page.getByRole('searchbox').fill('clock tower')
        const row = page.getByRole('button', { name: /Clock tower/ })
        await row.getByText('11.1').waitFor()
        await row.click()
        await page.getByRole('button', { name: 'Centre on the chosen device' }).click()
        const canvas = page.locator('.map-canvas canvas')
        // The map widens when the panel closes: the device is in the middle of the old one when it had come to rest by
        // then, else of the new one.
        const places = [await canvas.boundingBox()]
        await page.getByRole('button', { name: 'Close', exact: true }).click()
        places.push(await canvas.boundingBox())
        // Nothing but the drawing itself can answer a press on the map with this device.
        const panel = page.getByRole('region', { name: 'Chosen device' })
        await expect
          .poll(async () => {
            const { x, y, width, height } = places.reverse()[0]!
            await page.mouse.click(x + width / 2, y + height / 2)
            return panel.getByRole('heading', { name: 'Clock tower' }).count()
          })
          .toBe(1)
        await device.send('air-quality', { pm25: 22.2 })
        await row.getByText('22.2').waitFor()
        await panel.getByText('22.2').waitFor()
      })
    })

    it('keeps the list in step with the filter and says when nothing passes', async () => {
      await inPage(async ({ page }) => {
        await page.locator('[data-testid=map][data-ready=true]').waitFor()
        await page.keyboard.press('/')
        await page.keyboard.type('no such device anywhere')
        await page.getByText('No device here passes the filter.').waitFor()
        expect(page.url()).toContain('q=no+such+device+anywhere')
      })
    })

    it('puts an SOS on every page at once', async () => {
      const button = await server.addDevice({ id: 'sos-1', name: 'Panic button 1' })
      await inPage(async ({ page }) => {
        await goTo(page, '/system')
        await button.pressSos({ trigger: 'manual', batteryPct: 61, location: { latitude: 15.0, longitude: 88.001 } })
        const banner = page.locator('.sos-banner')
        await banner.getByText('SOS', { exact: true }).waitFor()
        await banner.getByRole('link', { name: 'Panic button 1' }).waitFor()
        await banner.getByRole('link', { name: 'Show on map' }).click()
        await page.locator('[data-testid=map][data-ready=true]').waitFor()
        expect(await banner.getByText('battery 61 %').count()).toBe(1)
      })
    })
  })

  describe('a device page', () => {
    it('charts what is stored and goes on with what comes in', async () => {
      const device = await server.addDevice({ id: 'chart-1', name: 'Weighbridge', kinds: ['traffic-flow'] })
      const startMs = Date.now() - 600_000
      const readings = Array.from({ length: 20 }, (_, index) => ({
        ts: startMs + index * 15_000,
        speedKmh: 30 + index,
      }))
      await device.send('traffic-flow', readings)
      await inPage(async ({ page }) => {
        await goTo(page, '/devices/chart-1')
        await page.getByText('20 points from 20 readings').waitFor()
        const chart = page.getByRole('img', { name: /Speed of Weighbridge: 20 points/ })
        expect(await chart.locator('canvas').count()).toBe(1)
        await device.send('traffic-flow', { speedKmh: 77.7 })
        await page.getByRole('img', { name: /Speed of Weighbridge: 21 points.*highest 77.7 km\/h/ }).waitFor()
        await page.getByRole('button', { name: 'Show as table' }).click()
        await page.getByRole('cell', { name: '77.7 km/h' }).waitFor()
        await page.getByRole('button', { name: '24 h' }).click()
        await page.getByText('21 points from 21 readings').waitFor()
        const ledger = page.getByRole('region', { name: 'Ledger' })
        await ledger.getByText('Adds up').waitFor()
        expect(page.url()).toContain('range=24h')
      })
    })

    it('says that there is no such device', async () => {
      const { page, context, faults } = await openPage(browser, { origin: server.url })
      await signIn(page, administrator)
      await untilLive(page)
      await goTo(page, '/devices/never-made')
      await page.getByText('There is no device never-made.').waitFor()
      expect(faults.filter((fault) => !fault.includes('404'))).toEqual([])
      await context.close()
    })
  })

  describe('alerts', () => {
    it('are acknowledged by keyboard, and a second screen sees it without a reload', async () => {
      const bin = await server.addDevice({ id: 'alert-1', name: 'Bin at the station', kinds: ['bin-level'] })
      await bin.send('bin-level', { temperatureC: 93.5 })
      await inPage(async ({ page: first }) => {
        await inPage(async ({ page: second }) => {
          for (const page of [first, second]) {
            await goTo(page, '/alerts?severity=critical')
            await page.getByRole('button', { name: /Bin at the station/ }).waitFor()
          }
          await first.keyboard.press('j')
          const details = first.getByRole('region', { name: 'Chosen alert' })
          await details.getByText('firing').waitFor()
          await first.keyboard.press('a')
          await second.getByRole('button', { name: /Bin at the station.*acknowledged/ }).waitFor()
          await first.keyboard.press('c')
          await first.keyboard.type('Fire brigade is on its way')
          await details.getByRole('button', { name: 'Send' }).click()
          await details.getByRole('list').getByText('Fire brigade is on its way').waitFor()
          await bin.send('bin-level', { ts: Date.now() + 1000, temperatureC: 20 })
          await second.getByText('Nothing is wrong.').waitFor()
        })
      })
    })

    it('stay as they are, and say so, when the server cannot be reached', async () => {
      const bin = await server.addDevice({ id: 'alert-2', name: 'Bin at the ghat', kinds: ['bin-level'] })
      await bin.send('bin-level', { temperatureC: 88 })
      await inPage(async ({ page, faults }) => {
        await goTo(page, '/alerts')
        await page.getByRole('button', { name: /Bin at the ghat/ }).click()
        await page.route('**/acknowledge', (route) => route.abort('connectionfailed'))
        await page.keyboard.press('a')
        await page.getByText('Could not acknowledge: The server could not be reached.').waitFor()
        await page.getByRole('button', { name: /Bin at the ghat.*firing/ }).waitFor()
        await page.unroute('**/acknowledge')
        await page.keyboard.press('r')
        await page
          .getByRole('region', { name: 'Chosen alert' })
          .getByText('resolved', { exact: true })
          .first()
          .waitFor()
        faults.splice(0, faults.length, ...faults.filter((fault) => !fault.includes('ERR_CONNECTION_FAILED')))
      })
    })
  })

  describe('quarantine', () => {
    it('shows the bytes of a message and replays it once it is acceptable', async () => {
      const device = await server.addDevice({ id: 'bad-1', name: 'Bad clock', kinds: ['noise'] })
      await device.send('noise', Buffer.from([0x00, 0xff, 0x7b]))
      const acceptableFromMs = Date.now() + 2500
      await device.send('noise', { ts: acceptableFromMs + timeAheadMaxMs, laeqDb: 51.5 })
      await inPage(async ({ page }) => {
        await goTo(page, '/quarantine')
        await page.getByText('2 set aside').waitFor()
        await page.getByRole('button', { name: /unparseable 1/ }).click()
        await page.locator('tbody button').click()
        await page.getByText('These bytes are not UTF-8 text.').waitFor()
        expect(await page.getByRole('region', { name: 'Bytes as hex' }).textContent()).toContain('00 ff 7b')

        await page.getByRole('button', { name: /time-too-far-ahead 1/ }).click()
        await page.locator('tbody button').click()
        await page.getByRole('region', { name: 'Bytes as text' }).getByText('"laeqDb":51.5').waitFor()
        await expect.poll(() => Date.now(), { timeout: 10_000 }).toBeGreaterThan(acceptableFromMs)
        await page.getByRole('button', { name: 'Replay this message' }).click()
        await page.getByText('1 accepted, 0 still bad.').waitFor()
        await page.getByText('1 set aside').waitFor()

        await page.getByRole('button', { name: /^All/ }).click()
        await page.getByRole('button', { name: /Delete all/ }).click()
        await page.getByRole('dialog').getByRole('button', { name: 'Delete for good' }).click()
        await page.getByText('Nothing is set aside.').waitFor()
      })
    })
  })

  describe('when the connection is lost', () => {
    it('says since when, comes back by itself, and misses nothing', async () => {
      const device = await server.addDevice({ id: 'line-1', name: 'Far sensor', kinds: ['noise'] })
      await device.send('noise', { laeqDb: 40 })
      const line = await openCuttableLine(server.url)
      try {
        const { page, context, faults } = await openPage(browser, { origin: line.origin })
        await signIn(page, administrator)
        await untilLive(page)
        await goTo(page, '/devices/line-1')
        await page.getByRole('img', { name: /LAeq of Far sensor: 1 points/ }).waitFor()
        line.cut()
        await page.getByText(/Connection lost\. What you see is from/).waitFor()
        expect(await page.locator('.app.is-stale').count()).toBe(1)
        for (const laeqDb of [41, 42, 43]) await device.send('noise', { laeqDb })
        line.mend()
        await untilLive(page)
        await page.getByRole('img', { name: /LAeq of Far sensor: 4 points/ }).waitFor()
        expect(await page.getByText('Connection lost.').count()).toBe(0)
        await goTo(page, '/system')
        const feed = page.getByRole('region', { name: 'Live feed of this screen' })
        // Resumed from where it stood: a snapshot would have been the second one.
        await feed.locator('div', { hasText: /^resumed without a gap1$/ }).waitFor()
        await feed.locator('div', { hasText: /^started anew1$/ }).waitFor()
        expect(faults.filter((fault) => !/ERR_|WebSocket/.test(fault))).toEqual([])
        await context.close()
      } finally {
        await line.close()
      }
    })
  })
})
