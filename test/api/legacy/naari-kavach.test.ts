import { describe, expect, it } from 'vitest'
import { anApiHouse, noonMs } from '../../support/api-house.ts'

/** Accounts as the documents of NaariKavach give their calls: Djoser's routes with their slashes, and `Token`. */
const account = { username: 'unit12', password: 'password123', email: 'unit12@example.com' }

async function aHouseWithAccount() {
  const house = await anApiHouse()
  await house.call('POST', '/auth/users/', { body: account })
  const { username, password } = account
  const { body } = await house.call('POST', '/auth/token/login/', { body: { username, password } })
  return { ...house, authToken: body.auth_token as string }
}

describe('NaariKavach', () => {
  it('POST /auth/users/ makes an account', async () => {
    const { call } = await anApiHouse()
    const { status, body } = await call('POST', '/auth/users/', { body: account })
    expect([status, body]).toEqual([201, { id: expect.any(String), username: 'unit12', email: 'unit12@example.com' }])
    const { email: _email, ...without } = { ...account, username: 'unit13' }
    expect((await call('POST', '/auth/users/', { body: without })).body).toMatchObject({
      username: 'unit13',
      email: '',
    })
  })

  it.each([
    ['a name that is taken', account, 'username'],
    ['a short password', { ...account, username: 'x', email: '', password: 'short' }, 'password'],
    ['no password', { username: 'y' }, 'password'],
    ['an address that is none', { ...account, username: 'z', email: 'nowhere' }, 'email'],
  ])('POST /auth/users/ with %s is 400 with a list under the field', async (_, body, field) => {
    const { call } = await aHouseWithAccount()
    const answer = await call('POST', '/auth/users/', { body })
    expect(answer.status).toBe(400)
    expect(answer.body[field]).toEqual([expect.any(String)])
    expect(answer.body.error.code).toEqual(expect.any(String))
  })

  it('POST /auth/token/login/ gives a token that is accepted as Token and as Bearer', async () => {
    const { call, authToken } = await aHouseWithAccount()
    for (const scheme of ['Token', 'Bearer', 'token']) {
      const { status, body } = await call('GET', '/api/auth/profile', {
        headers: { Authorization: `${scheme} ${authToken}` },
      })
      expect([status, body.username, body.role]).toEqual([200, 'unit12', 'citizen'])
    }
  })

  it('POST /auth/token/login/ with a wrong password is 400 with non_field_errors', async () => {
    const { call } = await aHouseWithAccount()
    const body = { username: account.username, password: 'password124' }
    const answer = await call('POST', '/auth/token/login/', { body })
    expect([answer.status, answer.body.non_field_errors]).toEqual([
      400,
      ['Unable to log in with provided credentials.'],
    ])
  })

  it('POST /auth/token/logout/ ends the token', async () => {
    const { call, authToken } = await aHouseWithAccount()
    const headers = { Authorization: `Token ${authToken}` }
    expect((await call('POST', '/auth/token/logout/', { headers })).status).toBe(204)
    const after = await call('POST', '/auth/token/logout/', { headers })
    expect([after.status, after.body.detail]).toEqual([401, expect.any(String)])
  })

  it('POST /api/assign-officer/ sends the unit with that number, and its faults read as Django’s', async () => {
    const { call, deps } = await anApiHouse()
    const { id: unitId } = await deps.unitDesk.create({ unitNumber: '12', kind: 'officer', capabilities: [], by: 'x' })
    await deps.unitDesk.setState({ unitId, state: 'available', by: 'x' })
    const { sos } = await deps.sosDesk.press({
      deviceId: 'band-1',
      receivedAtMs: noonMs,
      observedAtMs: noonMs,
      seq: undefined,
      trigger: 'manual',
      location: undefined,
      batteryPct: undefined,
    })
    const assign = (body: unknown) => call('POST', '/api/assign-officer/', { as: 'operator', body })
    const { status, body } = await assign({ sos_id: sos.id, unit_number: 12 })
    expect(status).toBe(201)
    expect(body).toMatchObject({ sos_id: sos.id, unit_number: '12', status: 'assigned' })
    expect((await assign({ sos_id: sos.id, unit_number: '12' })).body.error.code).toBe('unit-committed')
    const without = await assign({ sos_id: sos.id })
    expect([without.status, without.body.unit_number]).toEqual([400, [expect.any(String)]])
    expect((await call('POST', '/api/assign-officer/', { body: {} })).body.detail).toEqual(expect.any(String))
  })
})
