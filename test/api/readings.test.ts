import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { takeSmallest } from '../../api/readings/take-smallest.ts'
import type { LatestReading } from '../../contracts/ports/telemetry.ts'
import { type ApiHouse, anApiHouse, noonMs, openApiHouse, shareHouse } from '../support/api-house.ts'
import { putInStore, type StoredRow } from '../support/readings.ts'

const minuteMs = 60_000

async function aHouseWithDay(open = anApiHouse): Promise<ApiHouse> {
  const house = await open()
  await house.deps.records.devices.registerMany([
    { id: 'aq-1', kinds: ['air-quality'], position: { latitude: 10, longitude: 10 } },
    { id: 'aq-2', kinds: ['air-quality'], position: { latitude: 20, longitude: 20 } },
    { id: 'mute', kinds: [] },
  ])
  const rows = Array.from({ length: 1440 }, (_, i) => i).flatMap((i): StoredRow[] => [
    { deviceId: 'aq-1', atMs: noonMs - i * minuteMs, values: { pm25: i === 700 ? 500 : 10, co2: 430 } },
    { deviceId: 'aq-2', atMs: noonMs - i * minuteMs, values: { pm25: 30 } },
  ])
  await putInStore(house.store, 'air-quality', rows)
  return house
}

function aLatest(deviceId: string, kind = 'air-quality'): LatestReading {
  return {
    deviceId,
    kind,
    observedAtMs: noonMs,
    receivedAtMs: noonMs,
    seq: 7,
    timeSource: 'device',
    values: { pm25: 1 },
  }
}

describe('the readings of a device', () => {
  const shared = shareHouse(() => aHouseWithDay(openApiHouse))

  it('are the last day of its kind unless asked otherwise, and keep their peaks when thinned', async () => {
    const { call } = await aHouseWithDay()
    const { body } = await call('GET', '/api/devices/aq-1/readings?maxPoints=50', { as: 'operator' })
    expect(body).toMatchObject({ kind: 'air-quality', aggregate: 'lttb', to: '2026-01-14T12:00:00.001Z' })
    const pm25 = body.series.find(({ field }: { field: string }) => field === 'pm25')
    expect(pm25).toMatchObject({ unit: 'µg/m³', label: 'PM2.5' })
    expect(pm25.points.length).toBeLessThanOrEqual(50)
    expect(Math.max(...pm25.points.map(({ value }: { value: number }) => value))).toBe(500)
  })

  it('come in buckets, from inclusive and to exclusive', async () => {
    const { call } = await aHouseWithDay()
    const query = 'field=pm25&aggregate=mean&maxPoints=2&from=2026-01-14T10:00:00Z&to=2026-01-14T12:00:00Z'
    const { body } = await call('GET', `/api/devices/aq-1/readings?${query}`, { as: 'operator' })
    expect(body.bucketS).toBeGreaterThan(0)
    expect(body.series.map(({ field }: { field: string }) => field)).toEqual(['pm25'])
    expect(body.series[0].points.every(({ value }: { value: number }) => value === 10)).toBe(true)
    const raw = await call('GET', `/api/devices/aq-1/readings?${query.replace('mean&maxPoints=2', 'raw')}`, {
      as: 'operator',
    })
    expect(raw.body.series[0].points.length).toBe(120)
  })

  it('accept a time with an offset and one in milliseconds', async () => {
    const { call } = await aHouseWithDay()
    const offset = encodeURIComponent('2026-01-14T17:25:00+05:30')
    for (const from of [offset, noonMs - 5 * minuteMs]) {
      const { body } = await call('GET', `/api/devices/aq-1/readings?from=${from}`, { as: 'operator' })
      expect(body.from).toBe('2026-01-14T11:55:00.000Z')
    }
  })

  it.each([
    ['kind=nothing', 'unknown-kind'],
    ['kind=__proto__', 'unknown-kind'],
    ['field=pm25,nothing', 'unknown-field'],
    ['field=constructor', 'unknown-field'],
    ['from=2026-01-14T12:00:00Z&to=2026-01-14T12:00:00Z', 'empty-period'],
    ['aggregate=raw&maxPoints=100', 'query-too-costly'],
    ['maxPoints=1', 'invalid-request'],
    ['aggregate=median', 'invalid-request'],
  ])('are refused for %s', async (query, code) => {
    const answer = await shared().call('GET', `/api/devices/aq-1/readings?${query}`, { as: 'operator' })
    expect([answer.status, answer.body.error.code]).toEqual([400, code])
  })

  it('need a kind when nothing is known of the device, and a device that is known', async () => {
    const { call } = await aHouseWithDay()
    const mute = await call('GET', '/api/devices/mute/readings', { as: 'operator' })
    expect([mute.status, mute.body.error.code]).toEqual([400, 'kind-required'])
    expect(
      (await call('GET', '/api/devices/mute/readings?kind=noise', { as: 'operator' })).body.series[0].points,
    ).toEqual([])
    expect((await call('GET', '/api/devices/nobody/readings', { as: 'operator' })).status).toBe(404)
  })
})

