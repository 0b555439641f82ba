import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSimulatedFleet } from '../../devices/simulator/fleet.ts'
import { createProgressLine } from '../../devices/simulator/progress.ts'
import { formatReconciliation, type LedgerCounts, reconcile } from '../../devices/simulator/reconciliation.ts'
import { scenarios } from '../../devices/simulator/scenarios/index.ts'
import { runSimulation, type SimulationProgress } from '../../devices/simulator/simulation.ts'
import { nothing } from '../../devices/simulator/step.ts'
import { createReferenceLedger } from './reference-ledger.ts'
import { startTestBroker, type TestBroker } from './test-broker.ts'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e6))

describe(`a simulation over MQTT (SEED=${seed})`, () => {
  let broker: TestBroker
  let ledger: ReturnType<typeof createReferenceLedger>

  beforeEach(async () => {
    broker = await startTestBroker()
    ledger = createReferenceLedger()
    // Where the server under test stands in production: before the PUBACK.
    broker.aedes.authorizePublish = (client, packet, done) => {
      if (!client) return done(null)
      const payload = Buffer.from(packet.payload as Buffer)
      const isOwn = ledger.receive({ clientId: client.id, topic: packet.topic, payload, receivedAtMs: Date.now() })
      done(isOwn ? null : new Error('not its own topic'))
    }
  })
  afterEach(() => broker.stop())

  it.each(scenarios.map((scenario) => [scenario.id, scenario] as const))(
    '"%s" matches the ledger of a correct server',
    async (_id, scenario) => {
      const devices = createSimulatedFleet({ count: 12, seed })
      const pace = scenario.pace.type === 'clock' ? { ...scenario.pace, speedup: 300 } : scenario.pace
      const report = await runSimulation({
        url: broker.url,
        devices,
        credentials: new Map(),
        scenario: { ...scenario, pace },
        seed,
        durationS: 2,
      })
      const lines = reconcile({ reports: report.devices, before: new Map(), after: ledger.counts })
      expect(formatReconciliation(lines.filter(({ differences }) => differences.length > 0)).slice(1)).toEqual([])
      expect(report.devices.every(({ sent }) => sent > 0)).toBe(true)
      if (scenario.id === 'hostile') {
        expect(report.devices.some(({ reconnects }) => reconnects > 0)).toBe(true)
        expect(report.devices.some(({ expected }) => expected.rejected > 0)).toBe(true)
      }
    },
  )

  it('shows the device of which the server lost a reading', async () => {
    const devices = createSimulatedFleet({ count: 3, seed })
    const flood = scenarios.find(({ id }) => id === 'flood')!
    const report = await runSimulation({
      url: broker.url,
      devices,
      credentials: new Map(),
      scenario: flood,
      seed,
      durationS: 0.3,
    })
    const after = new Map(ledger.counts)
    const counts = after.get(devices[1]!.id)!
    after.set(devices[1]!.id, { ...counts, stored: counts.stored - 1, received: counts.received - 1 })
    const lines = reconcile({ reports: report.devices, before: new Map(), after })
    expect(lines.map(({ differences }) => differences.length > 0)).toEqual([false, true, false])
  })

  it('survives a server that cuts every line, resending what was on its way', async () => {
    const devices = createSimulatedFleet({ count: 4, seed })
    const flood = scenarios.find(({ id }) => id === 'flood')!
    const running = runSimulation({
      url: broker.url,
      devices,
      credentials: new Map(),
      scenario: flood,
      seed,
      durationS: 1.5,
    })
    await broker.until(() => broker.received.length > 200)
    broker.cut()
    const report = await running
    expect(report.devices.every(({ reconnects }) => reconnects === 1)).toBe(true)
    const lines = reconcile({ reports: report.devices, before: new Map(), after: ledger.counts })
    expect(lines.flatMap(({ differences }) => differences)).toEqual([])
  })

  it('counts what it sends again, and only that, when acknowledgements are cut off', async () => {
    let swallowed = 0
    broker.aedes.preConnect = (client, _packet, done) => {
      // The first line of each device takes messages in and never lets an acknowledgement out.
      const isFirst = swallowed < 3
      swallowed += 1
      const write = client.conn.write.bind(client.conn)
      if (isFirst)
        client.conn.write = ((chunk: Buffer, ...rest: never[]) =>
          chunk[0] === 0x40 ? true : write(chunk, ...rest)) as never
      done(null, true)
    }
    const devices = createSimulatedFleet({ count: 3, seed })
    const flood = scenarios.find(({ id }) => id === 'flood')!
    const running = runSimulation({
      url: broker.url,
      devices,
      credentials: new Map(),
      scenario: flood,
      seed,
      durationS: 1,
    })
    await broker.until(() => broker.received.length >= 3 * 50)
    broker.cut()
    const report = await running
    const lines = reconcile({ reports: report.devices, before: new Map(), after: ledger.counts })
    expect(lines.flatMap(({ differences }) => differences)).toEqual([])
    expect(lines.map(({ counted }) => counted.duplicate)).toEqual([50, 50, 50])
    expect(report.devices.map(({ resent }) => resent.stored)).toEqual([50, 50, 50])
  })

  it('ends early when told to, in order', async () => {
    const ending = new AbortController()
    const devices = createSimulatedFleet({ count: 2, seed })
    const flood = scenarios.find(({ id }) => id === 'flood')!
    const running = runSimulation({
      url: broker.url,
      devices,
      credentials: new Map(),
      scenario: flood,
      seed,
      durationS: 600,
      signal: ending.signal,
    })
    await broker.until(() => broker.received.length > 20)
    ending.abort()
    const report = await running
    expect(report.devices.every(({ sent, acknowledged }) => sent === acknowledged)).toBe(true)
  })

  it('fails at once, by name, when a device is refused', async () => {
    broker.aedes.authenticate = (_client, _name, _password, done) =>
      done(Object.assign(new Error('no'), { returnCode: 5 }) as never, false)
    const devices = createSimulatedFleet({ count: 2, seed })
    const running = runSimulation({
      url: broker.url,
      devices,
      credentials: new Map(),
      scenario: scenarios[0]!,
      seed,
      durationS: 5,
    })
    await expect(running).rejects.toMatchObject({ code: 'mqtt-refused' })
  })
})

