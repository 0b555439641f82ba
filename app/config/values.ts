import { z } from 'zod'

/** A whole number written in digits: `1e3`, `0x10` and `1_000` are typing errors, not numbers. */
export function wholeNumber({ min, max }: { readonly min: number; readonly max: number }) {
  const message = `must be a whole number from ${min} to ${max}`
  return z
    .string()
    .regex(/^\d{1,15}$/, message)
    .transform(Number)
    .refine((number) => number >= min && number <= max, message)
}

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

export function oneOf<const T extends readonly string[]>(choices: T) {
  return z.enum(choices, `must be one of ${choices.join(', ')}`)
}

/** Values separated by commas, each once, spaces around them ignored. */
export function severalOf<T extends string>(item: z.ZodType<T, string>) {
  return z
    .string()
    .transform((text) => [...new Set(text.split(',').map((part) => part.trim()))])
    .pipe(z.array(item))
}

interface UrlForm {
  readonly schemes: readonly [string, ...string[]]
  /** Who connects by it signs in with the name and password it holds; everybody else would choke on them. */
  readonly mayHoldPassword?: true
  /** More than a server: a path and a query. */
  readonly mayHoldPath?: true
}

export function urlOf({ schemes, mayHoldPassword, mayHoldPath }: UrlForm) {
  const parts = [!mayHoldPassword && 'name or password', !mayHoldPath && 'path'].filter(Boolean)
  const without = parts.length === 0 ? '' : ` without ${parts.join(' and ')}`
  const message = `must be a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}${without}`
  return z
    .string()
    .max(2000, 'must be 2000 characters or shorter')
    .refine((text) => {
      const url = text.includes('://') ? readUrl(text) : undefined
      if (!url || !schemes.includes(url.protocol.slice(0, -1)) || url.hostname === '' || url.hash !== '') return false
      if (!mayHoldPassword && (url.username !== '' || url.password !== '')) return false
      return mayHoldPath || (/^\/?$/.test(url.pathname) && url.search === '')
    }, message)
}

function readUrl(text: string): URL | undefined {
  try {
    const url = new URL(text)
    // What is written with % must be readable for those who sign in with it.
    decodeURIComponent(url.username + url.password)
    return url
  } catch {
    return undefined
  }
}
