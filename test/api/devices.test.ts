import { describe, expect, it } from 'vitest'
import { type ApiHouse, anApiHouse, openApiHouse, shareHouse } from '../support/api-house.ts'

async function listIds({ call }: ApiHouse, query: string): Promise<string[]> {
  const ids: string[] = []
  let cursor = ''
  for (;;) {
    const { body } = await call('GET', `/api/devices?${query}${cursor}`, { as: 'analyst' })
    ids.push(...body.items.map(({ id }: { id: string }) => id))
    if (body.nextCursor === null) return ids
    cursor = `&cursor=${body.nextCursor}`
  }
}

function csv(...lines: string[]) {
  return { as: 'admin', raw: lines.join('\n'), headers: { 'Content-Type': 'text/csv' } } as const
}

describe('a device', () => {
  it('is registered with a secret that is shown once and opens the door', async () => {
    const { call, deps } = await anApiHouse()
    const created = await call('POST', '/api/devices', { as: 'admin', body: { id: 'aq-1', kinds: ['air-quality'] } })
    expect(created.status).toBe(201)
    expect(created.headers.get('location')).toBe('/api/devices/aq-1')
    const { secret } = created.body
    expect(deps.directory.verifySecret('aq-1', Buffer.from(secret))).toBe(true)
    const read = await call('GET', '/api/devices/aq-1', { as: 'operator' })
    expect(read.body).toMatchObject({ id: 'aq-1', state: 'registered', online: false, lastReadingAt: null, latest: [] })
    expect(read.text).not.toContain(secret)
  })

  it('shows what it last said of itself, and that it said nothing', async () => {
    const { call, deps } = await anApiHouse()
    await call('POST', '/api/devices', { as: 'admin', body: { id: 'aq-1' } })
    const before = await call('GET', '/api/devices/aq-1', { as: 'analyst' })
    expect(before.body.status).toBeNull()
    const receivedAtMs = Date.UTC(2026, 0, 14, 11)
    await deps.records.deviceStatuses.keep([{ deviceId: 'aq-1', batteryPct: 64, firmware: undefined, receivedAtMs }])
    const after = await call('GET', '/api/devices/aq-1', { as: 'analyst' })
    expect(after.body.status).toEqual({ batteryPct: 64, firmware: null, receivedAt: '2026-01-14T11:00:00.000Z' })
  })

  it('cannot be registered twice', async () => {
    const { call } = await anApiHouse()
    const [first, second] = await Promise.all(
      [1, 2].map(() => call('POST', '/api/devices', { as: 'admin', body: { id: 'x' } })),
    )
    expect([first!.status, second!.status].sort()).toEqual([201, 409])
  })

  it('keeps what a change does not name, and loses what it takes away', async () => {
    const { call } = await anApiHouse()
    const body = {
      id: 'aq-1',
      name: 'Mill Lane',
      kinds: ['noise'],
      labels: { a: 'b' },
      position: { latitude: 1, longitude: 2 },
    }
    await call('POST', '/api/devices', { as: 'admin', body })
    const patched = await call('PATCH', '/api/devices/aq-1', { as: 'admin', body: { position: null } })
    expect(patched.body).toMatchObject({ name: 'Mill Lane', kinds: ['noise'], labels: { a: 'b' }, position: null })
    for (const refused of [{}, { id: 'other' }, { state: 'registered' }, { simulated: false }]) {
      expect((await call('PATCH', '/api/devices/aq-1', { as: 'admin', body: refused })).status).toBe(400)
    }
  })

  it('whose secret is rotated is disconnected, and the old secret is worth nothing', async () => {
    const { call, deps, disconnected } = await anApiHouse()
    const created = await call('POST', '/api/devices', { as: 'admin', body: { id: 'aq-1' } })
    const rotated = await call('POST', '/api/devices/aq-1/credentials', { as: 'admin' })
    expect(rotated.body.secret).not.toBe(created.body.secret)
    expect(deps.directory.verifySecret('aq-1', Buffer.from(created.body.secret))).toBe(false)
    expect(deps.directory.verifySecret('aq-1', Buffer.from(rotated.body.secret))).toBe(true)
    expect(disconnected).toEqual([{ deviceId: 'aq-1', cause: 'revoked' }])
  })

  it('that is revoked is shut out at once; one that is forgotten frees its id', async () => {
    const { call, deps, disconnected } = await anApiHouse()
    const created = await call('POST', '/api/devices', { as: 'admin', body: { id: 'aq-1' } })
    const revoked = await call('POST', '/api/devices/aq-1/revoke', { as: 'admin' })
    expect(revoked.body.state).toBe('revoked')
    expect(deps.directory.verifySecret('aq-1', Buffer.from(created.body.secret))).toBe(false)
    expect((await call('DELETE', '/api/devices/aq-1', { as: 'admin' })).status).toBe(204)
    expect((await call('GET', '/api/devices/aq-1', { as: 'admin' })).status).toBe(404)
    expect((await call('POST', '/api/devices', { as: 'admin', body: { id: 'aq-1' } })).status).toBe(201)
    expect(disconnected.map(({ cause }) => cause)).toEqual(['revoked', 'decommissioned'])
  })

  it('leaves a trace of who did what to it', async () => {
    const { call, deps, userIdOf } = await anApiHouse()
    await call('POST', '/api/devices', { as: 'admin', body: { id: 'aq-1' } })
    await call('PATCH', '/api/devices/aq-1', { as: 'super_admin', body: { name: 'New' } })
    await call('POST', '/api/devices/aq-1/commands', { as: 'operator', body: { name: 'reboot' } })
    const { items } = await deps.records.audit.list({ subject: 'device:aq-1', limit: 10 })
    expect(items.map(({ actor, action }) => [actor, action])).toEqual([
      [userIdOf('operator'), 'command-queued'],
      [userIdOf('super_admin'), 'device-changed'],
      [userIdOf('admin'), 'device-registered'],
    ])
  })

  it('can be called out of service by nobody but an administrator, and its commands then stop', async () => {
    const { call } = await anApiHouse()
    await call('POST', '/api/devices', { as: 'admin', body: { id: 'aq-1' } })
    await call('POST', '/api/devices/aq-1/decommission', { as: 'admin' })
    const refused = await call('POST', '/api/devices/aq-1/commands', { as: 'operator', body: { name: 'reboot' } })
    expect([refused.status, refused.body.error.code]).toEqual([409, 'device-decommissioned'])
  })
})

