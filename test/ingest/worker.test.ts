import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { spawnIngest } from '../../app/spawn-ingest.ts'
import type { AlertRule, RuleTransition } from '../../contracts/alert.ts'
import { createIngestClient, type IngestClient } from '../../ingest/index.ts'
import { aRule } from '../support/pipeline-harness.ts'
import { aTempDir } from '../support/temp-dir.ts'

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }

interface Setup {
  readonly client: IngestClient
  readonly applied: RuleTransition[]
  readonly workers: Worker[]
  readonly path: string
  failSink: boolean
}

interface Options {
  readonly path?: string
  readonly rules?: readonly AlertRule[]
  readonly openAlerts?: readonly { ruleId: string; deviceId: string; kind: string }[]
  /** The first thread; those after it are ordinary. */
  readonly spawnFirst?: (path: string) => Worker
}

/** A thread whose store refuses commits from the `failAt`th on, once or, when it cannot be read either, for ever. */
function spawnBroken(settings: { path: string; failAt: number; isLasting: boolean }): Worker {
  const loader = import.meta.resolve('tsx/esm/api')
  const entry = new URL('../support/failing-ingest-worker.ts', import.meta.url).href
  const bootstrap = `import('${loader}').then(({ register }) => { register(); return import('${entry}') })`
  return new Worker(bootstrap, { eval: true, workerData: settings })
}

const spawnWithFailingStore = (path: string) => spawnBroken({ path, failAt: 1, isLasting: true })
const spawnFailingAt = (failAt: number) => (path: string) => spawnBroken({ path, failAt, isLasting: false })

async function aClient(options: Options = {}): Promise<Setup> {
  const path = options.path ?? join(await aTempDir(), 'readings.duckdb')
  const setup: Setup = { client: undefined as never, applied: [], workers: [], path, failSink: false }
  const client = createIngestClient({
    spawn: () => {
      const isFirst = setup.workers.length === 0
      const worker = isFirst && options.spawnFirst ? options.spawnFirst(path) : spawnIngest({ path })
      setup.workers.push(worker)
      return worker
    },
    rules: async () => options.rules ?? [],
    openAlerts: async () => options.openAlerts ?? [],
    sink: {
      async apply(transitions) {
        if (setup.failSink) throw new Error('records store is away')
        setup.applied.push(...transitions)
      },
    },
    log: quiet,
  })
  Object.assign(setup, { client })
  onTestFinished(() => client.stop())
  await client.start()
  return setup
}

function submit(client: IngestClient, body: unknown, deviceId = 'aq-1', kindId = 'air-quality'): Promise<void> {
  return new Promise((resolve, reject) => {
    const payload = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
    const topic = `v1/devices/${deviceId}/telemetry/${kindId}`
    client.intake.submit({ deviceId, kindId, topic, payload, receivedAtMs: Date.now() }, (error) =>
      error ? reject(error) : resolve(),
    )
  })
}

function nextChange(client: IngestClient): Promise<unknown> {
  return new Promise((resolve) => {
    const end = client.latest.onChange((changed) => {
      end()
      resolve(changed)
    })
  })
}

