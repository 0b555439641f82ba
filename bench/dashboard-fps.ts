import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import type { BoundingBox } from '../contracts/geo.ts'
import { between, createRandom } from '../devices/random.ts'
import type { Bench, BenchContext, BenchRow } from './bench.ts'
import { admin, type ServerProcess, withServer } from './server-process.ts'
import { percentile } from './table.ts'

const framesPerSMin = 30
const cityBox: BoundingBox = { west: 87.95, south: 14.95, east: 88.05, north: 15.05 }

/**
 * The map under the hand of an operator: real drags in a real browser. Without a graphics card the frames are painted
 * by SwiftShader on the same processors as everything else, and the first row says what that alone costs.
 */
export const dashboardFps: Bench = {
  id: 'dashboard-fps',
  title: 'Dashboard: frames a second while panning a map of 10,000 devices',
  async run(context) {
    const browser = await launchBrowser()
    if (browser === undefined) {
      return [{ what: 'no Chromium here (CHROMIUM_PATH names one)', measured: 'skipped', figures: {} }]
    }
    try {
      return await withServer(join(context.workDir, 'dashboard-fps'), (server) => runOn(server, browser, context))
    } finally {
      await browser.close()
    }
  },
}

/** @returns undefined where there is no browser, or no driver for it in an installation without development tools */
async function launchBrowser(): Promise<Browser | undefined> {
  const candidates = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser']
  const executablePath = candidates.find((path) => path !== undefined && existsSync(path))
  const driver = await import('playwright-core').catch(() => undefined)
  if (executablePath === undefined || driver === undefined) return undefined
  return driver.chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist'],
  })
}

async function runOn(server: ServerProcess, browser: Browser, context: BenchContext): Promise<BenchRow[]> {
  const { isQuick, load, say, seed } = context
  const deviceCount = isQuick ? 2000 : 10_000
  const dragMs = isQuick ? 2000 : 6000

  say(`registering and connecting ${deviceCount} devices`)
  const devices = await placeDevices(server, deviceCount, seed)
  await load.create({ host: '127.0.0.1', port: server.mqttPort, window: 8, devices })
  await load.open()
  await load.start({ type: 'paced', perS: deviceCount })
  await load.measure(3000)
  await load.pause()

  const page = await openMap(browser, server.origin, deviceCount)
  say('panning, nothing drawn')
  const search = page.getByRole('searchbox')
  await search.fill('no such device')
  await page.getByText('No device here passes the filter.').waitFor()
  // What the browser and its renderer cost on this machine, whatever is on the map.
  const yardstick = toRow('no device drawn, for comparison', await drag(page, dragMs))
  await search.fill('')
  await page.waitForTimeout(3000)
  const rows: BenchRow[] = []
  for (const isReporting of [false, true]) {
    const state = isReporting ? 'every device reporting each second' : 'no news'
    if (isReporting) await load.start({ type: 'paced', perS: deviceCount })
    for (const { zoomSteps, what } of [
      { zoomSteps: 0, what: 'whole city' },
      { zoomSteps: 3, what: 'a quarter of the town' },
    ]) {
      say(`panning, ${what}, ${state}`)
      await zoom(page, zoomSteps)
      rows.push(toTargetRow(`${what}, ${state}`, await drag(page, dragMs)))
      await zoom(page, -zoomSteps)
    }
  }
  const renderer = await page.evaluate<string>(readRenderer)
  await load.pause()
  await load.drain(30_000)
  await load.close()
  return [yardstick, ...rows].map((row) => ({ ...row, figures: { ...row.figures, renderer } }))
}

async function placeDevices(server: ServerProcess, count: number, seed: number) {
  const random = createRandom(seed, 'places')
  const inputs = Array.from({ length: count }, (_none, index) => ({
    id: `map-${index}`,
    name: `Air quality ${index}`,
    kinds: ['air-quality'],
    position: {
      latitude: between(random, cityBox.south, cityBox.north),
      longitude: between(random, cityBox.west, cityBox.east),
    },
    labels: {},
  }))
  const secrets = await server.api.provision(inputs)
  return [...secrets].map(([deviceId, secret]) => ({ deviceId, secret }))
}

