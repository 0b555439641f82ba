import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Bench, BenchContext, BenchRow } from './bench.ts'
import { loadDevices } from './load-devices.ts'
import { admin, type ServerProcess, withServer } from './server-process.ts'
import type { ProbeCall, ProbeResult } from './sos-probe-process.ts'
import { milliseconds, percentile } from './table.ts'

const conditions = [
  { what: 'idle', load: undefined, window: 1, p99MsMax: 5 },
  { what: 'at 20,000 readings/s', load: { type: 'paced', perS: 20_000 }, window: 100, p99MsMax: 15 },
  { what: 'under flood, window 10', load: { type: 'flood' }, window: 10, p99MsMax: 50 },
  { what: 'under flood, window 100', load: { type: 'flood' }, window: 100, p99MsMax: 50 },
] as const

/** From the press of a wearable (MQTT, QoS 1) to the operator's Socket.IO event, one clock. */
export const sosLatency: Bench = {
  id: 'sos',
  title: 'SOS: press to the operator’s event',
  async run(context) {
    const rows: BenchRow[] = []
    const probe = startProbe()
    try {
      for (const [index, condition] of conditions.entries()) {
        context.say(`SOS ${condition.what}`)
        const dataDir = join(context.workDir, 'sos')
        rows.push(await withServer(dataDir, (server) => measure(context, server, probe, condition, index)))
      }
    } finally {
      await probe.stop()
    }
    return rows
  },
}

async function measure(
  { load, isQuick, seed }: BenchContext,
  server: ServerProcess,
  probe: Probe,
  condition: (typeof conditions)[number],
  index: number,
): Promise<BenchRow> {
  const count = isQuick ? 60 : 400
  await probe.ask({
    call: 'open',
    mqttPort: server.mqttPort,
    origin: server.origin,
    token: await signIn(server.origin),
    wearables: Array.from({ length: count }, (_none, number) => `wearable-${number}`),
  })
  if (condition.load) {
    await load.create({
      host: '127.0.0.1',
      port: server.mqttPort,
      window: condition.window,
      devices: loadDevices('sos-load', 50),
    })
    await load.open()
    await load.start(condition.load)
    await load.measure(isQuick ? 1000 : 4000)
  }
  const throughput = condition.load ? load.measure(isQuick ? 2000 : 15_000) : undefined
  const result = (await probe.ask({ call: 'press', perS: 20, seed: seed + index, waitMs: 20_000 })) as ProbeResult
  const readingsPerS = (await throughput)?.acknowledgedPerS ?? 0
  await probe.ask({ call: 'close' })
  if (condition.load) await endLoad(load, server)

  const lost = result.pressed - result.latenciesMs.length
  const p99 = percentile(result.latenciesMs, 0.99)
  return {
    what: condition.what,
    measured: `p99 ${milliseconds(p99)}`,
    target: `p99 <= ${condition.p99MsMax} ms, none lost`,
    isMet: p99 <= condition.p99MsMax && lost === 0,
    figures: {
      'p50 ms': percentile(result.latenciesMs, 0.5),
      'p99 ms': p99,
      'max ms': percentile(result.latenciesMs, 1),
      'PUBACK p50 ms': percentile(result.pubacksMs, 0.5),
      'PUBACK p99 ms': percentile(result.pubacksMs, 0.99),
      presses: result.pressed,
      lost,
      'readings/s meanwhile': Math.round(readingsPerS),
    },
  }
}

/** A latency under a load that was not really stored would be worth nothing. */
async function endLoad(load: BenchContext['load'], server: ServerProcess): Promise<void> {
  await load.pause()
  await load.drain(30_000)
  const { sent, acknowledged, faults } = await load.counts()
  await load.close()
  const stored = await server.countStored()
  if (acknowledged === sent && stored === sent && faults === 0) return
  throw new Error(`${sent} sent, ${acknowledged} acknowledged, ${stored} stored, ${faults} wrong acknowledgements`)
}

interface Probe {
  ask(call: ProbeCall): Promise<unknown>
  stop(): Promise<void>
}

function startProbe(): Probe {
  const isSource = import.meta.url.endsWith('.ts')
  const file = new URL(isSource ? './sos-probe-process.ts' : './sos-probe-process.js', import.meta.url)
  const child = fork(file, { execArgv: isSource ? ['--import', 'tsx'] : [] })
  return {
    async ask(call) {
      const answered = once(child, 'message') as Promise<[{ result?: unknown; failure?: string }]>
      child.send(call)
      const [{ result, failure }] = await answered
      if (failure !== undefined) throw new Error(`SOS probe: ${failure}`)
      return result
    },
    async stop() {
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}

export async function signIn(origin: string): Promise<string> {
  const response = await fetch(`${origin}/api/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(admin),
  })
  if (!response.ok) throw new Error(`sign-in was refused with ${response.status}`)
  return ((await response.json()) as { accessToken: string }).accessToken
}
