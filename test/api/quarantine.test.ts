import { describe, expect, it } from 'vitest'
import type { QuarantineReason } from '../../contracts/reading.ts'
import { type ApiHouse, anApiHouse, noonMs, openApiHouse, shareHouse } from '../support/api-house.ts'
import { putInStore } from '../support/readings.ts'

async function aHouseWith(
  messages: readonly { payload: Uint8Array | string; reason?: QuarantineReason }[],
): Promise<ApiHouse> {
  const house = await anApiHouse()
  const quarantine = messages.map(({ payload, reason = 'unparseable' }, at) => ({
    id: at + 1,
    deviceId: `d-${at % 2}`,
    topic: `v1/devices/d-${at % 2}/telemetry/noise`,
    reason,
    field: undefined,
    receivedAtMs: noonMs + at * 1000,
    payload: Buffer.from(payload),
  }))
  await putInStore(house.store, 'noise', [], quarantine)
  return house
}

const five = ['a', 'b', 'c', 'd', 'e'].map((payload, at) => ({
  payload,
  reason: at < 3 ? ('unparseable' as const) : ('out-of-range' as const),
}))

describe('the quarantine list', () => {
  it('is newest first, paged, and says how many there are for each reason', async () => {
    const { call } = await aHouseWith(five)
    const first = await call('GET', '/api/quarantine?limit=3', { as: 'analyst' })
    expect(first.body.items.map(({ id }: { id: number }) => id)).toEqual([5, 4, 3])
    expect(first.body.total).toBe(5)
    expect(first.body.counts).toEqual(
      expect.arrayContaining([
        { reason: 'unparseable', count: 3 },
        { reason: 'out-of-range', count: 2 },
      ]),
    )
    const second = await call('GET', `/api/quarantine?limit=3&cursor=${first.body.nextCursor}`, { as: 'analyst' })
    expect(second.body.items.map(({ id }: { id: number }) => id)).toEqual([2, 1])
    expect(second.body.nextCursor).toBeNull()
  })

  it('filters by device, reason and time of receipt', async () => {
    const { call } = await aHouseWith(five)
    const idsOf = async (query: string) =>
      (await call('GET', `/api/quarantine?${query}`, { as: 'analyst' })).body.items.map(({ id }: { id: number }) => id)
    expect(await idsOf('deviceId=d-1')).toEqual([4, 2])
    expect(await idsOf('reason=out-of-range')).toEqual([5, 4])
    expect(await idsOf(`from=${noonMs + 1000}&to=${noonMs + 3000}`)).toEqual([3, 2])
  })
})

describe('a quarantined message', () => {
  it.each([
    { what: 'text', payload: '{"laeqDb":', text: '{"laeqDb":', preview: '{"laeqDb":' },
    { what: 'no text', payload: Uint8Array.of(0xff, 0xfe, 0x00), text: null, preview: '\uFFFD\uFFFD\\u{0}' },
    { what: 'nothing', payload: '', text: '', preview: '' },
    {
      what: 'terminal commands',
      payload: '\u001B[2Jx\u202Egnp',
      text: '\u001B[2Jx\u202Egnp',
      preview: '\\u{1b}[2Jx\\u{202e}gnp',
    },
  ])('of $what is shown byte by byte, and its preview harms nobody', async ({ payload, text, preview }) => {
    const { call } = await aHouseWith([{ payload }])
    const { body } = await call('GET', '/api/quarantine/1', { as: 'operator' })
    const bytes = Buffer.from(payload)
    expect(body).toMatchObject({ sizeBytes: bytes.length, text, hex: bytes.toString('hex'), preview })
    expect(Buffer.from(body.base64, 'base64').equals(bytes)).toBe(true)
  })

  it('of any length has a short preview', async () => {
    const { call } = await aHouseWith([{ payload: 'x'.repeat(60_000) }])
    const { body } = await call('GET', '/api/quarantine', { as: 'operator' })
    expect(body.items[0].preview.length).toBeLessThanOrEqual(160)
    expect(body.items[0].sizeBytes).toBe(60_000)
  })
})

describe('deleting from quarantine', () => {
  it('removes what was named and nothing else', async () => {
    const { call } = await aHouseWith(five)
    expect((await call('DELETE', '/api/quarantine?reason=out-of-range', { as: 'admin' })).body).toEqual({ purged: 2 })
    expect((await call('DELETE', '/api/quarantine?ids=1,4711', { as: 'admin' })).body).toEqual({ purged: 1 })
    expect(
      (await call('GET', '/api/quarantine', { as: 'admin' })).body.items.map(({ id }: { id: number }) => id),
    ).toEqual([3, 2])
  })

  it('needs everything to be said aloud', async () => {
    const { call } = await aHouseWith(five)
    for (const query of ['', '?limit=10', '?all=false', '?ids=']) {
      expect((await call('DELETE', `/api/quarantine${query}`, { as: 'admin' })).status, query).toBe(400)
    }
    expect((await call('DELETE', '/api/quarantine?all', { as: 'admin' })).body).toEqual({ purged: 5 })
  })

  it('is audited', async () => {
    const { call, deps, userIdOf } = await aHouseWith(five)
    await call('DELETE', '/api/quarantine?deviceId=d-0', { as: 'admin' })
    const { items } = await deps.records.audit.list({ action: 'quarantine-purged', limit: 1 })
    expect(items[0]).toMatchObject({ actor: userIdOf('admin'), detail: { deviceId: 'd-0', purged: 3 } })
  })
})

describe('replaying from quarantine', () => {
  const shared = shareHouse(openApiHouse)

  it('asks the pipeline for exactly what was named', async () => {
    const { call, ingest } = await aHouseWith(five)
    const body = { deviceId: 'd-1', reason: 'unparseable', from: '2026-01-14T12:00:00Z', ids: [2] }
    const answer = await call('POST', '/api/quarantine/replay', { as: 'operator', body })
    expect(answer.body).toEqual({ replayed: 2, stillBad: 1 })
    expect(ingest.replays).toEqual([{ deviceId: 'd-1', reason: 'unparseable', fromMs: noonMs, ids: [2], limit: 1000 }])
  })

  it.each([{}, { limit: 5 }, { all: false }, { ids: [] }, { ids: [1.5] }, { resaon: 'unparseable' }])(
    'is refused for %j',
    async (body) => {
      const { call, ingest } = shared()
      expect((await call('POST', '/api/quarantine/replay', { as: 'operator', body })).status).toBe(400)
      expect(ingest.replays).toEqual([])
    },
  )
})