async function openMap(browser: Browser, origin: string, deviceCount: number): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  await page.goto(origin)
  await page.getByLabel('E-mail').fill(admin.email)
  await page.getByLabel('Password').fill(admin.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  // The map frames the devices that are known when it opens; with none yet it frames the world.
  await page.getByRole('link', { name: 'Devices' }).click()
  await page.getByText(`of ${deviceCount.toLocaleString('en')}`).waitFor({ timeout: 60_000 })
  await page.getByRole('link', { name: 'Map', exact: true }).click()
  await page.locator('[data-testid=map][data-ready=true]').waitFor({ timeout: 60_000 })
  await page.waitForTimeout(3000)
  return page
}

async function zoom(page: Page, steps: number): Promise<void> {
  const button = page.getByRole('button', { name: steps > 0 ? 'Zoom in' : 'Zoom out' })
  for (let step = 0; step < Math.abs(steps); step++) {
    await button.click()
    await page.waitForTimeout(700)
  }
}

interface Frames {
  readonly perS: number
  readonly intervalsMs: readonly number[]
  /** Processor time per frame of the process that runs the page, and of the one that paints it. */
  readonly pageCpuMs: number
  readonly paintCpuMs: number
}

/** Swings the map to and fro by the mouse and notes every frame the page was given. */
async function drag(page: Page, durationMs: number): Promise<Frames> {
  const box = (await page.locator('.map-canvas canvas').boundingBox())!
  const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 }
  await page.mouse.move(middle.x, middle.y)
  await page.mouse.down()
  const debug = await page.context().browser()!.newBrowserCDPSession()
  const cpuMsOf = async (type: string) => {
    const { processInfo } = await debug.send('SystemInfo.getProcessInfo')
    return processInfo.reduce((sum, process) => sum + (process.type === type ? process.cpuTime * 1000 : 0), 0)
  }
  const before = { pageMs: await cpuMsOf('renderer'), paintMs: await cpuMsOf('GPU') }
  await page.evaluate(startCounting)
  const startedAtMs = performance.now()
  for (let passedMs = 0; passedMs < durationMs; passedMs = performance.now() - startedAtMs) {
    const angle = passedMs / 400
    await page.mouse.move(middle.x + 220 * Math.sin(angle), middle.y + 160 * Math.sin(angle * 0.7))
  }
  const stamps = await page.evaluate<number[]>(stopCounting)
  const pageCpuMs = ((await cpuMsOf('renderer')) - before.pageMs) / stamps.length
  const paintCpuMs = ((await cpuMsOf('GPU')) - before.paintMs) / stamps.length
  await page.mouse.up()
  await debug.detach()
  const intervalsMs = stamps.slice(1).map((at, index) => at - stamps[index]!)
  const spanMs = (stamps.at(-1) ?? 0) - (stamps[0] ?? 0)
  return { perS: intervalsMs.length / (spanMs / 1000), intervalsMs, pageCpuMs, paintCpuMs }
}

// In the page, so as text: this file is compiled without the names of the browser.
const startCounting = `{
  const stamps = []
  window.benchFrames = stamps
  const note = (at) => { stamps.push(at); if (window.benchFrames === stamps) requestAnimationFrame(note) }
  requestAnimationFrame(note)
}`
const stopCounting = '(() => { const stamps = window.benchFrames; window.benchFrames = undefined; return stamps })()'
const readRenderer = `(() => {
  const gl = document.createElement('canvas').getContext('webgl2')
  const info = gl.getExtension('WEBGL_debug_renderer_info')
  return String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER)).slice(0, 40)
})()`

function toTargetRow(what: string, frames: Frames): BenchRow {
  return { ...toRow(what, frames), target: `>= ${framesPerSMin} frames/s`, isMet: frames.perS >= framesPerSMin }
}

function toRow(what: string, { perS, intervalsMs, pageCpuMs, paintCpuMs }: Frames): BenchRow {
  return {
    what,
    measured: `${perS.toFixed(1)} frames/s`,
    figures: {
      frames: intervalsMs.length,
      'page CPU ms/frame': pageCpuMs,
      'painting CPU ms/frame': paintCpuMs,
      'p50 ms': percentile(intervalsMs, 0.5),
      'p95 ms': percentile(intervalsMs, 0.95),
      'longest ms': Math.max(...intervalsMs),
    },
  }
}
