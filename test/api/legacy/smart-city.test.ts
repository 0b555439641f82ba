import { describe, expect, it } from 'vitest'
import { anApiHouse, password } from '../../support/api-house.ts'

/** Accounts as the documents of Smart City give their calls: camelCase and snake_case are both taken. */
const signIn = { email: 'operator@city.example', password }

describe('Smart City', () => {
  it('POST /api/auth/login answers with access and refresh token, under either spelling', async () => {
    const { call } = await anApiHouse()
    const { status, body } = await call('POST', '/api/auth/login', { body: signIn })
    expect(status).toBe(200)
    expect(body.accessToken.split('.')).toHaveLength(3)
    expect(body.access_token).toBe(body.accessToken)
    expect(body.refresh_token).toBe(body.refreshToken)
    const profile = await call('GET', '/api/auth/profile', { token: body.access_token })
    expect(profile.body).toMatchObject({ email: 'operator@city.example', role: 'operator' })
  })

  it.each([
    ['refreshToken in the body', (token: string) => ({ body: { refreshToken: token } })],
    ['refresh_token in the body', (token: string) => ({ body: { refresh_token: token } })],
    ['the token in the header', (token: string) => ({ token })],
  ])('POST /api/auth/refresh takes %s, and an old one ends the session', async (_, request) => {
    const { call } = await anApiHouse()
    const first = (await call('POST', '/api/auth/login', { body: signIn })).body
    const second = await call('POST', '/api/auth/refresh', request(first.refreshToken))
    expect(second.status).toBe(200)
    expect(second.body.refreshToken).not.toBe(first.refreshToken)
    const reused = await call('POST', '/api/auth/refresh', request(first.refreshToken))
    expect([reused.status, reused.body.error.code]).toEqual([401, 'refresh-token-reused'])
    const after = await call('POST', '/api/auth/refresh', request(second.body.refreshToken))
    expect([after.status, after.body.error.code]).toEqual([401, 'session-ended'])
    expect((await call('GET', '/api/auth/profile', { token: second.body.accessToken })).status).toBe(401)
  })

  it('POST /api/auth/register with an administrator’s token makes an account with a role, and signs nobody in', async () => {
    const { call } = await anApiHouse()
    const body = { name: 'New operator', email: 'new@city.example', password: 'twelve letters', role: 'operator' }
    const registered = await call('POST', '/api/auth/register', { as: 'admin', body })
    expect(registered.status).toBe(201)
    expect(registered.body.user).toMatchObject({ role: 'operator', email: 'new@city.example' })
    expect(registered.body).not.toHaveProperty('accessToken')
    expect(registered.body).not.toHaveProperty('token')
    const entered = await call('POST', '/api/auth/login', { body: { email: body.email, password: body.password } })
    expect(entered.status).toBe(200)
  })

  it('GET and PUT /api/auth/profile read and change oneself', async () => {
    const { call } = await anApiHouse()
    const changed = await call('PUT', '/api/auth/profile', {
      as: 'operator',
      body: { full_name: 'Ravi', city: 'Pune' },
    })
    expect([changed.status, changed.body.name, changed.body.city]).toEqual([200, 'Ravi', 'Pune'])
    expect((await call('GET', '/api/auth/profile', { as: 'operator' })).body.name).toBe('Ravi')
  })

  it.each([
    ['camelCase', { currentPassword: password, newPassword: 'a new long password' }],
    ['snake_case', { current_password: password, new_password: 'a new long password' }],
    ['its older name', { old_password: password, new_password: 'a new long password' }],
  ])('POST /api/auth/change-password in %s ends other sessions', async (_, body) => {
    const { call } = await anApiHouse()
    const other = (await call('POST', '/api/auth/login', { body: signIn })).body
    expect((await call('POST', '/api/auth/change-password', { as: 'operator', body })).status).toBe(204)
    expect((await call('GET', '/api/auth/profile', { token: other.accessToken })).status).toBe(401)
    expect((await call('GET', '/api/auth/profile', { as: 'operator' })).status).toBe(200)
    expect((await call('POST', '/api/auth/login', { body: signIn })).status).toBe(401)
    const anew = { ...signIn, password: 'a new long password' }
    expect((await call('POST', '/api/auth/login', { body: anew })).status).toBe(200)
  })

  it('GET /api/health names its services', async () => {
    const { call } = await anApiHouse()
    expect((await call('GET', '/api/health')).body.services).toHaveProperty('database')
  })
})