describe('the ingest thread', () => {
  it('settles what is stored, quarantined or known, and tells what is latest', async () => {
    const { client } = await aClient()
    const ts = Date.now()
    const change = nextChange(client)
    await Promise.all([
      submit(client, { ts, pm25: 12 }),
      submit(client, { ts, pm25: 12 }),
      submit(client, 'garbage'),
      submit(client, { pm25: 1 }, 'aq-1', 'no-such-kind'),
      submit(client, '{"pm25":3,"note":"ü"}', 'aq-2'),
    ])
    client.intake.countRejected('aq-2')
    expect(await client.control.ledgerTotals()).toMatchObject({ received: 5, stored: 2, duplicate: 1, quarantined: 2 })
    await change
    expect(client.latest.of('aq-1')).toMatchObject([{ observedAtMs: ts, values: { pm25: 12 }, timeSource: 'device' }])
    expect(client.latest.of('aq-2')).toMatchObject([{ values: { pm25: 3 }, timeSource: 'broker' }])
    await submit(client, { pm25: 4 }, 'aq-2')
    expect(await client.control.ledger({ deviceId: 'aq-2', limit: 1 })).toMatchObject([{ received: 3, rejected: 1 }])
  })

  it('takes messages far larger and far more than one frame holds', async () => {
    const { client } = await aClient()
    const many = Array.from({ length: 6000 }, (_, seq) =>
      submit(client, { ts: Date.now(), seq, pm25: 1 }, `d-${seq % 7}`),
    )
    const large = submit(client, `{"pm25":1,"pad":"${'x'.repeat(400_000)}"}`, 'large')
    await Promise.all([...many, large])
    expect(await client.control.ledgerTotals()).toMatchObject({ received: 6001, stored: 6001 })
    expect(client.intake.pendingCount).toBe(0)
  })

  it('keeps everything across a clean stop and start', async () => {
    const first = await aClient()
    await submit(first.client, { ts: 1000 + Date.now(), seq: 1, pm25: 12 })
    await first.client.stop()
    const second = await aClient({ path: first.path })
    expect(await second.client.control.ledgerTotals()).toMatchObject({ received: 1, stored: 1 })
    expect((await second.client.readings.stats()).rows['air-quality']).toBe(1)
  })

  it('is started again when it dies; what was not durable is refused, what was is there', async () => {
    const { client, workers } = await aClient()
    await submit(client, { ts: Date.now(), seq: 1, pm25: 1 })
    const lost = submit(client, { ts: Date.now(), seq: 2, pm25: 2 }).then(
      () => 'settled',
      () => 'refused',
    )
    await workers[0]!.terminate()
    expect(await lost).toBe('refused')
    await submit(client, { ts: Date.now(), seq: 3, pm25: 3 })
    expect(workers.length).toBe(2)
    expect(await client.control.ledgerTotals()).toMatchObject({ stored: 2, duplicate: 0 })
  })

  it('is not started again once it has been told to stop', async () => {
    const { client, workers } = await aClient()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    await workers[0]!.terminate()
    await client.stop()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(workers.length).toBe(1)
  })

  it('is started again when the store can be neither written nor read any more', async () => {
    const { client, workers } = await aClient({ spawnFirst: spawnWithFailingStore })
    await expect(submit(client, { ts: Date.now(), pm25: 1 })).rejects.toThrow('no room on the disk')
    await expect.poll(() => workers.length, { timeout: 20_000 }).toBe(2)
    await submit(client, { ts: Date.now(), pm25: 2 })
    expect(await client.control.ledgerTotals()).toMatchObject({ received: 1, stored: 1 })
  })

  it('keeps firing what the desk was told, and no more, after a commit that failed', async () => {
    const rule = aRule({ type: 'above', kind: 'air-quality', field: 'pm25', raise: 35, clear: 30, holdS: 0 })
    const openAlerts = [{ ruleId: rule.id, deviceId: 'aq-1', kind: 'air-quality' }]
    const { client, applied } = await aClient({ rules: [rule], openAlerts, spawnFirst: spawnFailingAt(3) })
    const ts = Date.now()
    await submit(client, { ts, pm25: 40 })
    await submit(client, { ts: ts + 1, pm25: 20 })
    await expect(submit(client, { ts: ts + 2, pm25: 21 })).rejects.toThrow('no room on the disk')
    await submit(client, { ts: ts + 3, pm25: 41 })
    await expect.poll(() => applied.at(-1)).toMatchObject({ type: 'raise', atMs: ts + 3 })
  })

  it('says why it cannot start', async () => {
    const directory = await aTempDir()
    await expect(aClient({ path: directory })).rejects.toMatchObject({ code: 'ingest-unavailable' })
  })

  it('hands transitions over until they are taken, in order', async () => {
    const rule = aRule({ type: 'above', kind: 'air-quality', field: 'pm25', raise: 35, clear: 30, holdS: 0 })
    const setup = await aClient({ rules: [rule] })
    setup.failSink = true
    const ts = Date.now()
    await submit(setup.client, { ts, pm25: 40 })
    await submit(setup.client, { ts: ts + 1, pm25: 20 })
    expect(setup.applied).toEqual([])
    setup.failSink = false
    await expect.poll(() => setup.applied.map(({ type }) => type)).toEqual(['raise', 'clear'])
  })

  it('answers questions with the store’s own errors', async () => {
    const { client } = await aClient()
    const query = {
      deviceId: 'x',
      kind: 'nope',
      fields: ['a'],
      fromMs: 0,
      toMs: 1,
      maxPoints: 2,
      aggregate: 'mean',
    } as const
    await expect(client.readings.series(query)).rejects.toMatchObject({ family: 'not-found', code: 'unknown-kind' })
  })

  it('streams an export page by page and can be left in the middle', async () => {
    const { client } = await aClient()
    const ts = Date.now()
    await Promise.all(Array.from({ length: 5000 }, (_, seq) => submit(client, { ts: ts + seq, pm25: 1 })))
    const query = { kind: 'air-quality', fromMs: ts, toMs: ts + 10_000 }
    let rows = 0
    for await (const page of client.readings.exportRows(query)) rows += page.length
    expect(rows).toBe(5000)
    for (let i = 0; i < 20; i++) {
      for await (const page of client.readings.exportRows(query)) {
        expect(page.length).toBeGreaterThan(0)
        break
      }
    }
  })
})

describe('beside the readings, the ingest thread', () => {
  const area = { type: 'circle', center: { latitude: 28.6, longitude: 77.2 }, radiusM: 500 } as const
  const limits = { field: 'pm25', direction: 'above', raise: 35, clear: 30 } as const
  const mean = { type: 'area-mean', kind: 'air-quality', ...limits, windowS: 3600, devicesMin: 2, area } as const

  it('watches the mean of an area, and tells of it as of any other alert', async () => {
    const rule = { ...aRule(mean), deviceIds: ['aq-1', 'aq-2'] }
    const { client, applied } = await aClient({ rules: [rule] })
    await Promise.all([submit(client, { pm25: 80 }), submit(client, { pm25: 10 }, 'aq-2')])
    await vi.waitFor(() => expect(applied).toMatchObject([{ type: 'raise', deviceId: '~area', value: 45 }]), 20_000)
  })

  it('tries rules on what is stored, two at a time', async () => {
    const { client } = await aClient()
    const nowMs = Date.now()
    await submit(
      client,
      [40, 41, 42].map((pm25, at) => ({ ts: nowMs - 60_000 + at * 1000, pm25 })),
    )
    const rule = aRule({ type: 'above', kind: 'air-quality', field: 'pm25', raise: 35, clear: 30, holdS: 0 })
    const query = { rule, fromMs: nowMs - 3_600_000, toMs: nowMs }
    const answers = await Promise.allSettled([1, 2, 3].map(() => client.control.replayRule(query)))
    const done = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
    const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason.code] : []))
    expect(done).toMatchObject([{ alertCount: 1, readingCount: 3 }, { alertCount: 1 }])
    expect(refused).toEqual(['too-many-replays'])
    expect(await client.control.replayRule(query)).toMatchObject({ alerts: [{ deviceId: 'aq-1', peak: 42 }] })
  })
})
