import { describe, expect, it } from 'vitest'
import { anApiHouse, noonMs, openApiHouse, shareHouse } from '../support/api-house.ts'

function csv(...lines: string[]) {
  return { as: 'admin', raw: lines.join('\n'), headers: { 'Content-Type': 'text/csv' } } as const
}

interface Result {
  readonly line: number
  readonly id: string | null
  readonly status: string
  readonly secret: string | null
  readonly error: { readonly code: string; readonly message: string } | null
}

const summarize = ({ line, id, status, error }: Result) => [line, id, error?.code ?? status]

describe('devices of persons in an import', () => {
  it('are told by id, e-mail address or phone number, each line standing for itself', async () => {
    const { call, deps, userIdOf } = await anApiHouse()
    const ravi = await deps.records.users.create({
      phone: '+919876543210',
      name: 'Ravi',
      role: 'resident',
      phoneVerifiedAtMs: noonMs,
    })
    await deps.records.users.update(userIdOf('citizen'), { emailVerifiedAtMs: noonMs })
    const gone = await deps.records.users.create({ email: 'gone@city.example', name: 'Gone', role: 'resident' })
    await deps.records.users.update(gone.id, { state: 'erased', email: null })
    const { status, body } = await call(
      'POST',
      '/api/devices/bulk',
      csv(
        'id,ownerId,owner',
        `band-1,${userIdOf('citizen')},`,
        'band-2,,Citizen@City.Example',
        'band-3,,98765 43210',
        'band-4,,+91 98765-43210',
        'lamp-1,,',
        'band-5,,nobody@city.example',
        'band-6,,gone@city.example',
        'band-7,,12',
        'band-8,nobody,',
        `band-9,${userIdOf('citizen')},citizen@city.example`,
      ),
    )
    expect(status).toBe(200)
    expect(body.results.map(summarize)).toEqual([
      [2, 'band-1', 'created'],
      [3, 'band-2', 'created'],
      [4, 'band-3', 'created'],
      [5, 'band-4', 'created'],
      [6, 'lamp-1', 'created'],
      [7, 'band-5', 'owner-not-found'],
      [8, 'band-6', 'owner-not-found'],
      [9, 'band-7', 'owner-not-found'],
      [10, 'band-8', 'owner-not-found'],
      [11, 'band-9', 'invalid-device'],
    ])
    expect(body).toMatchObject({ created: 5, failed: 5 })
    const { items } = await deps.records.devices.list({ limit: 10 })
    expect(items.map(({ id, ownerId }) => [id, ownerId])).toEqual([
      ['band-1', userIdOf('citizen')],
      ['band-2', userIdOf('citizen')],
      ['band-3', ravi.id],
      ['band-4', ravi.id],
      ['lamp-1', undefined],
    ])
  })

  it('come as JSON too, with whatever else a line may be', async () => {
    const { call, userIdOf, deps } = await anApiHouse()
    await deps.records.users.update(userIdOf('citizen'), { emailVerifiedAtMs: noonMs })
    const lines = [
      { id: 'band-1', owner: 'citizen@city.example' },
      { id: 'band-2', owner: 7 },
      { id: 'band-3', owner: ['citizen@city.example'] },
      { id: 'band-4', owner: `${'x'.repeat(255)}@city.example` },
      { id: 'band-5', owner: null },
      null,
      'owner',
      { id: 'band-6', ownerId: '' },
    ]
    const { body } = await call('POST', '/api/devices/bulk', { as: 'admin', body: lines })
    expect(body.results.map(summarize)).toEqual([
      [1, 'band-1', 'created'],
      [2, 'band-2', 'invalid-device'],
      [3, 'band-3', 'invalid-device'],
      [4, 'band-4', 'invalid-device'],
      [5, 'band-5', 'created'],
      [6, null, 'invalid-device'],
      [7, null, 'invalid-device'],
      [8, 'band-6', 'invalid-device'],
    ])
    expect(await deps.records.devices.get('band-1')).toMatchObject({ ownerId: userIdOf('citizen') })
  })

  it('are for nobody who merely says that an address or a number is theirs', async () => {
    const { call, deps, userIdOf } = await anApiHouse()
    const { users, devices } = deps.records
    const claims = { phone: '+919876543210', email: 'asha@city.example' }
    const stranger = await users.create({ ...claims, name: 'Stranger', role: 'resident' })
    const lines = ['id,owner', 'band-1,98765 43210', 'band-2,asha@city.example']
    const summary = async () => (await call('POST', '/api/devices/bulk', csv(...lines))).body.results.map(summarize)
    expect(await summary()).toEqual([
      [2, 'band-1', 'owner-not-verified'],
      [3, 'band-2', 'owner-not-verified'],
    ])
    // To have proved the one says nothing of the other, nor does it to want an address.
    await users.update(stranger.id, { emailVerifiedAtMs: noonMs })
    await users.update(userIdOf('citizen'), { pendingPhone: '+919876500000' })
    lines.push('band-3,98765 00000')
    expect(await summary()).toEqual([
      [2, 'band-1', 'owner-not-verified'],
      [3, 'band-2', 'created'],
      [4, 'band-3', 'owner-not-found'],
    ])
    expect(await devices.get('band-1')).toBeUndefined()
  })

  it('may stand before their gateway, which must be there in the end', async () => {
    const { call } = await anApiHouse()
    const answer = await call(
      'POST',
      '/api/devices/bulk',
      csv('id,gatewayId', 'leaf-1,gate', 'gate,', 'leaf-2,nowhere', 'leaf-3,leaf-3'),
    )
    expect(answer.body.results.map(summarize)).toEqual([
      [2, 'leaf-1', 'created'],
      [3, 'gate', 'created'],
      [4, 'leaf-2', 'gateway-not-found'],
      [5, 'leaf-3', 'gateway-not-found'],
    ])
  })
})