describe('the readings of an area', () => {
  it('are those of the devices inside the box', async () => {
    const { call } = await aHouseWithDay()
    const query = 'kind=air-quality&from=2026-01-14T10:00:00Z&to=2026-01-14T11:00:00Z'
    const meanOf = async (more: string) => {
      const { body } = await call('GET', `/api/readings/area?${query}${more}`, { as: 'analyst' })
      return [body.deviceCount, body.points[0]?.mean, body.points[0]?.count]
    }
    expect(await meanOf('')).toEqual([null, 20, 120])
    expect(await meanOf('&bbox=9,9,11,11')).toEqual([1, 10, 60])
    expect(await meanOf('&bbox=-5,-5,-4,-4')).toEqual([0, undefined, undefined])
    expect(await meanOf('&deviceId=aq-2')).toEqual([1, 30, 60])
  })
})

describe('the buckets of an area', () => {
  const shared = shareHouse(() => aHouseWithDay(openApiHouse))

  it.each([
    ['bucketS=3600&from=2026-01-14T10:20:30Z', '2026-01-14T10:00:00.000Z'],
    ['bucketS=600&from=2026-01-14T10:25:30Z', '2026-01-14T10:20:00.000Z'],
    ['', '2026-01-13T12:00:00.000Z'],
    ['bucketS=86400', '2026-01-13T12:00:00.000Z'],
    ['bucketS=86400&from=2026-01-13T18:30:00Z', '2026-01-13T18:30:00.000Z'],
  ])('with %s start at %s', async (query, from) => {
    const { body } = await shared().call('GET', `/api/readings/area?kind=air-quality&${query}`, { as: 'analyst' })
    expect(body.from).toBe(from)
    const offsets = body.points.map(
      ({ at }: { at: string }) => (Date.parse(at) - Date.parse(from)) % (body.bucketS * 1000),
    )
    expect(new Set(offsets)).toEqual(new Set([0]))
  })
})

describe('the newest readings', () => {
  it('are paged once each in order, whatever order they are held in', async () => {
    const house = await anApiHouse()
    const ids = Array.from({ length: 40 }, (_, i) => `d-${(i * 17) % 40}`)
    house.ingest.setLatest(ids.flatMap((id) => [aLatest(id, 'noise'), aLatest(id)]))
    const seen: string[] = []
    let cursor = ''
    do {
      const { body } = await house.call('GET', `/api/readings/latest?limit=7${cursor}`, { as: 'operator' })
      seen.push(...body.items.map((item: LatestReading) => `${item.deviceId} ${item.kind}`))
      cursor = body.nextCursor === null ? '' : `&cursor=${body.nextCursor}`
    } while (cursor !== '')
    expect(seen).toEqual(ids.flatMap((id) => [`${id} air-quality`, `${id} noise`]).sort())
  })

  it('can be those of a kind and of a box, also across the antimeridian', async () => {
    const { call, deps, ingest } = await anApiHouse()
    await deps.records.devices.registerMany([
      { id: 'fiji', position: { latitude: -17, longitude: 179.5 } },
      { id: 'samoa', position: { latitude: -14, longitude: -171 } },
      { id: 'delhi', position: { latitude: 28, longitude: 77 } },
      { id: 'nowhere' },
    ])
    ingest.setLatest([...['fiji', 'samoa', 'delhi', 'nowhere'].map((id) => aLatest(id)), aLatest('delhi', 'noise')])
    const idsOf = async (query: string) => {
      const { body } = await call('GET', `/api/readings/latest?${query}`, { as: 'operator' })
      return body.items.map(({ deviceId }: LatestReading) => deviceId)
    }
    expect(await idsOf('kind=noise')).toEqual(['delhi'])
    expect(await idsOf('bbox=178,-20,-170,-10')).toEqual(['fiji', 'samoa'])
    expect(await idsOf('bbox=70,20,80,30')).toEqual(['delhi', 'delhi'])
  })

  it('are picked exactly as sorting all of them would', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50 })), fc.nat(60), (numbers, count) => {
        const items = numbers.map((value, at) => ({ value, at }))
        const byValue = (a: { value: number }, b: { value: number }) => a.value - b.value
        expect(takeSmallest(items, count, byValue)).toEqual(items.toSorted(byValue).slice(0, count))
      }),
    )
  })
})

