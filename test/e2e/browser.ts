import { existsSync } from 'node:fs'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { expect } from 'vitest'
import { drawAddress } from './addresses.ts'

/** The system's Chromium; `CHROMIUM_PATH` names another. */
export const chromiumPath = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser'].find(
  (path) => path !== undefined && existsSync(path),
)

/** WebGL comes from SwiftShader, so that the map is drawn on machines without a graphics card. */
const flags = [
  '--no-sandbox',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--ignore-gpu-blocklist',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath!, headless: true, args: flags })
}

/** What a page must never do. Faults gather here until a test asks for them. */
export interface Watched {
  readonly page: Page
  readonly context: BrowserContext
  /** Console errors, exceptions, breaches of the content security policy, requests to other hosts. */
  readonly faults: string[]
}

export interface OpenOptions {
  readonly origin: string
  readonly width?: number
  readonly height?: number
  readonly theme?: 'dark' | 'light'
}

/** A fresh browser profile with one page, watched from its first request on. */
export async function openPage(browser: Browser, options: OpenOptions): Promise<Watched> {
  const { origin, width = 1440, height = 900, theme = 'dark' } = options
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    baseURL: origin,
    extraHTTPHeaders: { 'x-forwarded-for': drawAddress() },
  })
  const page = await context.newPage()
  const faults: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(`console: ${message.text()}`)
  })
  page.on('pageerror', (error) => faults.push(`exception: ${error.stack ?? error.message}`))
  page.on('request', (request) => {
    const { protocol, origin: asked } = new URL(request.url())
    if (protocol.startsWith('http') && asked !== origin) faults.push(`foreign request: ${request.url()}`)
  })
  return { page, context, faults }
}

export interface OwnPageOptions extends OpenOptions {
  /** What the browser itself reports as an error when a test provokes it: a status, or a lost line. */
  readonly expected?: readonly (number | string)[]
}

/** Runs a test in a browser of its own, which must not do what no page may. */
export async function inOwnPage(
  browser: Browser,
  work: (page: Page) => Promise<void>,
  { expected = [], ...options }: OwnPageOptions,
): Promise<void> {
  const { page, context, faults } = await openPage(browser, options)
  try {
    await work(page)
    expect(faults.filter((fault) => !expected.some((part) => fault.includes(String(part))))).toEqual([])
  } finally {
    await context.close()
  }
}

export async function signIn(page: Page, { email, password }: { readonly email: string; readonly password: string }) {
  await page.goto('/')
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

export async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByLabel('Password').waitFor()
}

/** Signed in, whatever the role is then shown. */
export async function untilIn(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign out' }).waitFor()
}

/** The feed is live and has told of the city. */
export async function untilLive(page: Page): Promise<void> {
  await page.locator('.feed-live').waitFor()
}

/** Goes there by the app's own links' way, as a reload would start the feed anew. */
export async function goTo(page: Page, path: string): Promise<void> {
  await page.evaluate(
    `history.pushState(null, '', ${JSON.stringify(path)}); dispatchEvent(new PopStateEvent('popstate'))`,
  )
}
