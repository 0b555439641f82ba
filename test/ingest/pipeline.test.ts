import { describe, expect, it } from 'vitest'
import { aPipeline, aRule, ledgerOf, noonMs, type PipelineHarness } from '../support/pipeline-harness.ts'

const second = 1000
const hour = 3_600_000

async function storedOf(harness: PipelineHarness, kind = 'air-quality') {
  const rows = []
  const query = { kind, fromMs: noonMs - 30 * 24 * hour, toMs: noonMs + 24 * hour }
  for await (const page of harness.store.exportRows(query)) rows.push(...page)
  return rows
}

async function reasonsOf(harness: PipelineHarness) {
  return (await harness.store.quarantine.list({ limit: 100 })).map(({ reason, field }) => [reason, field]).reverse()
}

describe('a reading', () => {
  it('takes the time the device gives, in milliseconds or RFC 3339, or the time it was received', async () => {
    const harness = await aPipeline()
    await harness.send(
      { body: { ts: noonMs - 5, pm25: 1 } },
      { body: { ts: '2026-01-15T13:29:59.250+01:30', pm25: 2 } },
      { body: { pm25: 3 }, receivedAtMs: noonMs + 7 },
    )
    expect((await storedOf(harness)).map((row) => row.observedAtMs)).toEqual([noonMs - 750, noonMs - 5, noonMs + 7])
  })

  it('may come as an array or as a SenML pack', async () => {
    const harness = await aPipeline()
    await harness.send({
      body: [
        { ts: noonMs, pm25: 1 },
        { ts: noonMs + 1, pm25: 2 },
      ],
    })
    await harness.send({
      body: [
        { bn: 'urn:dev:mac:0024befffe804ff1:', bt: (noonMs + 2000) / 1000, n: 'pm25', u: 'ug/m3', v: 3 },
        { n: 'co2', v: 431 },
        { n: 'pm25', t: 10, v: 4 },
      ],
    })
    expect((await storedOf(harness)).map((row) => [row.observedAtMs - noonMs, row.values])).toEqual([
      [0, { pm25: 1 }],
      [1, { pm25: 2 }],
      [2000, { pm25: 3, co2: 431 }],
      [12_000, { pm25: 4 }],
    ])
    expect(ledgerOf(harness)).toMatchObject({ received: 4, stored: 4 })
  })

  it('keeps its own when messages beside it are not ASCII', async () => {
    const harness = await aPipeline()
    await harness.send({ body: '{"pm25":1,"note":"Straße ☂"}' }, { body: { pm25: 2, ts: noonMs + 1 } })
    expect((await storedOf(harness)).map((row) => row.values.pm25)).toEqual([1, 2])
    expect(harness.pipeline.unknownFields).toBe(1)
  })
})

