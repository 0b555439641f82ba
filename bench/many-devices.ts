import { join } from 'node:path'
import { withBareAedes } from './bare-aedes.ts'
import type { Bench, BenchRow } from './bench.ts'
import { loadDevices } from './load-devices.ts'
import { startUsageMeter } from './process-figures.ts'
import { withServer } from './server-process.ts'

const targets = { coresMax: 1, rssMbMax: 700 } as const

/** A city's worth of quiet devices: each connected for good, one reading a second. */
export const manyDevices: Bench = {
  id: 'many-devices',
  title: 'Many devices: 10,000 connections, each one reading a second',
  async run({ load, isQuick, workDir, say }) {
    const count = isQuick ? 2000 : 10_000
    const measure = async (server: { readonly pid: number; readonly mqttPort: number }) => {
      await load.create({ host: '127.0.0.1', port: server.mqttPort, window: 8, devices: loadDevices('many', count) })
      const connectingSinceMs = performance.now()
      await load.open()
      const connectedInS = (performance.now() - connectingSinceMs) / 1000
      await load.start({ type: 'paced', perS: count })
      await load.measure(isQuick ? 2000 : 10_000)
      const meter = startUsageMeter(server.pid)
      const { acknowledgedPerS, behind, cpuMicrosPerMessage } = await load.measure(isQuick ? 4000 : 30_000)
      const usage = meter.read()
      await load.pause()
      await load.drain(30_000)
      const counts = await load.counts()
      return { acknowledgedPerS, behind, cpuMicrosPerMessage, connectedInS, ...usage, ...counts }
    }
    const row = (what: string, result: Awaited<ReturnType<typeof measure>>): BenchRow => ({
      what,
      measured: `${result.cpuCores.toFixed(2)} cores, ${Math.round(result.rssMb)} MB`,
      figures: {
        'readings/s': Math.round(result.acknowledgedPerS),
        sent: result.sent,
        acknowledged: result.acknowledged,
        behind: result.behind,
        'peak MB': Math.round(result.rssPeakMb),
        'connected in s': result.connectedInS,
        'generator µs/msg': result.cpuMicrosPerMessage,
      },
    })

    say(`bare Aedes, ${count} connections`)
    const bare = await withBareAedes(measure)
    await load.close()
    say(`Prahari, ${count} connections`)
    const { ours, stored } = await withServer(join(workDir, 'many-devices'), async (server) => {
      const ours = await measure(server)
      const stored = await server.countStored()
      await load.close()
      return { ours, stored }
    })
    const isComplete = stored === ours.sent && ours.acknowledged === ours.sent
    const isMet = isComplete && ours.cpuCores < targets.coresMax && ours.rssMb < targets.rssMbMax
    const target = `all stored, < ${targets.coresMax} core, < ${targets.rssMbMax} MB`
    const oursRow = row('Prahari, stored and fsynced', ours)
    return [
      row('bare Aedes, nothing stored', bare),
      { ...oursRow, target, isMet, figures: { ...oursRow.figures, stored } },
    ]
  },
}
