import { join } from 'node:path'
import type { Bench } from './bench.ts'
import { loadDevices } from './load-devices.ts'
import { readProcessFigures } from './process-figures.ts'
import { withServer } from './server-process.ts'
import { perSecond } from './table.ts'

const targets = { rssMbMax: 700, growthShareMax: 0.1 } as const
const sampleEveryMs = 5000

/** Ten minutes of as much as the server takes: what it holds in memory must be bounded, not merely small at first. */
export const memory: Bench = {
  id: 'memory',
  title: 'Memory at saturation: 50 connections, window 100',
  run: ({ load, isQuick, workDir, say }) =>
    withServer(join(workDir, 'memory'), async (server) => {
      const durationMs = isQuick ? 30_000 : 600_000
      await load.create({ host: '127.0.0.1', port: server.mqttPort, window: 100, devices: loadDevices('memory', 50) })
      await load.open()
      await load.start({ type: 'flood' })
      const rssMb: number[] = []
      const perS: number[] = []
      for (let at = 0; at < durationMs; at += sampleEveryMs) {
        perS.push((await load.measure(sampleEveryMs)).acknowledgedPerS)
        rssMb.push(readProcessFigures(server.pid).rssMb)
        if (at % 60_000 === 0) say(`${at / 1000} s: ${Math.round(rssMb.at(-1)!)} MB, ${perSecond(perS.at(-1)!)}`)
      }
      await load.pause()
      await load.drain(30_000)
      const { acknowledged } = await load.counts()
      await load.close()
      const { rssPeakMb } = readProcessFigures(server.pid)
      const quarter = Math.max(1, Math.floor(rssMb.length / 4))
      const second = mean(rssMb.slice(quarter, 2 * quarter))
      const last = mean(rssMb.slice(-quarter))
      return [
        {
          what: `${durationMs / 60_000} minutes of flood`,
          measured: `peak ${Math.round(rssPeakMb)} MB`,
          target: `< ${targets.rssMbMax} MB and flat`,
          isMet: rssPeakMb < targets.rssMbMax && last < second * (1 + targets.growthShareMax),
          figures: {
            'MB in the second quarter': Math.round(second),
            'MB in the last quarter': Math.round(last),
            'readings/s in the second': Math.round(mean(perS.slice(quarter, 2 * quarter))),
            'readings/s in the last': Math.round(mean(perS.slice(-quarter))),
            acknowledged,
          },
        },
      ]
    }),
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
