import { readdir } from 'node:fs/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { csvCell } from '../../api/readings/export-formats.ts'
import type { ExportRow } from '../../contracts/ports/time-series.ts'
import { type ApiHouse, anApiHouse, noonMs } from '../support/api-house.ts'
import { putInStore } from '../support/readings.ts'

const path = '/api/readings/export?kind=air-quality'

async function aHouseWithReadings(count: number): Promise<ApiHouse> {
  const house = await anApiHouse()
  await house.deps.records.devices.register({
    id: 'aq-1',
    kinds: [],
    labels: {},
    position: { latitude: 28.6, longitude: 77.2 },
  })
  const rows = Array.from({ length: count }, (_, i) => ({
    deviceId: i % 2 === 0 ? 'aq-1' : 'aq-2',
    atMs: noonMs - (count - i) * 1000,
    seq: i,
    values: { pm25: i / 10 },
  }))
  await putInStore(house.store, 'air-quality', rows)
  return house
}

/** A reader without end, that tells how far it was read and whether it was let go. */
function anEndlessReader(house: ApiHouse, failAfter = Number.POSITIVE_INFINITY) {
  const state = { pages: 0, released: false }
  const row: ExportRow = { deviceId: 'aq-1', observedAtMs: noonMs, receivedAtMs: noonMs, seq: 1, values: { pm25: 1 } }
  const page = Array.from({ length: 2000 }, () => row)
  async function* exportRows() {
    try {
      for (;;) {
        if (state.pages >= failAfter) throw new Error('the disk went away')
        state.pages += 1
        yield page
      }
    } finally {
      state.released = true
    }
  }
  return { state, readings: { ...house.deps.readings, exportRows } }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

describe('an export', () => {
  it('as CSV has every reading once, oldest first, absent values empty', async () => {
    const { call } = await aHouseWithReadings(5000)
    const { text, headers } = await call('GET', path, { as: 'analyst' })
    expect(headers.get('content-disposition')).toBe('attachment; filename="air-quality-20260113-20260114.csv"')
    const lines = text.split('\r\n')
    expect(lines[0]).toBe('deviceId,kind,observedAt,receivedAt,seq,pm25,pm10,no2,o3,co,co2')
    expect(lines[1]).toBe('aq-1,air-quality,2026-01-14T10:36:40.000Z,2026-01-14T10:36:40.250Z,0,0,,,,,')
    expect(lines.at(-1)).toBe('')
    expect(lines.slice(1, -1).map((line) => Number(line.split(',')[4]))).toEqual(
      Array.from({ length: 5000 }, (_, i) => i),
    )
  })

  it('as GeoJSON puts each reading where its device stands', async () => {
    const { call } = await aHouseWithReadings(3)
    const { body, headers } = await call('GET', `${path}&format=geojson`, { as: 'analyst' })
    expect(headers.get('content-type')).toContain('application/geo+json')
    expect(body.type).toBe('FeatureCollection')
    expect(body.features.map(({ geometry }: { geometry: unknown }) => geometry)).toEqual([
      { type: 'Point', coordinates: [77.2, 28.6] },
      null,
      { type: 'Point', coordinates: [77.2, 28.6] },
    ])
    expect(body.features[2].properties).toMatchObject({ deviceId: 'aq-1', seq: 2, pm25: 0.2 })
  })

  it('of nothing is still a whole file', async () => {
    const { call } = await aHouseWithReadings(1)
    const none = `${path}&from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z`
    expect((await call('GET', none, { as: 'analyst' })).text.split('\r\n').length).toBe(2)
    expect((await call('GET', `${none}&format=geojson`, { as: 'analyst' })).body.features).toEqual([])
  })

  it('as Parquet begins and ends as Parquet does, and leaves no file behind', async () => {
    const { url, tokenOf, deps } = await aHouseWithReadings(100)
    const headers = { Authorization: `Bearer ${tokenOf('analyst')}` }
    const response = await fetch(`${url}${path}&format=parquet`, { headers })
    const bytes = Buffer.from(await response.arrayBuffer())
    expect(response.headers.get('content-type')).toBe('application/vnd.apache.parquet')
    expect([bytes.subarray(0, 4).toString(), bytes.subarray(-4).toString()]).toEqual(['PAR1', 'PAR1'])
    const left = await readdir(deps.options.tempDir!)
    expect(left.filter((name) => name.includes('export'))).toEqual([])
  })

  it('of some devices has theirs alone', async () => {
    const { call } = await aHouseWithReadings(10)
    const { text } = await call('GET', `${path}&deviceId=aq-2`, { as: 'analyst' })
    const ids = text
      .split('\r\n')
      .slice(1, -1)
      .map((line) => line.split(',')[0])
    expect(ids).toEqual(Array.from({ length: 5 }, () => 'aq-2'))
  })

  it('reads no further than its client does, and stops when the client leaves', async () => {
    const house = await aHouseWithReadings(1)
    const { state, readings } = anEndlessReader(house)
    const { url, tokenOf } = await anApiHouse({ deps: () => ({ readings }) })
    const abort = new AbortController()
    const headers = { Authorization: `Bearer ${tokenOf('analyst')}` }
    const response = await fetch(url + path, { headers, signal: abort.signal })
    await response.body!.getReader().read()
    const settled = async () => {
      for (let before = -1; before !== state.pages; ) {
        before = state.pages
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
    await settled()
    // Sockets and streams hold some; a reader that ran on would be at thousands by now.
    expect(state.pages).toBeLessThan(200)
    expect(state.released).toBe(false)
    abort.abort()
    await until(() => state.released)
  })

  it('that breaks in the middle does not look whole', async () => {
    const house = await aHouseWithReadings(1)
    const { state, readings } = anEndlessReader(house, 3)
    const { call, logLines } = await anApiHouse({ deps: () => ({ readings }) })
    await expect(call('GET', path, { as: 'analyst' })).rejects.toThrow()
    expect(state.released).toBe(true)
    expect(logLines.some(({ msg }) => msg === 'request failed')).toBe(true)
  })

  it.each(['csv', 'geojson', 'parquet'])(
    'as %s that fails before its first row is answered with an error',
    async (format) => {
      const house = await aHouseWithReadings(1)
      const { readings } = anEndlessReader(house, 0)
      const exportParquet = () => Promise.reject(new Error('no'))
      const { call } = await anApiHouse({ deps: () => ({ readings: { ...readings, exportParquet } }) })
      const answer = await call('GET', `${path}&format=${format}`, { as: 'analyst' })
      expect([answer.status, answer.body.error.code]).toEqual([500, 'internal'])
      expect(answer.headers.get('content-disposition')).toBeNull()
    },
  )

  it('waits its turn when enough others run, and finds it when they are gone', async () => {
    const house = await aHouseWithReadings(1)
    const { readings } = anEndlessReader(house)
    const { url, tokenOf, call } = await anApiHouse({ deps: () => ({ readings }) })
    const headers = { Authorization: `Bearer ${tokenOf('analyst')}` }
    const aborts = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const abort = new AbortController()
        await fetch(url + path, { headers, signal: abort.signal })
        return abort
      }),
    )
    const refused = await call('GET', path, { as: 'analyst' })
    expect([refused.status, refused.body.error.code]).toEqual([429, 'too-many-exports'])
    for (const abort of aborts) abort.abort()
    const parquet = `${path}&format=parquet`
    for (;;) if ((await call('GET', parquet, { as: 'analyst' })).status === 200) break
  })
})

describe('a cell of CSV', () => {
  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '=HYPERLINK("http://x","y")'])(
    'is never a formula: %j',
    (text) => {
      expect(csvCell(text).replace(/^"/, '')).toMatch(/^'/)
    },
  )

  it('reads back as what it was, but for the apostrophe', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const cell = csvCell(text)
        const read = cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell
        expect(read === text || read === `'${text}`).toBe(true)
        expect(cell.startsWith('"') || !/[",\r\n]/.test(cell)).toBe(true)
      }),
    )
  })
})