describe('bad input goes to quarantine, with its reason and its bytes', () => {
  it.each([
    ['no JSON', 'not json', 'unparseable', undefined],
    ['nothing at all', '', 'unparseable', undefined],
    ['a bare number', '12', 'not-a-reading', undefined],
    ['null', 'null', 'not-a-reading', undefined],
    ['an empty array', '[]', 'not-a-reading', undefined],
    ['an object without a field of the kind', '{"hello":1}', 'no-known-field', undefined],
    ['a value that is text', '{"pm25":"12"}', 'not-a-number', 'pm25'],
    ['a value that is null', '{"pm25":1,"co":null}', 'not-a-number', 'co'],
    ['a value below its range', '{"pm25":-0.1}', 'out-of-range', 'pm25'],
    ['a value above its range', '{"pm25":1,"pm10":2001}', 'out-of-range', 'pm10'],
    ['a number too large to be one', '{"pm25":1e999}', 'out-of-range', 'pm25'],
    ['a time that is none', '{"ts":"yesterday","pm25":1}', 'bad-time', 'ts'],
    ['a local time', '{"ts":"2026-01-15T12:00:00","pm25":1}', 'bad-time', 'ts'],
    ['a time in seconds', `{"ts":${noonMs / 1000},"pm25":1}`, 'time-too-old', 'ts'],
    ['a time just over 5 minutes ahead', `{"ts":${noonMs + 300_001},"pm25":1}`, 'time-too-far-ahead', 'ts'],
    ['a time just over 7 days ago', `{"ts":${noonMs - 7 * 24 * hour - 1},"pm25":1}`, 'time-too-old', 'ts'],
    ['a negative sequence', '{"seq":-1,"pm25":1}', 'bad-sequence', 'seq'],
    ['a sequence that is no integer', '{"seq":1.5,"pm25":1}', 'bad-sequence', 'seq'],
    ['an object that tries to be a prototype', '{"__proto__":{"pm25":1}}', 'no-known-field', undefined],
    ['SenML without a value', '[{"n":"pm25"}]', 'not-a-reading', undefined],
  ])('%s', async (_name, body, reason, field) => {
    const harness = await aPipeline()
    await harness.send({ body })
    expect(await reasonsOf(harness)).toEqual([[reason, field]])
    const [message] = await harness.store.quarantine.list({ limit: 1 })
    expect(Buffer.from(message!.payload).toString()).toBe(body)
    expect(message).toMatchObject({
      deviceId: 'aq-1',
      topic: 'v1/devices/aq-1/telemetry/air-quality',
      receivedAtMs: noonMs,
    })
    expect(ledgerOf(harness)).toEqual({ received: 1, stored: 0, duplicate: 0, quarantined: 1, rejected: 0, late: 0 })
  })

  it('an array loses only its bad members', async () => {
    const harness = await aPipeline()
    await harness.send({
      body: [{ ts: noonMs, pm25: 1 }, 7, { ts: noonMs + 1, pm25: -1 }, { ts: noonMs + 2, pm25: 2 }],
    })
    expect(await reasonsOf(harness)).toEqual([
      ['not-a-reading', undefined],
      ['out-of-range', 'pm25'],
    ])
    expect(ledgerOf(harness)).toMatchObject({ received: 4, stored: 2, quarantined: 2 })
  })

  it('a member nested too deeply to be written again, and nothing beside it', async () => {
    const harness = await aPipeline()
    const depth = 30_000
    const body = `[${'['.repeat(depth)}${']'.repeat(depth)}]`
    const record = `[{"pm25":"x","a":${'['.repeat(depth)}${']'.repeat(depth)}}]`
    await harness.send({ body }, { body: record }, { body: { ts: noonMs, pm25: 12 }, deviceId: 'aq-2' })
    expect(ledgerOf(harness)).toMatchObject({ received: 2, quarantined: 2 })
    expect(ledgerOf(harness, 'aq-2')).toMatchObject({ received: 1, stored: 1 })
    const [second, first] = await harness.store.quarantine.list({ limit: 2 })
    expect([first, second].map((message) => Buffer.from(message!.payload).toString())).toEqual([body, record])
  })

  it('an array of more than a thousand, and a kind nobody knows', async () => {
    const harness = await aPipeline()
    await harness.send(
      { body: Array.from({ length: 1001 }, () => ({ pm25: 1 })) },
      { kindId: 'no-such-kind', body: { pm25: 1 } },
    )
    expect((await reasonsOf(harness)).map(([reason]) => reason)).toEqual(['too-many-readings', 'unknown-kind'])
  })

  it('takes times at the very edge of what is allowed', async () => {
    const harness = await aPipeline()
    await harness.send({ body: { ts: noonMs - 7 * 24 * hour, pm25: 1 } }, { body: { ts: noonMs + 300_000, pm25: 2 } })
    expect((await storedOf(harness)).length).toBe(2)
  })
})

describe('replay', () => {
  it('stores what has become good, leaves what has not, and the ledger still adds up', async () => {
    const harness = await aPipeline()
    await harness.send(
      { body: { ts: noonMs + 10 * 60_000, pm25: 5 } },
      { body: { pm25: -1 } },
      { kindId: 'no-such-kind', body: { pm25: 1 } },
    )
    harness.nowMs = noonMs + 11 * 60_000
    const messages = await harness.store.quarantine.list({ limit: 10 })
    const prepared = await harness.pipeline.prepareReplay(messages)
    await harness.store.commit(prepared.batch)
    expect(prepared.replayed).toBe(1)
    expect((await reasonsOf(harness)).map(([reason]) => reason)).toEqual(['out-of-range', 'unknown-kind'])
    expect((await storedOf(harness)).map((row) => row.values)).toEqual([{ pm25: 5 }])
    const expected = { received: 3, stored: 1, duplicate: 0, quarantined: 2, rejected: 0, late: 0 }
    expect(ledgerOf(harness)).toEqual(expected)
    await harness.restart()
    expect(ledgerOf(harness)).toEqual(expected)
  })
})