describe('reconciliation', () => {
  const report = {
    deviceId: 'd',
    kind: 'noise',
    sent: 10,
    acknowledged: 10,
    reconnects: 0,
    expected: { stored: 8, duplicate: 1, quarantined: 1, rejected: 0 },
    resent: { ...nothing, stored: 2 },
  }
  const counts = (more: Partial<LedgerCounts>): LedgerCounts => ({
    received: 10,
    stored: 8,
    duplicate: 1,
    quarantined: 1,
    rejected: 0,
    ...more,
  })

  it.each([
    ['an exact match', counts({}), []],
    ['a resend that arrived twice', counts({ duplicate: 3, received: 12 }), []],
    ['more duplicates than were resent', counts({ duplicate: 4, received: 13 }), ['duplicate: 4 instead of 1 to 3']],
    ['a lost reading', counts({ stored: 7, received: 9 }), ['stored: 7 instead of 8']],
    ['a reading stored twice', counts({ stored: 9, received: 11 }), ['stored: 9 instead of 8']],
    ['a ledger that does not add up', counts({ received: 11 }), ['received: 11, but the parts add up to 10']],
  ])('judges %s', (_what, after, differences) => {
    const [line] = reconcile({ reports: [report], before: new Map(), after: new Map([['d', after]]) })
    expect(line!.differences).toEqual(differences)
  })

  it('counts only what happened during the run', () => {
    const before = counts({ stored: 100, received: 102 })
    const after = counts({ stored: 108, duplicate: 2, quarantined: 2, received: 112 })
    const [line] = reconcile({ reports: [report], before: new Map([['d', before]]), after: new Map([['d', after]]) })
    expect(line!.differences).toEqual([])
  })

  it('does not hide a publish that was never acknowledged', () => {
    const [line] = reconcile({
      reports: [{ ...report, acknowledged: 9 }],
      before: new Map(),
      after: new Map([['d', counts({})]]),
    })
    expect(line!.differences).toEqual(['1 of 10 publishes never acknowledged'])
  })
})

describe('the progress line', () => {
  const progress = (elapsedS: number): SimulationProgress => ({
    elapsedS,
    durationS: 60,
    devices: 3,
    sent: elapsedS * 10,
    acknowledged: elapsedS * 10,
    reconnects: 0,
    phase: 'running',
  })

  it('rewrites one line for a person', () => {
    const written: string[] = []
    const tell = createProgressLine({ isTerminal: true, columns: 40, write: (text) => written.push(text) })
    for (let second = 0; second < 5; second++) tell(progress(second))
    tell()
    expect(written).toHaveLength(6)
    expect(written.slice(0, 5).every((text) => text.startsWith('\r') && !text.includes('\n'))).toBe(true)
    expect(written[5]).toBe('\n')
  })

  it('prints a line every few seconds for a log', () => {
    const written: string[] = []
    const tell = createProgressLine({ isTerminal: false, write: (text) => written.push(text) })
    for (let second = 0; second < 12; second++) tell(progress(second))
    tell()
    expect(written.map((text) => text.split(' · ')[0])).toEqual(['running 0/60 s', 'running 5/60 s', 'running 10/60 s'])
    expect(written[1]).toContain('(10/s)')
  })
})
