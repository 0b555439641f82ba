import { describe, expect, it } from 'vitest'
import { type ApiHouse, anApiHouse } from '../support/api-house.ts'

const broken = () => {
  throw new Error('out of order')
}

describe('health', () => {
  it('names every part and is open to probes', async () => {
    const { call } = await anApiHouse()
    for (const path of ['/health', '/api/health']) {
      const { status, body } = await call('GET', path)
      expect(status).toBe(200)
      expect(body).toMatchObject({
        status: 'ok',
        ready: true,
        version: '1.2.3',
        services: { database: 'ok', timeSeries: 'ok', ingest: 'ok', broker: 'ok' },
      })
    }
  })

  it('is degraded, not down, without what others can do without', async () => {
    const { call } = await anApiHouse({ deps: ({ broker }) => ({ broker: { ...broker!, stats: broken } }) })
    const { status, body } = await call('GET', '/health')
    expect([status, body.status, body.ready]).toEqual([200, 'degraded', true])
    expect(body.services.broker).toBe('down')
  })

  it('calls a broker of another process elsewhere, and itself well', async () => {
    const { call } = await anApiHouse({ deps: () => ({ broker: undefined }) })
    const { body } = await call('GET', '/health')
    expect([body.status, body.services.broker]).toEqual(['ok', 'elsewhere'])
    const stats = await call('GET', '/api/system/stats', { as: 'operator' })
    expect(stats.body.broker).toBeNull()
    const metrics = await call('GET', '/metrics')
    expect(metrics.text).not.toMatch(/^prahari_mqtt_connections /m)
  })

  it.each([
    ['the time series throws', (house: ApiHouse) => ({ readings: { ...house.deps.readings, stats: broken } })],
    [
      'the time series never answers',
      (house: ApiHouse) => ({ readings: { ...house.deps.readings, stats: () => new Promise<never>(() => undefined) } }),
    ],
    [
      'the database is away',
      (house: ApiHouse) => ({ records: { ...house.deps.records, isHealthy: async () => false } }),
    ],
  ])('is down when %s', async (_what, change) => {
    const whole = await anApiHouse()
    const { call } = await anApiHouse({ deps: () => change(whole) })
    const plain = await call('GET', '/health')
    expect([plain.status, plain.body.status, plain.body.ready]).toEqual([503, 'down', false])
    expect((await call('GET', '/health?ready')).status).toBe(503)
  })

  it('comes back by itself', async () => {
    let isWell = false
    const { call, clock } = await anApiHouse({
      deps: ({ records }) => ({ records: { ...records, isHealthy: async () => isWell } }),
    })
    expect((await call('GET', '/health')).status).toBe(503)
    isWell = true
    clock.nowMs += 1000
    expect((await call('GET', '/health')).status).toBe(200)
  })

  it('asks the stores once a second at most, however many ask it', async () => {
    let asked = 0
    const { call } = await anApiHouse({
      deps: ({ records }) => ({
        records: {
          ...records,
          isHealthy: async () => {
            asked += 1
            return true
          },
        },
      }),
    })
    await Promise.all(Array.from({ length: 50 }, () => call('GET', '/health')))
    expect(asked).toBe(1)
  })
})

describe('metrics', () => {
  it('say what the parts say, under names that Prometheus accepts', async () => {
    const { call } = await anApiHouse()
    await call('GET', '/api/devices/x', { as: 'operator' })
    await call('GET', '/api/devices/y', { as: 'operator' })
    await call('GET', '/api/nothing/at/all')
    const { text, headers } = await call('GET', '/metrics')
    expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
    const value = (sample: string) =>
      text
        .split('\n')
        .find((line) => line.startsWith(`${sample} `))
        ?.split(' ')
        .at(-1)
    expect(value('prahari_readings_total{outcome="stored"}')).toBe('6')
    expect(value('prahari_readings_received_total')).toBe('10')
    expect(value('prahari_mqtt_refusals_total{limit="packet-too-large"}')).toBe('2')
    expect(value('prahari_mqtt_connections')).toBe('3')
    expect(value('prahari_http_refusals_total{limit="sensitive"}')).toBe('0')
    // Without Redis there is nothing that could be up or down.
    expect(value('prahari_http_shared_counts_up')).toBeUndefined()
    expect(value('prahari_ingest_lag_seconds')).toBe('0.004')
    expect(value('prahari_store_healthy')).toBe('1')
    expect(Number(value('process_resident_memory_bytes'))).toBeGreaterThan(1e6)
    const ofDevice = 'prahari_http_request_duration_seconds_count{method="GET",route="/api/devices/:id",status="404"}'
    expect(value(ofDevice)).toBe('2')
    expect(text).not.toContain('/api/nothing')
  })

  it('stay the same when scraped twice, and are not shared between instances', async () => {
    const first = await anApiHouse()
    const second = await anApiHouse()
    await first.call('GET', '/metrics')
    const { text } = await first.call('GET', '/metrics')
    expect(text).toContain('prahari_readings_received_total 10')
    expect((await second.call('GET', '/metrics')).text).not.toContain('route="/metrics"')
  })
})

describe('the ledger', () => {
  it('pages by device, adds up, and says when it does not', async () => {
    const { call, ingest } = await anApiHouse()
    const line = { received: 10, stored: 7, duplicate: 1, quarantined: 1, rejected: 1, late: 2, lastReceivedAtMs: 1 }
    for (const deviceId of ['c', 'a', 'b']) ingest.ledger.push({ deviceId, ...line })
    const first = await call('GET', '/api/system/ledger?limit=2', { as: 'operator' })
    expect(first.body.items.map(({ deviceId }: { deviceId: string }) => deviceId)).toEqual(['a', 'b'])
    expect(first.body.totals).toMatchObject({ deviceCount: 3, received: 30, stored: 21, balanced: true })
    const second = await call('GET', `/api/system/ledger?limit=2&cursor=${first.body.nextCursor}`, { as: 'operator' })
    expect(second.body.items).toMatchObject([
      { deviceId: 'c', balanced: true, lastReceivedAt: '1970-01-01T00:00:00.001Z' },
    ])
    expect(second.body.nextCursor).toBeNull()
    ingest.ledger.push({ deviceId: 'd', ...line, stored: 6 })
    const one = await call('GET', '/api/system/ledger?deviceId=d', { as: 'operator' })
    expect([one.body.items[0].balanced, one.body.totals.balanced]).toEqual([false, false])
  })
})