describe('readings sent over HTTP', () => {
  const shared = shareHouse(() => aHouseWithDevices(openApiHouse))

  async function aHouseWithDevices(open = anApiHouse): Promise<ApiHouse> {
    const house = await open()
    await house.deps.records.devices.registerMany([{ id: 'aq-1' }, { id: 'aq-2' }, { id: 'gone' }])
    await house.deps.records.devices.revoke('gone')
    return house
  }

  it('go through the intake as MQTT does, a message per device and kind, with nothing added or lost', async () => {
    const { call, ingest } = await aHouseWithDevices()
    const body = [
      { deviceId: 'aq-1', kind: 'air-quality', ts: 1, pm25: 1 },
      { deviceId: 'aq-2', kind: 'noise', ts: '2026-01-14T12:00:00Z', seq: 4, laeqDb: 'loud' },
      { deviceId: 'aq-1', kind: 'air-quality', ts: 2, pm25: 2 },
    ]
    const { status, body: answer } = await call('POST', '/api/readings', { as: 'operator', body })
    expect([status, answer]).toEqual([200, { received: 3 }])
    expect(ingest.submitted.map(({ payload, ...rest }) => ({ ...rest, payload: JSON.parse(String(payload)) }))).toEqual(
      [
        {
          deviceId: 'aq-1',
          kindId: 'air-quality',
          topic: 'v1/devices/aq-1/telemetry/air-quality',
          receivedAtMs: noonMs,
          payload: [
            { ts: 1, pm25: 1 },
            { ts: 2, pm25: 2 },
          ],
        },
        {
          deviceId: 'aq-2',
          kindId: 'noise',
          topic: 'v1/devices/aq-2/telemetry/noise',
          receivedAtMs: noonMs,
          payload: { ts: '2026-01-14T12:00:00Z', seq: 4, laeqDb: 'loud' },
        },
      ],
    )
  })

  it('are not called durable when the store could not take them', async () => {
    const { call, ingest } = await aHouseWithDevices()
    ingest.failWith = new Error('disk full')
    const body = { deviceId: 'aq-1', kind: 'noise', laeqDb: 1 }
    const answer = await call('POST', '/api/readings', { as: 'operator', body })
    expect([answer.status, answer.body.error.code]).toEqual([503, 'store-unavailable'])
    expect(answer.headers.get('retry-after')).not.toBeNull()
    expect(answer.text).not.toContain('disk full')
  })

  it('are refused as a whole when one is not of a registered device', async () => {
    const { call, ingest } = await aHouseWithDevices()
    const body = ['aq-1', 'gone', 'nobody'].map((deviceId) => ({ deviceId, kind: 'noise', laeqDb: 1 }))
    const answer = await call('POST', '/api/readings', { as: 'operator', body })
    expect([answer.status, answer.body.error.code]).toEqual([400, 'device-not-registered'])
    expect(answer.body.error.details.map(({ path }: { path: string }) => path)).toEqual([
      'body.1.deviceId',
      'body.2.deviceId',
    ])
    expect(ingest.submitted).toEqual([])
  })

  it.each(
    [[], {}, 7, null, Array.from({ length: 1001 }, () => ({ deviceId: 'aq-1', kind: 'noise' }))].map((body) => [body]),
  )('are refused when they are no readings (%#)', async (body) => {
    const { call, ingest } = shared()
    expect((await call('POST', '/api/readings', { as: 'operator', body })).status).toBe(400)
    expect(ingest.submitted).toEqual([])
  })
})
