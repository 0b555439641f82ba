import { describe, expect, it } from 'vitest'
import { anApp } from './open-app.ts'

async function policyOf(tileUrl?: string): Promise<Map<string, string[]>> {
  const { headers } = await (await anApp({ routes: [], options: { tileUrl } })).call('GET', '/')
  const directives = String(headers['content-security-policy']).split(';')
  return new Map(directives.map((text) => text.trim().split(' ')).map(([name, ...sources]) => [name!, sources]))
}

describe('the content security policy', () => {
  it('runs scripts that are files of ours, and nothing else', async () => {
    const policy = await policyOf()
    expect(policy.get('script-src')).toEqual(["'self'"])
    expect(policy.get('script-src-attr')).toEqual(["'none'"])
  })

  it('lets nothing through that it does not name', async () => {
    const policy = await policyOf()
    for (const name of ['default-src', 'object-src', 'base-uri', 'frame-ancestors']) {
      expect(policy.get(name), name).toEqual(["'none'"])
    }
    expect(policy.get('form-action')).toEqual(["'self'"])
  })

  it.each([
    undefined,
    'https://tiles.example/{z}/{x}/{y}.png',
    'https://{s}.tiles.example/{z}/{x}/{y}.png',
    'nonsense',
  ])('has no way around it with tiles from %s', async (tileUrl) => {
    for (const [name, sources] of await policyOf(tileUrl)) {
      for (const source of sources) {
        expect(source, name).not.toMatch(/unsafe|eval|strict-dynamic|^\*$|^https?:$/)
        if (source === 'data:' || source === 'blob:') expect(['img-src', 'worker-src']).toContain(name)
      }
    }
  })

  it('fetches tiles from the one place configured', async () => {
    const policy = await policyOf('https://{s}.tiles.example/{z}/{x}/{y}.png')
    expect(policy.get('img-src')).toContain('https://*.tiles.example')
    expect(policy.get('connect-src')).toEqual(["'self'", 'https://*.tiles.example'])
  })
})

describe('every answer', () => {
  it.each(['/', '/api/nothing', '/health', '/assets/none.js'])(
    'to %s says what a browser must not do',
    async (path) => {
      const { headers } = await (await anApp({ routes: [] })).call('GET', path)
      expect(headers).toMatchObject({
        'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
        'x-frame-options': 'DENY',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'strict-transport-security': expect.stringMatching(/^max-age=\d{8}$/),
        'cross-origin-opener-policy': 'same-origin',
      })
      expect(headers).not.toHaveProperty('x-powered-by')
    },
  )
})
