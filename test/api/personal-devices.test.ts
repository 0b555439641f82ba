import { describe, expect, it } from 'vitest'
import type { Role } from '../../contracts/roles.ts'
import { type ApiHouse, anApiHouse, noonMs } from '../support/api-house.ts'
import { putInStore } from '../support/readings.ts'

const home = { latitude: 28.6, longitude: 77.2 }
const box = 'bbox=77,28,78,29'

/** A lamp of the city, and a band of the citizen and one of the resident, all at one place and all measuring noise. */
async function aHouseWithBands(): Promise<ApiHouse> {
  const house = await anApiHouse()
  const { deps, ingest, store, userIdOf } = house
  const kinds = ['noise']
  await deps.records.devices.registerMany([
    { id: 'band-1', kinds, position: home, ownerId: userIdOf('citizen') },
    { id: 'band-2', kinds, position: home, ownerId: userIdOf('resident') },
    { id: 'lamp-1', kinds, position: home },
  ])
  const ids = ['band-1', 'band-2', 'lamp-1']
  await putInStore(
    store,
    'noise',
    ids.map((deviceId) => ({ deviceId, atMs: noonMs - 60_000, values: { laeqDb: 50 } })),
  )
  ingest.setLatest(
    ids.map((deviceId) => ({
      deviceId,
      kind: 'noise',
      observedAtMs: noonMs,
      receivedAtMs: noonMs,
      seq: undefined,
      timeSource: 'device',
      values: { laeqDb: 50 },
    })),
  )
  return house
}

async function list({ call }: ApiHouse, role: Role, query = '') {
  const { status, body } = await call('GET', `/api/devices${query}`, { as: role })
  expect(status).toBe(200)
  return body.items as { id: string; position: unknown; ownerId: string | null }[]
}

async function looksAt({ deps }: ApiHouse) {
  const { items } = await deps.records.audit.list({ action: 'device-location-viewed', limit: 10 })
  return items
}

describe('a person', () => {
  it('sees the own devices, with their positions, and no others, whatever the query asks for', async () => {
    const house = await aHouseWithBands()
    const mine = { id: 'band-1', position: home, ownerId: house.userIdOf('citizen') }
    const others = house.userIdOf('resident')
    for (const query of ['', '?kind=noise', '?search=a', '?limit=1', `?ownerId=${others}`, '?ownerId=nobody']) {
      expect(await list(house, 'citizen', query), query).toMatchObject([mine])
    }
    expect(await list(house, 'citizen', '?search=lamp')).toEqual([])
    expect(await list(house, 'officer')).toEqual([])
    const { body } = await house.call('GET', '/api/devices/band-1', { as: 'citizen' })
    expect(body).toMatchObject({ ...mine, latest: [{ deviceId: 'band-1' }] })
    expect(await looksAt(house)).toEqual([])
  })

  it.each(['band-2', 'lamp-1'])(
    'is told of %s, which is not theirs, what is told of one that is not there',
    async (id) => {
      const { call } = await aHouseWithBands()
      for (const suffix of ['', '/readings', '/readings?kind=noise', '/readings?kind=nothing']) {
        const [other, none] = await Promise.all(
          [id, 'nothing-1'].map((deviceId) => call('GET', `/api/devices/${deviceId}${suffix}`, { as: 'citizen' })),
        )
        expect([other!.status, other!.body]).toEqual([404, none!.body])
      }
    },
  )

  it('reads what the own device measured', async () => {
    const { call } = await aHouseWithBands()
    const { status, body } = await call('GET', '/api/devices/band-1/readings', { as: 'citizen' })
    expect(status).toBe(200)
    expect(body).toMatchObject({ deviceId: 'band-1', kind: 'noise' })
  })

  it('changes nothing of the own device, the owner least of all', async () => {
    const { call, userIdOf, deps } = await aHouseWithBands()
    const ownerId = userIdOf('citizen')
    for (const role of ['citizen', 'resident', 'operator', 'analyst', 'officer'] as const) {
      const answers = await Promise.all([
        call('PATCH', '/api/devices/band-2', { as: role, body: { ownerId } }),
        call('PATCH', '/api/devices/band-1', { as: role, body: { ownerId: null } }),
        call('POST', '/api/devices', { as: role, body: { id: 'band-9', ownerId } }),
        call('POST', '/api/devices/bulk', { as: role, body: [{ id: 'band-9', ownerId }] }),
        call('POST', '/api/devices/band-1/credentials', { as: role }),
      ])
      expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403])
    }
    expect(await deps.records.devices.get('band-2')).toMatchObject({ ownerId: userIdOf('resident') })
  })

  it('loses sight of a device with its ownership, at once', async () => {
    const house = await aHouseWithBands()
    const body = { ownerId: house.userIdOf('resident') }
    expect((await house.call('PATCH', '/api/devices/band-1', { as: 'admin', body })).status).toBe(200)
    expect(await list(house, 'citizen')).toEqual([])
    expect((await house.call('GET', '/api/devices/band-1/readings', { as: 'citizen' })).status).toBe(404)
    // And the next owner does not learn where the one before was.
    expect(await list(house, 'resident')).toMatchObject([
      { id: 'band-1', position: null },
      { id: 'band-2', position: home },
    ])
  })
})