describe('a resend', () => {
  it('is stored once, whether it comes at once, in the same frame, later, or after a restart', async () => {
    const harness = await aPipeline()
    const first = { body: { ts: noonMs, seq: 1, pm25: 1 } }
    await harness.send(first, first)
    await harness.send(first)
    for (let i = 1; i <= 40; i++) await harness.send({ body: { ts: noonMs + i * second, pm25: i } })
    await harness.send(first, first)
    await harness.snapshot()
    await harness.restart()
    await harness.send(first, { body: { ts: noonMs + 40 * second, pm25: 40 } })
    expect((await storedOf(harness)).length).toBe(41)
    expect(ledgerOf(harness)).toEqual({ received: 47, stored: 41, duplicate: 6, quarantined: 0, rejected: 0, late: 0 })
  })

  it('with another sequence, kind or device is another reading', async () => {
    const harness = await aPipeline()
    await harness.send(
      { body: { ts: noonMs, seq: 1, pm25: 1 } },
      { body: { ts: noonMs, seq: 3, pm25: 1 } },
      { body: { ts: noonMs, seq: 2, pm25: 1 } },
      { body: { ts: noonMs, pm25: 1 } },
      { deviceId: 'aq-2', body: { ts: noonMs, seq: 1, pm25: 1 } },
      { kindId: 'noise', body: { ts: noonMs, seq: 1, laeqDb: 1 } },
    )
    expect((await storedOf(harness)).length).toBe(5)
    expect((await storedOf(harness, 'noise')).length).toBe(1)
    expect(ledgerOf(harness).duplicate).toBe(0)
  })
})

describe('late data', () => {
  it('is stored in its place and leaves the latest value alone', async () => {
    const harness = await aPipeline()
    await harness.send({ body: { ts: noonMs, pm25: 1 } }, { body: { ts: noonMs - hour, pm25: 9 } })
    const [source] = harness.pipeline.takeChangedSources()
    expect(source!.latest.observedAtMs).toBe(noonMs)
    expect(source!.latest.values[0]).toBe(1)
    expect(ledgerOf(harness)).toMatchObject({ stored: 2, late: 1 })
  })

  it('does not raise the past again', async () => {
    const harness = await aPipeline({
      rules: [aRule({ type: 'above', kind: 'air-quality', field: 'pm25', raise: 35, clear: 30, holdS: 0 })],
    })
    expect(await harness.send({ body: { ts: noonMs, pm25: 1 } })).toEqual([])
    expect(await harness.send({ body: { ts: noonMs - 5 * second, pm25: 90 } })).toEqual([])
  })
})