describe('the list of devices', () => {
  it('pages through all of them once, whatever the size of a page', async () => {
    const house = await anApiHouse()
    const ids = Array.from({ length: 23 }, (_, i) => `d-${String(i).padStart(2, '0')}`)
    await house.deps.records.devices.registerMany(ids.map((id) => ({ id })))
    for (const limit of [1, 5, 22, 23, 24, 1000]) expect(await listIds(house, `limit=${limit}`)).toEqual(ids)
  })

  it('filters by kind, state and part of the name', async () => {
    const house = await anApiHouse()
    await house.deps.records.devices.registerMany([
      { id: 'a', kinds: ['noise'], name: '100% Lane_' },
      { id: 'b', kinds: ['weather'], name: 'Mill' },
      { id: 'c', kinds: ['noise'] },
    ])
    await house.deps.records.devices.revoke('c')
    expect(await listIds(house, 'kind=noise')).toEqual(['a', 'c'])
    expect(await listIds(house, 'state=revoked')).toEqual(['c'])
    expect(await listIds(house, 'search=mill')).toEqual(['b'])
    expect(await listIds(house, 'search=100%25')).toEqual(['a'])
    expect(await listIds(house, 'search=e_')).toEqual(['a'])
    expect(await listIds(house, 'simulated=true')).toEqual([])
  })
})