describe('the next owner', () => {
  const at = (ms: number) => new Date(ms).toISOString()

  /** A band that measured for the resident until noon and for the citizen from then on. */
  async function aHouseWithAHandedOnBand() {
    const house = await anApiHouse()
    const { deps, ingest, store, userIdOf, clock } = house
    clock.nowMs = noonMs - 7_200_000
    const labels = { wearer: 'The resident' }
    await deps.records.devices.registerMany([
      { id: 'band-1', name: 'Resident’s', labels, kinds: ['noise'], ownerId: userIdOf('resident') },
    ])
    await deps.records.deviceStatuses.keep([
      { deviceId: 'band-1', batteryPct: 50, firmware: undefined, receivedAtMs: clock.nowMs },
    ])
    const times = [-3_600_000, -60_000, 0, 60_000].map((ms) => noonMs + 600_000 + ms)
    await putInStore(
      store,
      'noise',
      times.map((atMs, place) => ({ deviceId: 'band-1', atMs, values: { laeqDb: 50 + place } })),
    )
    const latest = (kind: string, observedAtMs: number) =>
      ({ kind, observedAtMs, receivedAtMs: observedAtMs, deviceId: 'band-1', seq: undefined, values: {} }) as const
    ingest.setLatest([{ ...latest('weather', noonMs), timeSource: 'device' }])
    clock.nowMs = noonMs + 600_000
    const body = { ownerId: userIdOf('citizen') }
    expect((await house.call('PATCH', '/api/devices/band-1', { as: 'admin', body })).status).toBe(200)
    return house
  }

  it('reads nothing that was measured before the device was theirs', async () => {
    const { call } = await aHouseWithAHandedOnBand()
    const valuesOf = async (role: Role, query: string) => {
      const { body } = await call(
        'GET',
        `/api/devices/band-1/readings?kind=noise&to=${noonMs + 3 * 3_600_000}&${query}`,
        { as: role },
      )
      return body.series[0].points.map(({ value }: { value: number }) => value)
    }
    for (const aggregate of ['raw', 'lttb']) {
      expect(await valuesOf('citizen', `aggregate=${aggregate}`)).toEqual([52, 53])
      expect(await valuesOf('operator', `aggregate=${aggregate}`)).toEqual([50, 51, 52, 53])
    }
    // Buckets of whole hours: the hour of the change is not told.
    for (const aggregate of ['mean', 'min', 'max']) {
      expect(await valuesOf('citizen', `aggregate=${aggregate}&maxPoints=2`)).toEqual([])
      expect(await valuesOf('citizen', `aggregate=${aggregate}&maxPoints=2&from=${noonMs + 601_000}`)).toEqual([])
      expect((await valuesOf('operator', `aggregate=${aggregate}&maxPoints=2`)).length).toBeGreaterThan(0)
    }
    const before = `kind=noise&from=${noonMs - 7_200_000}&to=${noonMs}`
    const [own, everybodys] = await Promise.all(
      (['citizen', 'operator'] as const).map((as) => call('GET', `/api/devices/band-1/readings?${before}`, { as })),
    )
    expect([own!.status, own!.body.rowsRead, own!.body.series[0].points]).toEqual([200, 0, []])
    expect(everybodys!.body.rowsRead).toBe(1)
  })

  it('is not told what it was called, what it said of itself and what it measured last', async () => {
    const { call } = await aHouseWithAHandedOnBand()
    const blank = { name: 'band-1', labels: {}, status: null, latest: [], lastReadingAt: null }
    const { body } = await call('GET', '/api/devices/band-1', { as: 'citizen' })
    expect(body).toMatchObject(blank)
    const { body: page } = await call('GET', '/api/devices', { as: 'citizen' })
    expect(page.items).toMatchObject([{ name: 'band-1', lastReadingAt: null }])
    // Nor, by a question that names no kind, which kind it was.
    expect((await call('GET', '/api/devices/band-1/readings', { as: 'citizen' })).body.kind).toBe('noise')
    const { body: seen } = await call('GET', '/api/devices/band-1', { as: 'operator' })
    expect(seen).toMatchObject({ status: { batteryPct: 50 }, latest: [{ kind: 'weather' }], lastReadingAt: at(noonMs) })
  })
})

