import { describe, expect, it } from 'vitest'
import type { Route } from '../../api/http/route.ts'
import { type Role, roles } from '../../contracts/roles.ts'
import { anApiHouse } from '../support/api-house.ts'

/**
 * Who may use which route, written out by hand: a change of the access table shows here before it shows in the city.
 * C citizen, R resident, G security guard, F officer, O operator, N analyst, A admin, S super admin; * nobody in particular.
 */
const letters: Readonly<Record<string, Role>> = {
  C: 'citizen',
  R: 'resident',
  G: 'security_guard',
  F: 'officer',
  O: 'operator',
  N: 'analyst',
  A: 'admin',
  S: 'super_admin',
}

const expected: Readonly<Record<string, string>> = {
  'POST /api/auth/login': '*',
  'POST /api/auth/refresh': '*',
  'POST /api/auth/logout': 'CRGFONAS',
  'GET /api/auth/profile': 'CRGFONAS',
  'GET /api/devices': 'ONAS',
  'POST /api/devices': 'AS',
  'POST /api/devices/bulk': 'AS',
  'GET /api/devices/:id': 'ONAS',
  'PATCH /api/devices/:id': 'AS',
  'DELETE /api/devices/:id': 'AS',
  'POST /api/devices/:id/credentials': 'AS',
  'POST /api/devices/:id/revoke': 'AS',
  'POST /api/devices/:id/decommission': 'AS',
  'POST /api/devices/:id/commands': 'OAS',
  'GET /api/devices/:id/commands': 'ONAS',
  'GET /api/devices/:id/readings': 'ONAS',
  'GET /api/kinds': 'CRGFONAS',
  'GET /api/readings/latest': 'ONAS',
  'GET /api/readings/export': 'ONAS',
  'GET /api/readings/area': 'ONAS',
  'POST /api/readings': 'OAS',
  'GET /api/alerts': 'ONAS',
  'GET /api/alerts/summary': 'ONAS',
  'GET /api/alerts/:id': 'ONAS',
  'POST /api/alerts/:id/acknowledge': 'OAS',
  'POST /api/alerts/:id/assign': 'OAS',
  'POST /api/alerts/:id/comment': 'OAS',
  'POST /api/alerts/:id/resolve': 'OAS',
  'GET /api/alert-rules': 'ONAS',
  'POST /api/alert-rules': 'AS',
  'GET /api/alert-rules/:id': 'ONAS',
  'PATCH /api/alert-rules/:id': 'AS',
  'DELETE /api/alert-rules/:id': 'AS',
  'GET /api/quarantine': 'ONAS',
  'GET /api/quarantine/:id': 'ONAS',
  'POST /api/quarantine/replay': 'OAS',
  'DELETE /api/quarantine': 'AS',
  'GET /api/city/config': '*',
  'GET /api/city/map': 'CRGFONAS',
  'GET /health': '*',
  'GET /api/health': '*',
  'GET /api/system/ledger': 'ONAS',
  'GET /api/system/stats': 'ONAS',
  'GET /metrics': 'AS',
  'GET /api/openapi.json': '*',
  'GET /api/docs': '*',
}

const nameOf = ({ method, path }: Route) => `${method.toUpperCase()} ${path}`

// Behind a proxy, so that /metrics is not open for being local.
const forwarded = { 'X-Forwarded-For': '198.51.100.7' }

describe('every route', () => {
  it('is in the table above', async () => {
    const { api } = await anApiHouse()
    expect(api.routes.map(nameOf).sort()).toEqual(Object.keys(expected).sort())
  })

  it('lets in the roles of the table and nobody else', async () => {
    const { api, call } = await anApiHouse()
    const wrong: string[] = []
    // Signing out ends the walk of its role, so it comes last.
    const routes = [...api.routes].sort((a, b) => Number(a.path.endsWith('logout')) - Number(b.path.endsWith('logout')))
    for (const route of routes) {
      const who = expected[nameOf(route)]
      const path = route.path.replace(':id', 'nothing-1')
      for (const role of [undefined, ...roles]) {
        const { status } = await call(route.method.toUpperCase(), path, { as: role, headers: forwarded })
        const isIn = who === '*' || [...(who ?? '')].some((letter) => letters[letter] === role)
        const refusal = role === undefined ? 401 : 403
        // An empty body, an unknown id: what comes after the door may be any other answer, but not a fault of ours.
        const isRight = isIn ? status !== 403 && (status !== 401 || who === '*') && status < 500 : status === refusal
        if (!isRight) wrong.push(`${nameOf(route)} as ${role ?? 'nobody'}: ${status}`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('refuses a token that nobody gave', async () => {
    const { api, call } = await anApiHouse()
    const gated = api.routes.filter(({ access }) => access !== 'anyone')
    for (const token of ['x', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIiwicm9sZSI6InN1cGVyX2FkbWluIn0.', 'a.b.c']) {
      for (const { method, path } of gated) {
        const answer = await call(method.toUpperCase(), path.replace(':id', 'x'), { token, headers: forwarded })
        expect(answer.status, `${method} ${path}`).toBe(401)
        expect(answer.headers.get('www-authenticate')).toBe('Bearer')
      }
    }
  })
})

describe('a role', () => {
  it('that is taken away ends its rights at once, with the same token', async () => {
    const { call, deps, userIdOf } = await anApiHouse()
    expect((await call('GET', '/api/devices', { as: 'operator' })).status).toBe(200)
    await deps.accounts.setRole({ userId: userIdOf('operator'), role: 'citizen', by: 'system' })
    expect((await call('GET', '/api/devices', { as: 'operator' })).status).toBe(403)
  })

  it('means nothing any more once its bearer is banned', async () => {
    const { call, deps, userIdOf } = await anApiHouse()
    await deps.accounts.setBanned({ userId: userIdOf('admin'), banned: true, by: 'system' })
    expect((await call('GET', '/api/devices', { as: 'admin' })).status).toBeOneOf([401, 403])
  })
})

describe('metrics', () => {
  it('are open to this machine, not through a proxy and not under another name', async () => {
    const { call } = await anApiHouse()
    expect((await call('GET', '/metrics')).status).toBe(200)
    for (const name of ['X-Forwarded-For', 'Forwarded', 'X-Real-IP', 'Via']) {
      expect((await call('GET', '/metrics', { headers: { [name]: 'for=198.51.100.7' } })).status, name).toBe(401)
    }
  })

  it('need a token when the server is bound to the world, and the configured one will do', async () => {
    const { call } = await anApiHouse({ options: { host: '0.0.0.0', metricsToken: 'scrape-me' } })
    expect((await call('GET', '/metrics')).status).toBe(401)
    expect((await call('GET', '/metrics', { token: 'scrape-mf' })).status).toBe(401)
    expect((await call('GET', '/metrics', { token: 'scrape-me' })).status).toBe(200)
    expect((await call('GET', '/api/devices', { token: 'scrape-me' })).status).toBe(401)
  })
})
