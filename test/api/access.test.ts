import { describe, expect, it } from 'vitest'
import { anApiHouse } from '../support/api-house.ts'

describe('a role', () => {
  it('that is taken away ends its rights at once, with the same token', async () => {
    const { call, deps, userIdOf } = await anApiHouse()
    expect((await call('GET', '/api/alerts', { as: 'operator' })).status).toBe(200)
    await deps.accounts.setRole({ userId: userIdOf('operator'), role: 'citizen', by: 'system' })
    expect((await call('GET', '/api/alerts', { as: 'operator' })).status).toBe(403)
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