describe('a device that is nobody’s any more', () => {
  it.each(['taken from its owner', 'left by an account that was erased'])(
    'stays a personal one when it was %s, until an administrator hands it out for the city again',
    async (how) => {
      const house = await aHouseWithBands()
      const { call, deps, userIdOf } = house
      if (how.startsWith('taken')) await call('PATCH', '/api/devices/band-1', { as: 'admin', body: { ownerId: null } })
      else await deps.records.devices.releaseAllOf(userIdOf('citizen'))
      await deps.records.devices.patch('band-1', { position: home })
      const inLists = async () => {
        const { body } = await call('GET', `/api/readings/latest?${box}`, { as: 'analyst' })
        const [band] = await list(house, 'admin', '?search=band-1')
        return [body.items.some(({ deviceId }: { deviceId: string }) => deviceId === 'band-1'), band]
      }
      const nobodys = { id: 'band-1', ownerId: null }
      expect(await inLists()).toMatchObject([false, { ...nobodys, isPersonal: true, position: null }])
      expect((await call('GET', '/api/devices/band-1', { as: 'analyst' })).body.position).toBeNull()
      expect((await call('GET', '/api/devices/band-1', { as: 'operator' })).body.position).toEqual(home)
      expect(await looksAt(house)).toMatchObject([{ actor: userIdOf('operator'), subject: 'device:band-1' }])

      const answer = await call('PATCH', '/api/devices/band-1', { as: 'admin', body: { isPersonal: false } })
      expect(answer.status).toBe(200)
      expect(await inLists()).toMatchObject([true, { ...nobodys, isPersonal: false, position: home }])
      const { items } = await deps.records.audit.list({ action: 'device-changed', limit: 1 })
      expect(items).toMatchObject([
        { actor: userIdOf('admin'), subject: 'device:band-1', detail: { fields: ['isPersonal'], isPersonal: false } },
      ])
    },
  )

  it('is not the city’s while it has an owner, nor by anybody but an administrator', async () => {
    const { call, deps } = await aHouseWithBands()
    const body = { isPersonal: false }
    const refused = await call('PATCH', '/api/devices/band-1', { as: 'admin', body })
    expect([refused.status, refused.body.error.code]).toEqual([409, 'device-has-owner'])
    for (const role of ['citizen', 'operator', 'analyst'] as const) {
      expect((await call('PATCH', '/api/devices/band-1', { as: role, body })).status).toBe(403)
    }
    expect((await deps.records.devices.get('band-1'))?.isPersonal).toBe(true)
  })
})