describe('a hostile import', () => {
  const shared = shareHouse(openApiHouse)

  it.each([
    '../../etc/passwd',
    '..',
    '/etc/passwd',
    '..%2f..%2fetc',
    '..\\windows',
    '+',
    '#',
    'v1/devices/+/sos',
    'lamp/#',
    '$SYS',
    '=1+1',
    '-1',
    '@SUM(A1)',
    'lamp 1',
    'lamp\u00001',
    'lämp',
    'lamp\u202e1',
    'x'.repeat(65),
    '',
  ])('registers nothing under the id %j, and shows it back cut short', async (id) => {
    const { call } = shared()
    for (const body of [[{ id }], [{ id: 'ok'.concat('/', id) }]]) {
      const answer = await call('POST', '/api/devices/bulk', { as: 'admin', body })
      expect(answer.body).toMatchObject({ created: 0, failed: 1, results: [{ secret: null }] })
      expect(answer.body.results[0].id?.length ?? 0).toBeLessThanOrEqual(80)
    }
    expect((await call('POST', '/api/devices', { as: 'admin', body: { id } })).status).toBe(400)
  })

  it('keeps a name that looks like a formula as text, and exports no id that is one', async () => {
    const { call, deps } = await anApiHouse()
    const name = '=HYPERLINK("http://evil.example";"x")'
    const quoted = `"${name.replaceAll('"', '""')}"`
    const answer = await call('POST', '/api/devices/bulk', csv('id,name,label:=cmd', `lamp-1,${quoted},+1`))
    expect(answer.body).toMatchObject({ created: 1 })
    expect(await deps.records.devices.get('lamp-1')).toMatchObject({ name, labels: { '=cmd': '+1' } })
  })

  it('cannot set what is the server’s', async () => {
    const { call, deps, clock } = await anApiHouse()
    const chosen = {
      state: 'decommissioned',
      simulated: true,
      secret: 'chosen',
      secretHash: 'chosen',
      createdAt: '1970-01-01T00:00:00Z',
      createdAtMs: 0,
      credentialsSinceMs: 1,
      __proto__: { state: 'revoked' },
    }
    const raw = JSON.stringify({ id: 'a', ...chosen }).replace('{', '{"__proto__":{"state":"revoked"},')
    const single = await call('POST', '/api/devices', {
      as: 'admin',
      raw,
      headers: { 'Content-Type': 'application/json' },
    })
    const bulk = await call('POST', '/api/devices/bulk', { as: 'admin', body: [{ id: 'b', ...chosen }] })
    expect([single.status, bulk.body.created]).toEqual([201, 1])
    for (const [id, secret] of [
      ['a', single.body.secret],
      ['b', bulk.body.results[0].secret],
    ]) {
      expect(await deps.records.devices.get(id)).toMatchObject({
        state: 'registered',
        simulated: false,
        credentialsSinceMs: undefined,
        createdAtMs: clock.nowMs,
      })
      expect(secret).toMatch(/^[\w-]{43}$/)
      expect(deps.directory.verifySecret(id, Buffer.from('chosen'))).toBe(false)
    }
    for (const [key, value] of Object.entries(chosen)) {
      const patched = await call('PATCH', '/api/devices/a', { as: 'admin', body: { [key]: value } })
      expect(patched.status, key).toBe(400)
    }
  })

  it('gives no column a meaning that it does not have', async () => {
    const { call } = shared()
    for (const column of ['secret', 'state', 'simulated', 'createdAt', '__proto__', 'constructor', 'label:', 'Owner']) {
      const answer = await call('POST', '/api/devices/bulk', csv(`id,${column}`, 'lamp-1,x'))
      expect([answer.status, answer.body.error.code], column).toEqual([400, 'invalid-csv'])
    }
  })

  it('takes a label by any name as a label', async () => {
    const { call, deps } = await anApiHouse()
    const answer = await call('POST', '/api/devices/bulk', csv('id,label:__proto__,label:constructor', 'lamp-1,x,y'))
    expect(answer.body.created).toBe(1)
    const { labels } = (await deps.records.devices.get('lamp-1'))!
    expect(Object.getPrototypeOf(labels)).toBe(Object.prototype)
    expect(labels.constructor).toBe('y')
  })

  it('is refused as a whole when a line has ten thousand columns', async () => {
    const { call } = shared()
    const commas = ','.repeat(9999)
    for (const lines of [
      ['id,name', `lamp-1${commas}`],
      [`id${commas}`, `lamp-1${commas}`],
      [`id,${Array.from({ length: 9999 }, (_, i) => `label:${i}`).join(',')}`, `lamp-1${commas}`],
    ]) {
      const answer = await call('POST', '/api/devices/bulk', csv(...lines))
      expect([answer.status, answer.body.error.code]).toEqual([400, 'invalid-csv'])
    }
  })

  it('is bounded in lines and in bytes', async () => {
    const { call, deps } = shared()
    const lines = Array.from({ length: 5001 }, (_, i) => `lamp-${i}`)
    const tooMany = await call('POST', '/api/devices/bulk', csv('id', ...lines))
    expect([tooMany.status, tooMany.body.error.code]).toEqual([413, 'too-many-devices'])
    const tooLarge = await call('POST', '/api/devices/bulk', csv('id,name', `lamp-1,${'x'.repeat(2 * 1024 * 1024)}`))
    expect([tooLarge.status, tooLarge.body.error.code]).toEqual([413, 'body-too-large'])
    expect((await deps.records.devices.list({ limit: 1 })).items).toEqual([])
  })

  it('with five thousand owners to look up lets an operator through meanwhile', async () => {
    const { call } = await anApiHouse()
    const lines = Array.from({ length: 5000 }, (_, i) => `band-${i},person-${i}@city.example`)
    let isDone = false
    const importing = call('POST', '/api/devices/bulk', csv('id,owner', ...lines)).finally(() => {
      isDone = true
    })
    let answered = 0
    while (!isDone) {
      expect((await call('GET', '/api/devices?limit=1', { as: 'operator' })).status).toBe(200)
      answered += 1
    }
    expect((await importing).body).toMatchObject({ created: 0, failed: 5000 })
    expect(answered).toBeGreaterThan(1)
  })

  it('with one id many times over registers it once, and shows one secret', async () => {
    const { call, deps } = await anApiHouse()
    const lines = Array.from({ length: 600 }, () => 'lamp-1')
    const { body } = await call('POST', '/api/devices/bulk', csv('id', ...lines))
    expect(body).toMatchObject({ created: 1, failed: 599 })
    const secrets = body.results.flatMap(({ secret }: Result) => (secret === null ? [] : [secret]))
    expect(secrets).toHaveLength(1)
    expect(deps.directory.verifySecret('lamp-1', Buffer.from(secrets[0]))).toBe(true)
    expect(body.results[1].error.code).toBe('device-already-registered')
  })
})
