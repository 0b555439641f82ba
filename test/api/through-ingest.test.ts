import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { spawnIngest } from '../../app/spawn-ingest.ts'
import { createIngestClient, type IngestClient } from '../../ingest/index.ts'
import { type ApiHouse, anApiHouse } from '../support/api-house.ts'
import { aTempDir } from '../support/temp-dir.ts'

/** The API over the real pipeline, on its own thread, with the real store. */
async function aWorkingHouse(): Promise<ApiHouse> {
  const path = join(await aTempDir(), 'readings.duckdb')
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }
  let client: IngestClient | undefined
  const house = await anApiHouse({
    deps: ({ alertDesk, bus }) => {
      client = createIngestClient({
        spawn: () => spawnIngest({ path }),
        rules: () => alertDesk.rules.all(),
        openAlerts: async () => [],
        sink: alertDesk,
        log: quiet,
      })
      const { readings, latest, control, intake } = client
      bus.subscribe('rules-changed', ({ rules }) => control.setRules(rules))
      return { readings, latest, ingest: control, intake, now: Date.now }
    },
  })
  onTestFinished(() => client!.stop())
  await client!.start()
  await house.deps.records.devices.registerMany([{ id: 'aq-1', kinds: ['air-quality'] }, { id: 'noise-1' }])
  return house
}

describe('a reading sent over HTTP', () => {
  it('is stored, counted, shown as the newest, charted and exported', async () => {
    const { call } = await aWorkingHouse()
    const ts = Date.now() - 60_000
    const readings = Array.from({ length: 30 }, (_, i) => ({
      deviceId: 'aq-1',
      kind: 'air-quality',
      ts: ts + i,
      pm25: i,
    }))
    const sent = await call('POST', '/api/readings', { as: 'operator', body: readings })
    expect(sent.body).toEqual({ received: 30 })
    // Once more, as after a lost answer: known already, and counted as such.
    await call('POST', '/api/readings', { as: 'operator', body: readings.slice(0, 10) })
    const ledger = await call('GET', '/api/system/ledger?deviceId=aq-1', { as: 'operator' })
    expect(ledger.body.items).toMatchObject([{ received: 40, stored: 30, duplicate: 10, balanced: true }])
    const series = await call('GET', '/api/devices/aq-1/readings?field=pm25', { as: 'operator' })
    expect(series.body.series[0].points.map(({ value }: { value: number }) => value)).toEqual(
      readings.map(({ pm25 }) => pm25),
    )
    const csv = await call('GET', '/api/readings/export?kind=air-quality', { as: 'operator' })
    expect(csv.text.split('\r\n').length).toBe(32)
    await expect
      .poll(async () => (await call('GET', '/api/readings/latest', { as: 'operator' })).body.items)
      .toMatchObject([{ deviceId: 'aq-1', values: { pm25: 29 }, timeSource: 'device' }])
    const device = await call('GET', '/api/devices/aq-1', { as: 'operator' })
    expect(device.body.lastReadingAt).toBe(new Date(ts + 29).toISOString())
  })

  it('that cannot be used is in quarantine with its bytes, and nothing of its batch is lost', async () => {
    const { call } = await aWorkingHouse()
    const body = [
      { deviceId: 'aq-1', kind: 'air-quality', pm25: -5 },
      { deviceId: 'aq-1', kind: 'air-quality', pm25: 5 },
      { deviceId: 'noise-1', kind: 'no-such-kind', x: 1 },
    ]
    expect((await call('POST', '/api/readings', { as: 'operator', body })).status).toBe(200)
    const { items, counts } = (await call('GET', '/api/quarantine', { as: 'operator' })).body
    expect(items.map(({ reason }: { reason: string }) => reason).sort()).toEqual(['out-of-range', 'unknown-kind'])
    expect(counts).toHaveLength(2)
    const bad = items.find(({ reason }: { reason: string }) => reason === 'out-of-range')
    const detail = await call('GET', `/api/quarantine/${bad.id}`, { as: 'operator' })
    expect(JSON.parse(detail.body.text)).toEqual({ pm25: -5 })
    expect(detail.body).toMatchObject({ deviceId: 'aq-1', field: 'pm25' })
    const replayed = await call('POST', '/api/quarantine/replay', { as: 'operator', body: { all: true } })
    expect(replayed.body).toEqual({ replayed: 0, stillBad: 2 })
    const totals = (await call('GET', '/api/system/ledger', { as: 'operator' })).body.totals
    expect(totals).toMatchObject({ received: 3, stored: 1, quarantined: 2, balanced: true })
  })

  it('may be hostile to the last byte and is still accounted for', async () => {
    const { call } = await aWorkingHouse()
    const raw =
      '[{"deviceId":"aq-1","kind":"air-quality","__proto__":{"pm25":7},"pm25":1e999},{"deviceId":"aq-1","kind":"air-quality","pm25":{"toString":1}}]'
    const headers = { 'Content-Type': 'application/json' }
    expect((await call('POST', '/api/readings', { as: 'operator', raw, headers })).status).toBe(200)
    const { totals } = (await call('GET', '/api/system/ledger', { as: 'operator' })).body
    expect(totals).toMatchObject({ received: 2, stored: 0, quarantined: 2, balanced: true })
  })

  it('raises the alert of a rule made a moment before, which is then acknowledged', async () => {
    const { call } = await aWorkingHouse()
    const condition = { type: 'above', kind: 'noise', field: 'laeqDb', raise: 70, clear: 60, holdS: 0 }
    await call('POST', '/api/alert-rules', { as: 'admin', body: { name: 'Loud', severity: 'high', condition } })
    await call('POST', '/api/readings', { as: 'operator', body: { deviceId: 'noise-1', kind: 'noise', laeqDb: 90 } })
    const open = () => call('GET', '/api/alerts?deviceId=noise-1&state=firing', { as: 'operator' })
    await expect.poll(async () => (await open()).body.items).toMatchObject([{ ruleName: 'Loud', value: 90 }])
    const [{ id }] = (await open()).body.items
    expect((await call('POST', `/api/alerts/${id}/acknowledge`, { as: 'operator' })).status).toBe(200)
    expect((await open()).body.items).toEqual([])
  })

  it('is visible in the figures of the system', async () => {
    const { call } = await aWorkingHouse()
    await call('POST', '/api/readings', { as: 'operator', body: { deviceId: 'aq-1', kind: 'air-quality', pm25: 1 } })
    await expect
      .poll(async () => (await call('GET', '/api/system/stats', { as: 'operator' })).body.ingest.readings.stored)
      .toBe(1)
    expect((await call('GET', '/metrics')).text).toContain('prahari_readings_total{outcome="stored"} 1')
    expect((await call('GET', '/health')).body.services.timeSeries).toBe('ok')
  })
})