describe('rules in the pipeline', () => {
  const above = { type: 'above', kind: 'air-quality', field: 'pm25', raise: 35, clear: 30, holdS: 300 } as const

  it('raise once while PM2.5 stays above 35 for 300 s, and clear below 30', async () => {
    const harness = await aPipeline({ rules: [aRule(above)] })
    harness.nowMs = noonMs + hour
    const told = []
    for (let s = 0; s <= 900; s += 60)
      told.push(...(await harness.send({ body: { ts: noonMs + s * second, pm25: 40 } })))
    told.push(...(await harness.send({ body: { ts: noonMs + 960 * second, pm25: 32 } })))
    told.push(...(await harness.send({ body: { ts: noonMs + 1020 * second, pm25: 29 } })))
    expect(told.map(({ type, atMs, value }) => [type, atMs - noonMs, value])).toEqual([
      ['raise', 300 * second, 40],
      ['clear', 1020 * second, 29],
    ])
  })

  it('carry an unfinished hold across a restart', async () => {
    const harness = await aPipeline({ rules: [aRule(above)] })
    await harness.send({ body: { ts: noonMs, pm25: 40 } })
    harness.nowMs = noonMs + hour
    await harness.restart()
    const told = await harness.send({ body: { ts: noonMs + 301 * second, pm25: 40 } })
    expect(told.map(({ type }) => type)).toEqual(['raise'])
  })

  it('tell a raise again after a crash until it is confirmed, and not after', async () => {
    const harness = await aPipeline({ rules: [aRule({ ...above, holdS: 0 })] })
    await harness.send({ body: { ts: noonMs, pm25: 40 } })
    expect((await harness.restart()).map(({ type }) => type)).toEqual(['raise'])
    await harness.snapshot()
    expect(await harness.restart()).toEqual([])
    expect(await harness.send({ body: { ts: noonMs + second, pm25: 41 } })).toEqual([])
  })

  it('notice silence on our clock and its end, but not while we were away ourselves', async () => {
    const harness = await aPipeline({ rules: [aRule({ type: 'no-data', kind: 'air-quality', afterS: 150 })] })
    await harness.send({ body: { ts: noonMs, pm25: 1 } })
    harness.nowMs = noonMs + hour
    await harness.restart()
    harness.pipeline.tick(noonMs + hour + 100 * second)
    expect(await harness.commitPending()).toEqual([])
    harness.pipeline.tick(noonMs + hour + 150 * second)
    expect((await harness.commitPending()).map(({ type }) => type)).toEqual(['raise'])
    harness.nowMs = noonMs + hour + 200 * second
    await harness.send({ body: { pm25: 1 } })
    harness.pipeline.tick(harness.nowMs + 1)
    expect((await harness.commitPending()).map(({ type }) => type)).toEqual(['clear'])
  })

  it('clear an alert that is open in the records although their own memory was lost', async () => {
    const harness = await aPipeline({ rules: [aRule({ ...above, holdS: 0 })] })
    await harness.send({ body: { ts: noonMs, pm25: 20 } })
    harness.pipeline.markFiring([{ ruleId: 'rule-1', deviceId: 'aq-1', kind: 'air-quality' }])
    const told = await harness.send({ body: { ts: noonMs + second, pm25: 20 } })
    expect(told.map(({ type }) => type)).toEqual(['clear'])
  })

  it('keep their state when another rule changes, and start over when they change themselves', async () => {
    const harness = await aPipeline({ rules: [aRule(above)] })
    harness.nowMs = noonMs + hour
    await harness.send({ body: { ts: noonMs, pm25: 40 } })
    harness.pipeline.setRules([aRule(above), aRule({ ...above, field: 'pm10' }, { id: 'rule-2' })])
    expect((await harness.send({ body: { ts: noonMs + 300 * second, pm25: 40 } })).length).toBe(1)
    harness.pipeline.setRules([aRule({ ...above, raise: 50, clear: 45, holdS: 0 })])
    expect(await harness.send({ body: { ts: noonMs + 301 * second, pm25: 40 } })).toEqual([])
    const told = await harness.send({ body: { ts: noonMs + 302 * second, pm25: 60 } })
    expect(told.map(({ type }) => type)).toEqual(['raise'])
  })
})

describe('the ledger', () => {
  it('adds up again after a crash, to what was acknowledged', async () => {
    const harness = await aPipeline()
    await harness.send({ body: { ts: noonMs, pm25: 1 } }, { body: { ts: noonMs, pm25: 1 } }, { body: 'x' })
    await harness.reject('aq-1')
    await harness.snapshot()
    await harness.send({ body: { ts: noonMs + 1, pm25: 1 } }, { body: { ts: noonMs - 1, pm25: 1 } }, { body: 'y' })
    const acknowledged = ledgerOf(harness)
    expect(acknowledged).toEqual({ received: 7, stored: 3, duplicate: 1, quarantined: 2, rejected: 1, late: 1 })
    await harness.sendAndCrash({ body: { ts: noonMs + 2, pm25: 1 } }, { body: 'z' })
    expect(ledgerOf(harness)).toEqual(acknowledged)
  })
})
