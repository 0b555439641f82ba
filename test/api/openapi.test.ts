import { Validator } from '@seriousme/openapi-schema-validator'
import { describe, expect, it } from 'vitest'
import type { OpenApiDocument } from '../../api/docs/openapi.ts'
import { anApiHouse } from '../support/api-house.ts'

function operationsOf(document: OpenApiDocument): string[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
}

interface ExpressApp {
  readonly router: { readonly stack: readonly { route?: { path: string; methods: Record<string, boolean> } }[] }
}

/** What Express really has, asked of Express: not of the list the routes were made from. */
function mountedOn(app: unknown): string[] {
  return (app as ExpressApp).router.stack.flatMap(({ route }) => {
    const methods = Object.keys(route?.methods ?? {})
    // The refusal of other methods answers to every method there is.
    if (route === undefined || methods.length > 1) return []
    return `${methods[0]!.toUpperCase()} ${route.path.replace(/:(\w+)/g, '{$1}')}`
  })
}

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1', async () => {
    const { call } = await anApiHouse()
    const { status, body } = await call('GET', '/api/openapi.json')
    expect(status).toBe(200)
    const result = await new Validator().validate(body)
    expect(result.errors ?? []).toEqual([])
    expect(result.valid).toBe(true)
    expect(body.openapi).toMatch(/^3\.1\./)
  })

  it('has every route that Express answers, and no other', async () => {
    const { call, api } = await anApiHouse()
    const { body } = await call('GET', '/api/openapi.json')
    const app = api.httpServer.listeners('request')[0]
    const mounted = mountedOn(app).sort()
    expect(mounted.length).toBeGreaterThan(40)
    expect(operationsOf(body).sort()).toEqual(mounted)
  })

  it('refers only to schemas it has, and has none that nothing refers to', async () => {
    const { call } = await anApiHouse()
    const { text, body } = await call('GET', '/api/openapi.json')
    const named = new Set([...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name))
    expect([...named].sort()).toEqual(Object.keys(body.components.schemas).sort())
    expect(text).not.toContain('$defs')
  })

  it('gives each operation a name of its own, a summary, and the errors it can answer', async () => {
    const { call } = await anApiHouse()
    const document = (await call('GET', '/api/openapi.json')).body as OpenApiDocument
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods))
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length)
    for (const operation of operations) {
      expect(operation.summary.length, operation.operationId).toBeGreaterThan(5)
      expect(Object.keys(operation.responses), operation.operationId).toContain('500')
      if (operation.security.length > 0) {
        expect(Object.keys(operation.responses), operation.operationId).toEqual(expect.arrayContaining(['401', '403']))
      }
    }
  })

  it('names every parameter of every path', async () => {
    const { call } = await anApiHouse()
    const document = (await call('GET', '/api/openapi.json')).body as OpenApiDocument
    for (const [path, methods] of Object.entries(document.paths)) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      for (const { parameters = [], operationId } of Object.values(methods)) {
        const described = parameters.filter(({ in: place }) => place === 'path').map(({ name }) => name)
        expect(described, operationId).toEqual(inPath)
      }
    }
  })
})

describe('the page at /api/docs', () => {
  it('shows every operation and runs under a policy that allows nothing else', async () => {
    const { call } = await anApiHouse()
    const document = (await call('GET', '/api/openapi.json')).body as OpenApiDocument
    const page = await call('GET', '/api/docs')
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/)
    expect(page.text).not.toMatch(/<script|\bon\w+=|style="/)
    for (const methods of Object.values(document.paths)) {
      for (const { operationId } of Object.values(methods)) expect(page.text).toContain(`id="${operationId}"`)
    }
  })

  it('links only to what is on it', async () => {
    const { call } = await anApiHouse()
    const { text } = await call('GET', '/api/docs')
    const ids = new Set([...text.matchAll(/id="([^"]+)"/g)].map(([, id]) => id))
    const targets = [...text.matchAll(/href="#([^"]+)"/g)].map(([, target]) => target)
    expect(targets.length).toBeGreaterThan(10)
    expect(targets.filter((target) => !ids.has(target))).toEqual([])
  })
})
