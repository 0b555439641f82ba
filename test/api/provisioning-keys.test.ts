import { describe, expect, it } from 'vitest'
import { anApiHouse, noonMs, openApiHouse, shareHouse } from '../support/api-house.ts'

const dayMs = 86_400_000
const at = (ms: number) => new Date(ms).toISOString()

describe('a provisioning key', () => {
  it('is shown once, expires in 30 days unless told otherwise, and opens the door', async () => {
    const { call, deps, logLines } = await anApiHouse()
    const made = await call('POST', '/api/provisioning-keys', { as: 'admin', body: { name: ' Ward 7 ', quota: 2 } })
    expect(made.status).toBe(201)
    const { key, provisioningKey } = made.body
    expect(provisioningKey).toEqual({
      id: provisioningKey.id,
      name: 'Ward 7',
      quota: 2,
      usedCount: 0,
      state: 'open',
      createdAt: at(noonMs),
      expiresAt: at(noonMs + 30 * dayMs),
      revokedAt: null,
    })
    expect(await deps.directory.findProvisioningKey(key)).toBe(provisioningKey.id)
    await deps.directory.enrol({ id: 'lamp-1', kinds: [], labels: {} }, { provisioningKeyId: provisioningKey.id })
    const listed = await call('GET', '/api/provisioning-keys', { as: 'admin' })
    expect(listed.body.items).toEqual([{ ...provisioningKey, usedCount: 1 }])
    const { items } = await deps.records.audit.list({ limit: 100 })
    for (const text of [listed.text, JSON.stringify(items), JSON.stringify(logLines)]) expect(text).not.toContain(key)
  })

  it('says what became of it', async () => {
    const { call, deps, clock } = await anApiHouse()
    const make = async (name: string, body: Record<string, unknown> = {}) =>
      (await call('POST', '/api/provisioning-keys', { as: 'admin', body: { name, quota: 1, ...body } })).body
    await make('open')
    await make('expired', { expiresAt: '2026-01-14T13:00:30+01:00' })
    const { id } = (await make('used up')).provisioningKey
    await deps.directory.enrol({ id: 'lamp-1', kinds: [], labels: {} }, { provisioningKeyId: id })
    const revoked = await make('revoked')
    const path = `/api/provisioning-keys/${revoked.provisioningKey.id}/revoke`
    const first = await call('POST', path, { as: 'admin' })
    clock.nowMs += 60_000
    const again = await call('POST', path, { as: 'super_admin' })
    expect([first.body.state, again.body.revokedAt]).toEqual(['revoked', at(noonMs)])
    expect(await deps.directory.findProvisioningKey(revoked.key)).toBeUndefined()
    const { body } = await call('GET', '/api/provisioning-keys', { as: 'admin' })
    const states = body.items.map(({ name, state }: { name: string; state: string }) => [name, state])
    expect(states).toEqual([
      ['revoked', 'revoked'],
      ['used up', 'used-up'],
      ['expired', 'expired'],
      ['open', 'open'],
    ])
  })

  it('leaves a trace of who made and who ended it', async () => {
    const { call, deps, userIdOf } = await anApiHouse()
    const { body } = await call('POST', '/api/provisioning-keys', { as: 'admin', body: { name: 'Ward 7', quota: 5 } })
    const { id } = body.provisioningKey
    await call('POST', `/api/provisioning-keys/${id}/revoke`, { as: 'super_admin' })
    const { items } = await deps.records.audit.list({ subject: `provisioning-key:${id}`, limit: 10 })
    expect(items.map(({ actor, action, detail }) => [actor, action, detail])).toEqual([
      [userIdOf('super_admin'), 'provisioning-key-revoked', {}],
      [userIdOf('admin'), 'provisioning-key-created', { name: 'Ward 7', quota: 5, expiresAt: at(noonMs + 30 * dayMs) }],
    ])
  })

  it('is listed in pages', async () => {
    const { call, deps } = await anApiHouse()
    for (let i = 0; i < 5; i++) await deps.records.provisioningKeys.create({ name: `key ${i}`, quota: 1 })
    const first = await call('GET', '/api/provisioning-keys?limit=3', { as: 'admin' })
    const second = await call('GET', `/api/provisioning-keys?limit=3&cursor=${first.body.nextCursor}`, { as: 'admin' })
    const names = [...first.body.items, ...second.body.items].map(({ name }: { name: string }) => name)
    expect(names).toEqual(['key 4', 'key 3', 'key 2', 'key 1', 'key 0'])
    expect(second.body.nextCursor).toBeNull()
  })
})

describe('a request for a provisioning key', () => {
  const shared = shareHouse(openApiHouse)

  it.each([
    [{}, 'invalid-request'],
    [{ name: '', quota: 1 }, 'invalid-request'],
    [{ name: 'x'.repeat(121), quota: 1 }, 'invalid-request'],
    [{ name: 'x' }, 'invalid-request'],
    [{ name: 'x', quota: 0 }, 'invalid-request'],
    [{ name: 'x', quota: -1 }, 'invalid-request'],
    [{ name: 'x', quota: 1.5 }, 'invalid-request'],
    [{ name: 'x', quota: 100_001 }, 'invalid-request'],
    [{ name: 'x', quota: '10' }, 'invalid-request'],
    [{ name: 'x', quota: 1, expiresAt: 'never' }, 'invalid-request'],
    [{ name: 'x', quota: 1, expiresAt: null }, 'invalid-request'],
    [{ name: 'x', quota: 1, expiresAt: at(noonMs) }, 'expiry-out-of-range'],
    [{ name: 'x', quota: 1, expiresAt: '1970-01-01T00:00:00Z' }, 'expiry-out-of-range'],
    [{ name: 'x', quota: 1, expiresAt: at(noonMs + 366 * dayMs + 1) }, 'expiry-out-of-range'],
    [{ name: 'x', quota: 1, key: 'chosen' }, 'invalid-request'],
    [{ name: 'x', quota: 1, usedCount: -5 }, 'invalid-request'],
  ])('is refused when it is %j', async (body, code) => {
    const answer = await shared().call('POST', '/api/provisioning-keys', { as: 'admin', body })
    expect([answer.status, answer.body.error.code]).toEqual([400, code])
  })

  it('may go to the very ends of what is allowed', async () => {
    const body = { name: 'x'.repeat(120), quota: 100_000, expiresAt: at(noonMs + 366 * dayMs) }
    expect((await shared().call('POST', '/api/provisioning-keys', { as: 'admin', body })).status).toBe(201)
  })

  it.each(['nothing-1', '%2e%2e%2fdevices'])('to revoke %s finds nothing', async (id) => {
    const answer = await shared().call('POST', `/api/provisioning-keys/${id}/revoke`, { as: 'admin' })
    expect(answer.status).toBeOneOf([400, 404])
  })
})