describe('many devices at once', () => {
  const shared = shareHouse(openApiHouse)

  it('come as CSV, each line standing for itself and found again by its number', async () => {
    const { call, deps } = await anApiHouse()
    const { status, body } = await call(
      'POST',
      '/api/devices/bulk',
      csv(
        '\uFEFFid,name,kinds,latitude,longitude,label:street',
        'aq-1,"Mill Lane, corner",air-quality;noise,28.6,77.2,Mill',
        '',
        'aq-2,,,,,',
        'aq 3,,,,,',
        'aq-4,,,28.6,,',
        'aq-5,,,north,east,',
        'aq-1,again,,,,',
      ),
    )
    expect(status).toBe(200)
    expect(body).toMatchObject({ created: 2, failed: 4 })
    expect(body.results.map(({ line, id, status: outcome }: Record<string, unknown>) => [line, id, outcome])).toEqual([
      [2, 'aq-1', 'created'],
      [4, 'aq-2', 'created'],
      [5, 'aq 3', 'failed'],
      [6, 'aq-4', 'failed'],
      [7, 'aq-5', 'failed'],
      [8, 'aq-1', 'failed'],
    ])
    expect(body.results[5].error.code).toBe('device-already-registered')
    expect(await deps.records.devices.get('aq-1')).toMatchObject({
      name: 'Mill Lane, corner',
      kinds: ['air-quality', 'noise'],
      position: { latitude: 28.6, longitude: 77.2 },
      labels: { street: 'Mill' },
    })
    expect(deps.directory.verifySecret('aq-2', Buffer.from(body.results[1].secret))).toBe(true)
  })

  it.each([
    ['nothing', ''],
    ['only a heading', 'id,name'],
    ['no column of ids', 'name\nx'],
    ['a column nobody knows', 'id,__proto__\na,b'],
    ['a column twice', 'id,id\na,b'],
    ['a line that is too short', 'id,name\na'],
    ['a quote that is never closed', 'id,name\na,"b'],
    ['a line without end', `id,name\na,${'x'.repeat(100_000)}`],
  ])('are refused as a whole when the file is %s', async (_what, text) => {
    const { call, deps } = shared()
    const answer = await call('POST', '/api/devices/bulk', csv(text))
    expect(answer.status).toBe(400)
    expect(answer.body.error.code).toBeOneOf(['invalid-csv', 'no-devices', 'invalid-request'])
    expect((await deps.records.devices.list({ limit: 1 })).items).toEqual([])
  })

  it('are bounded in number', async () => {
    const { call } = await anApiHouse()
    const tooMany = Array.from({ length: 5001 }, (_, i) => ({ id: `d-${i}` }))
    const refused = await call('POST', '/api/devices/bulk', { as: 'admin', body: tooMany })
    expect([refused.status, refused.body.error.code]).toEqual([413, 'too-many-devices'])
    const whole = await call('POST', '/api/devices/bulk', { as: 'admin', body: { devices: tooMany.slice(0, 5000) } })
    expect(whole.body).toMatchObject({ created: 5000, failed: 0 })
  })
})

describe('a command', () => {
  const shared = shareHouse(openApiHouse)

  it('waits for its device and is listed newest first', async () => {
    const { call, deps, clock } = await anApiHouse()
    await deps.records.devices.register({ id: 'aq-1', kinds: [], labels: {} })
    for (const name of ['first', 'second']) {
      clock.nowMs += 1000
      const queued = await call('POST', '/api/devices/aq-1/commands', {
        as: 'operator',
        body: { name, body: { a: [1] } },
      })
      expect(queued.body).toMatchObject({ name, state: 'queued', body: { a: [1] }, deliveredAt: null, result: null })
    }
    const { body } = await call('GET', '/api/devices/aq-1/commands?state=queued', { as: 'analyst' })
    expect(body.items.map(({ name }: { name: string }) => name)).toEqual(['second', 'first'])
  })

  it.each([{ name: 'Re Boot' }, { name: '../x' }, { name: '' }, { name: 'a', keepS: 0 }, { name: 'a', to: 'b' }])(
    'is refused when it is %j',
    async (body) => {
      const { call } = shared()
      expect((await call('POST', '/api/devices/aq-1/commands', { as: 'operator', body })).status).toBe(400)
    },
  )
})
