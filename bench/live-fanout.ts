import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { BoundingBox } from '../contracts/geo.ts'
import { between, createRandom } from '../devices/random.ts'
import type { Bench, BenchContext, BenchRow } from './bench.ts'
import { startUsageMeter } from './process-figures.ts'
import type { ScreensCall, ScreensResult } from './screens-process.ts'
import { type ServerProcess, withServer } from './server-process.ts'
import { signIn } from './sos-latency.ts'
import { milliseconds, perSecond } from './table.ts'

const targets = { p99MsMax: 500, ingestShareMin: 0.85 } as const
const cityBox: BoundingBox = { west: 72.8, south: 18.95, east: 73.0, north: 19.15 }

/** Dashboards over a city in which every device changes each second. */
export const liveFanout: Bench = {
  id: 'live-fanout',
  title: 'Live fan-out: 1,000 dashboards, 10,000 devices changing each second',
  run: (context) => withServer(join(context.workDir, 'live-fanout'), (server) => runOn(server, context)),
}

async function runOn(server: ServerProcess, context: BenchContext): Promise<BenchRow[]> {
  const { isQuick, load, say, seed } = context
  const deviceCount = isQuick ? 2000 : 10_000
  const screenCount = isQuick ? 200 : 1000
  const durationMs = isQuick ? 4000 : 20_000

  say(`registering and connecting ${deviceCount} devices`)
  const devices = await placeDevices(server, deviceCount, seed)
  await load.create({ host: '127.0.0.1', port: server.mqttPort, window: 8, devices })
  await load.open()
  await load.start({ type: 'paced', perS: deviceCount })
  await load.measure(isQuick ? 2000 : 8000)

  say('nobody watching')
  const meter = startUsageMeter(server.pid)
  const alone = await load.measure(durationMs)
  const aloneUsage = meter.read()
  const rows: BenchRow[] = [
    {
      what: 'nobody watching',
      measured: perSecond(alone.acknowledgedPerS),
      figures: {
        'readings/s': Math.round(alone.acknowledgedPerS),
        'late to leave': alone.behind,
        ...figuresOf(aloneUsage),
      },
    },
  ]
  for (const crowd of crowds(screenCount, seed)) {
    say(`${screenCount} dashboards, ${crowd.what}`)
    rows.push(await watchWith(server, context, crowd, durationMs, alone.acknowledgedPerS))
  }
  await load.pause()
  await load.drain(30_000)
  await load.close()
  return rows
}

interface Crowd {
  readonly what: string
  readonly viewports: readonly BoundingBox[]
  readonly wholeCityCount: number
}

/** All on one wall of screens; and as people use maps, a few of them on all of it and each other on a place of its own. */
function crowds(screenCount: number, seed: number): Crowd[] {
  const random = createRandom(seed, 'viewports')
  const wholeCityCount = screenCount / 5
  const viewports = Array.from({ length: screenCount - wholeCityCount }, (): BoundingBox => {
    const spanDegrees = between(random, 0.005, 0.06)
    const west = between(random, cityBox.west, cityBox.east - spanDegrees)
    const south = between(random, cityBox.south, cityBox.north - spanDegrees)
    return { west, south, east: west + spanDegrees, north: south + spanDegrees }
  })
  return [
    { what: 'each showing the whole city', viewports: [], wholeCityCount: screenCount },
    { what: 'four in five zoomed in somewhere', viewports, wholeCityCount },
  ]
}

async function placeDevices(server: ServerProcess, count: number, seed: number) {
  const random = createRandom(seed, 'places')
  const inputs = Array.from({ length: count }, (_none, index) => ({
    id: `fan-${index}`,
    name: `Air quality ${index}`,
    kinds: ['air-quality'],
    position: {
      latitude: between(random, cityBox.south, cityBox.north),
      longitude: between(random, cityBox.west, cityBox.east),
    },
    labels: {},
  }))
  const secrets = await server.api.provision(inputs)
  return [...secrets].map(([deviceId, secret]) => ({ deviceId, secret }))
}

async function watchWith(
  server: ServerProcess,
  { load, seed }: BenchContext,
  { what, viewports, wholeCityCount }: Crowd,
  durationMs: number,
  alonePerS: number,
): Promise<BenchRow> {
  const screens = startScreens()
  try {
    const token = await signIn(server.origin)
    await screens.ask({ call: 'open', origin: server.origin, token, viewports, wholeCityCount })
    await load.measure(3000)
    const meter = startUsageMeter(server.pid)
    const [seen, ingest] = await Promise.all([
      screens.ask({ call: 'watch', durationMs, sampleShare: 0.02, seed }) as Promise<ScreensResult>,
      load.measure(durationMs),
    ])
    const usage = meter.read()
    const share = ingest.acknowledgedPerS / alonePerS
    const isComplete = seen.gaps === 0 && seen.open === viewports.length + wholeCityCount
    return {
      what,
      measured: `p99 ${milliseconds(seen.p99Ms)} behind`,
      target: `p99 <= ${targets.p99MsMax} ms, ingest >= ${targets.ingestShareMin * 100} %, no gap`,
      isMet: seen.p99Ms <= targets.p99MsMax && share >= targets.ingestShareMin && isComplete,
      figures: {
        'readings/s': Math.round(ingest.acknowledgedPerS),
        'late to leave': ingest.behind,
        ...figuresOf(usage),
        'ingest %': share * 100,
        'p50 ms': seen.p50Ms,
        'p99 ms': seen.p99Ms,
        'max ms': seen.maxMs,
        screens: seen.open,
        'messages/s': Math.round(seen.messages / (durationMs / 1000)),
        'MB/s': seen.bytes / 1e6 / (durationMs / 1000),
        'started anew': seen.snapshots,
        gaps: seen.gaps,
        'screens’ cores': seen.cpuCores,
      },
    }
  } finally {
    await screens.stop()
  }
}

function figuresOf({ cpuCores, rssMb }: { readonly cpuCores: number; readonly rssMb: number }) {
  return { 'server’s cores': cpuCores, 'server’s MB': Math.round(rssMb) }
}

function startScreens() {
  const isSource = import.meta.url.endsWith('.ts')
  const file = new URL(isSource ? './screens-process.ts' : './screens-process.js', import.meta.url)
  const child = fork(file, { execArgv: isSource ? ['--import', 'tsx'] : [] })
  return {
    async ask(call: ScreensCall): Promise<unknown> {
      const answered = once(child, 'message') as Promise<[{ result?: unknown; failure?: string }]>
      child.send(call)
      const [{ result, failure }] = await answered
      if (failure !== undefined) throw new Error(`dashboards: ${failure}`)
      return result
    },
    async stop() {
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}
