interface Known {
  readonly name: string
  readonly pattern: RegExp
}

/** The first that fits counts: most browsers also call themselves what came before them. */
const browsers: readonly Known[] = [
  { name: 'Edge', pattern: /\bEdg(?:e|A|iOS)?\/(\d+)/ },
  { name: 'Opera', pattern: /\b(?:OPR|OPiOS)\/(\d+)/ },
  { name: 'Samsung Internet', pattern: /\bSamsungBrowser\/(\d+)/ },
  { name: 'Firefox', pattern: /\b(?:Firefox|FxiOS)\/(\d+)/ },
  { name: 'Chromium', pattern: /\bChromium\/(\d+)/ },
  { name: 'Chrome', pattern: /\b(?:Headless)?(?:Chrome|CriOS)\/(\d+)/ },
  { name: 'Safari', pattern: /\bVersion\/(\d+)\S* (?:Mobile\/\S+ )?Safari\// },
]

const systems: readonly Known[] = [
  { name: 'Android', pattern: /\bAndroid\b/ },
  { name: 'iPhone', pattern: /\biPhone\b/ },
  { name: 'iPad', pattern: /\biPad\b/ },
  { name: 'Windows', pattern: /\bWindows\b/ },
  { name: 'macOS', pattern: /\bMac OS X\b/ },
  { name: 'ChromeOS', pattern: /\bCrOS\b/ },
  { name: 'Linux', pattern: /\bLinux\b/ },
]

/**
 * A user agent in words: `Firefox 133 on Windows`. What is no browser is called by its first product: `curl 8.5.0`.
 * @see RFC 9110, section 10.1.5
 */
export function nameBrowser(userAgent: string | undefined): string {
  if (userAgent === undefined || userAgent.trim() === '') return 'Unknown program'
  const browser = browsers.find(({ pattern }) => pattern.test(userAgent))
  const system = systems.find(({ pattern }) => pattern.test(userAgent))
  if (browser === undefined) return userAgent.trim().split(/\s/)[0]!.replace('/', ' ').slice(0, 60)
  const version = browser.pattern.exec(userAgent)?.[1]
  return [`${browser.name} ${version}`, system && `on ${system.name}`].filter(Boolean).join(' ')
}
