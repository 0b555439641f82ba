import { join } from 'node:path'
import { type BareAedes, withBareAedes } from './bare-aedes.ts'
import type { Bench, BenchContext, BenchRow } from './bench.ts'
import { loadDevices } from './load-devices.ts'
import { startUsageMeter } from './process-figures.ts'
import { type ServerProcess, withServer } from './server-process.ts'
import { perSecond } from './table.ts'

const connections = 50
const targets = [
  { window: 100, perSMin: 100_000, shareMin: 0.5 },
  { window: 10, perSMin: 80_000, shareMin: undefined },
] as const

/**
 * QoS 1 publishes acknowledged per second: bare Aedes, which acknowledges and forgets, against the whole pipeline,
 * which acknowledges after fsync. Same generator, same packets, same arrangement of processes, one after the other.
 */
export const durableIngest: Bench = {
  id: 'ingest',
  title: `Durable ingest: QoS 1 publishes acknowledged per second, ${connections} connections`,
  async run(context) {
    const rows: BenchRow[] = []
    for (const target of targets) {
      context.say(`bare Aedes, window ${target.window}`)
      const bare = await withBareAedes((aedes) => flood(context, aedes, target.window))
      context.say(`Prahari, window ${target.window}`)
      const ours = await withServer(join(context.workDir, 'ingest'), (server) => flood(context, server, target.window))
      rows.push(yardstickRow(target.window, bare), ingestRow(target, ours, bare))
    }
    return rows
  },
}

type Flood = Awaited<ReturnType<typeof flood>>

async function flood(context: BenchContext, server: BareAedes | ServerProcess, window: number) {
  const { load, isQuick } = context
  await load.create({ host: '127.0.0.1', port: server.mqttPort, window, devices: loadDevices('ingest', connections) })
  await load.open()
  await load.start({ type: 'flood' })
  // Long enough for the compiler to be done with the hot path and for the store's first checkpoints.
  await load.measure(isQuick ? 1500 : 5000)
  const meter = startUsageMeter(server.pid)
  const { cpuCores: generatorCores, ...measured } = await load.measure(isQuick ? 3000 : 20_000)
  const usage = meter.read()
  await load.pause()
  const open = await load.drain(30_000)
  const { sent, acknowledged, faults } = await load.counts()
  const stored = 'api' in server ? await server.countStored() : undefined
  await load.close()
  if (open > 0 || faults > 0) throw new Error(`${open} publishes unacknowledged, ${faults} wrong acknowledgements`)
  if (stored !== undefined && stored !== sent)
    throw new Error(`${sent} sent and acknowledged, ${stored} in the ledger as stored`)
  return { ...measured, ...usage, generatorCores, acknowledged }
}

function yardstickRow(window: number, bare: Flood): BenchRow {
  return {
    what: `bare Aedes, nothing stored, window ${window}`,
    measured: perSecond(bare.acknowledgedPerS),
    figures: figuresOf(bare),
  }
}

function ingestRow(target: (typeof targets)[number], ours: Flood, bare: Flood): BenchRow {
  const share = ours.acknowledgedPerS / bare.acknowledgedPerS
  const isFast = ours.acknowledgedPerS >= target.perSMin
  return {
    what: `Prahari, stored and fsynced, window ${target.window}`,
    measured: perSecond(ours.acknowledgedPerS),
    target: `>= ${perSecond(target.perSMin)}${target.shareMin ? `, >= ${target.shareMin} x bare` : ''}`,
    isMet: isFast && (target.shareMin === undefined || share >= target.shareMin),
    figures: { 'x bare': share, ...figuresOf(ours) },
  }
}

function figuresOf(result: Flood): BenchRow['figures'] {
  return {
    'server cores': result.cpuCores,
    'server µs/msg': (result.cpuCores * 1e6) / result.acknowledgedPerS,
    'server RSS MB': Math.round(result.rssMb),
    'peak MB': Math.round(result.rssPeakMb),
    'generator cores': result.generatorCores,
    'generator µs/msg': result.cpuMicrosPerMessage,
  }
}