describe('where a person’s device is', () => {
  it('is in no list but the owner’s, whoever asks', async () => {
    const house = await aHouseWithBands()
    for (const role of ['operator', 'analyst', 'admin', 'super_admin'] as const) {
      expect(await list(house, role)).toMatchObject([
        { id: 'band-1', position: null },
        { id: 'band-2', position: null },
        { id: 'lamp-1', position: home },
      ])
    }
    expect(await looksAt(house)).toEqual([])
  })

  it.each([
    ['operator', home],
    ['admin', home],
    ['super_admin', home],
    ['analyst', null],
  ] as const)('is told to an %s who asks for the one device as %j', async (role, position) => {
    const { call } = await aHouseWithBands()
    expect((await call('GET', '/api/devices/band-1', { as: role })).body.position).toEqual(position)
    expect((await call('GET', '/api/devices/lamp-1', { as: role })).body.position).toEqual(home)
  })

  it('leaves a trace of who looked, without the place, and none where there was nothing to see', async () => {
    const house = await aHouseWithBands()
    const { call, userIdOf, deps } = house
    await call('GET', '/api/devices/band-1', { as: 'operator' })
    await call('GET', '/api/devices/band-1', { as: 'analyst' })
    await call('GET', '/api/devices/lamp-1', { as: 'operator' })
    await deps.records.devices.patch('band-2', { position: null })
    await call('GET', '/api/devices/band-2', { as: 'operator' })
    const looks = await looksAt(house)
    expect(looks).toMatchObject([{ actor: userIdOf('operator'), subject: 'device:band-1', detail: {} }])
    expect(JSON.stringify(looks)).not.toMatch(/28\.6|77\.2/)
  })

  it('is not told when the trace cannot be left', async () => {
    const { call } = await anApiHouse({
      deps: ({ records }) => ({
        records: { ...records, audit: { ...records.audit, append: () => Promise.reject(new Error('disk full')) } },
      }),
    }).then(async (house) => {
      await house.deps.records.devices.register({
        id: 'band-1',
        kinds: [],
        labels: {},
        position: home,
        ownerId: house.userIdOf('citizen'),
      })
      return house
    })
    const answer = await call('GET', '/api/devices/band-1', { as: 'operator' })
    expect(answer.status).toBe(500)
    expect(answer.text).not.toMatch(/28\.6|77\.2/)
  })

  it('is in no answer to what an administrator changes', async () => {
    const { call, userIdOf } = await aHouseWithBands()
    const ownerId = userIdOf('citizen')
    const changes = [
      ['POST', '', { id: 'band-9', ownerId, position: home }],
      ['PATCH', '/band-1', { name: 'Band' }],
      ['POST', '/band-1/credentials', undefined],
      ['POST', '/band-1/revoke', undefined],
      ['POST', '/band-1/decommission', undefined],
    ] as const
    for (const [method, path, body] of changes) {
      const { status, text } = await call(method, `/api/devices${path}`, { as: 'admin', body })
      expect(status, path).toBeLessThan(300)
      expect(text, path).not.toMatch(/28\.6|77\.2/)
    }
  })

  it('is found by no search of an area, and is in no export', async () => {
    const { call } = await aHouseWithBands()
    const latest = await call('GET', `/api/readings/latest?${box}`, { as: 'operator' })
    expect(latest.body.items.map(({ deviceId }: { deviceId: string }) => deviceId)).toEqual(['lamp-1'])
    const area = await call('GET', `/api/readings/area?kind=noise&${box}`, { as: 'operator' })
    expect(area.body).toMatchObject({ deviceCount: 1 })
    const { body } = await call('GET', '/api/readings/export?kind=noise&format=geojson', { as: 'operator' })
    const geometries = body.features.map((feature: { properties: { deviceId: string }; geometry: unknown }) => [
      feature.properties.deviceId,
      feature.geometry !== null,
    ])
    expect(geometries.sort()).toEqual([
      ['band-1', false],
      ['band-2', false],
      ['lamp-1', true],
    ])
  })
})

describe('giving a device to a person', () => {
  it('is audited with the person, and refused for a person or a gateway that is not there', async () => {
    const { call, deps, userIdOf } = await aHouseWithBands()
    await call('PATCH', '/api/devices/lamp-1', { as: 'admin', body: { ownerId: userIdOf('citizen'), name: 'x' } })
    await call('PATCH', '/api/devices/lamp-1', { as: 'admin', body: { ownerId: null } })
    const { items } = await deps.records.audit.list({ subject: 'device:lamp-1', limit: 10 })
    expect(items.map(({ detail }) => detail)).toEqual([
      { fields: ['ownerId'], ownerId: null },
      { fields: ['name', 'ownerId'], ownerId: userIdOf('citizen') },
    ])
    for (const [body, code] of [
      [{ ownerId: 'nobody' }, 'owner-not-found'],
      [{ gatewayId: 'nowhere' }, 'gateway-not-found'],
      [{ gatewayId: 'lamp-1' }, 'gateway-is-itself'],
    ] as const) {
      const refused = await call('PATCH', '/api/devices/lamp-1', { as: 'admin', body })
      expect([refused.status, refused.body.error.code]).toEqual([400, code])
    }
    for (const body of [
      { id: 'new-1', ownerId: 'nobody' },
      { id: 'new-1', gatewayId: 'new-1' },
    ]) {
      expect((await call('POST', '/api/devices', { as: 'admin', body })).status).toBe(400)
    }
    expect(await deps.records.devices.get('new-1')).toBeUndefined()
  })

  it('lists what belongs to whom, and what is bound to which gateway', async () => {
    const house = await aHouseWithBands()
    await house.deps.records.devices.patch('band-2', { gatewayId: 'lamp-1' })
    const idsOf = async (query: string) => (await list(house, 'operator', query)).map(({ id }) => id)
    expect(await idsOf(`?ownerId=${house.userIdOf('resident')}`)).toEqual(['band-2'])
    expect(await idsOf('?gatewayId=lamp-1')).toEqual(['band-2'])
    expect(await idsOf('?gatewayId=band-1')).toEqual([])
  })
})
