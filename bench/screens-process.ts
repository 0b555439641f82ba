import WebSocket from 'ws'
import { type LiveDelta, type LiveViewport, liveEvents } from '../contracts/live.ts'
import { createRandom } from '../devices/random.ts'

/**
 * Many dashboards in one process. They speak the wire of Socket.IO as its client does, but read the body of a message
 * only now and then: a thousand browsers have a thousand processors to parse on, this machine has two.
 * The head of every message is read, so that a gap on any screen is seen.
 */
export type ScreensCall =
  | {
      readonly call: 'open'
      readonly origin: string
      readonly token: string
      readonly viewports: readonly NonNullable<LiveViewport['viewport']>[]
      /** How many show the whole city, besides those with a viewport. */
      readonly wholeCityCount: number
    }
  | { readonly call: 'watch'; readonly durationMs: number; readonly sampleShare: number; readonly seed: number }
  | { readonly call: 'close' }

export interface ScreensResult {
  /** Measured by the device to read on the screen; one per reading of the sampled messages. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  readonly readingsSampled: number
  readonly messages: number
  readonly bytes: number
  readonly snapshots: number
  readonly gaps: number
  readonly open: number
  /** Cores that this process used. */
  readonly cpuCores: number
}

interface Screen {
  readonly socket: WebSocket
  seq: number
}

const snapshotHead = `42["${liveEvents.snapshot}"`
const deltaHead = `42["${liveEvents.delta}"`
/** Long enough for everything up to `seq`. */
const headBytes = 160
const connectingMax = 20
const lagMsMax = 60_000

let screens: Screen[] = []
let sampleShare = 0
let random = createRandom(1)
let counts = newCounts()

function newCounts() {
  return { lags: new Uint32Array(lagMsMax + 1), messages: 0, bytes: 0, snapshots: 0, gaps: 0 }
}

async function open({ origin, token, viewports, wholeCityCount }: ScreensCall & { call: 'open' }): Promise<void> {
  const wanted: (LiveViewport['viewport'] | null)[] = [
    ...viewports,
    ...Array.from({ length: wholeCityCount }, () => null),
  ]
  const openNext = async (): Promise<void> => {
    for (let viewport = wanted.pop(); viewport !== undefined; viewport = wanted.pop()) {
      screens.push(await openScreen(origin, token, viewport))
    }
  }
  await Promise.all(Array.from({ length: connectingMax }, openNext))
}

/** Resolves with the first snapshot. @see Engine.IO protocol 4 and Socket.IO protocol 5 */
function openScreen(origin: string, token: string, viewport: LiveViewport['viewport'] | null): Promise<Screen> {
  return new Promise((resolve, reject) => {
    const url = `${origin.replace(/^http/, 'ws')}/socket.io/?EIO=4&transport=websocket`
    const socket = new WebSocket(url, { perMessageDeflate: false, skipUTF8Validation: true })
    const screen: Screen = { socket, seq: 0 }
    socket.once('error', reject)
    socket.on('message', (data: Buffer) => {
      const head = data.toString('latin1', 0, headBytes)
      if (head === '2') socket.send('3')
      else if (head.startsWith('0')) socket.send(`40${JSON.stringify({ token })}`)
      else if (head.startsWith('40')) socket.send(`42${JSON.stringify([liveEvents.subscribe, { viewport }])}`)
      else if (head.startsWith('44')) reject(new Error(`refused: ${data}`))
      else if (head.startsWith(snapshotHead)) {
        counts.snapshots++
        screen.seq = numberAfter(head, '"seq":')
        resolve(screen)
      } else if (head.startsWith(deltaHead)) takeDelta(screen, head, data)
    })
  })
}

function takeDelta(screen: Screen, head: string, data: Buffer): void {
  const atMs = Date.now()
  counts.messages++
  counts.bytes += data.length
  if (numberAfter(head, '"fromSeq":') > screen.seq + 1) counts.gaps++
  screen.seq = Math.max(screen.seq, numberAfter(head, '"seq":'))
  if (random() >= sampleShare) return
  const [, delta] = JSON.parse(data.toString('utf8', 2)) as [string, LiveDelta]
  for (const { ago, agoUnitMs } of delta.readings ?? []) {
    for (const units of ago) {
      const lagMs = Math.round(atMs - delta.atMs + units * agoUnitMs)
      counts.lags[Math.min(lagMsMax, Math.max(0, lagMs))]! += 1
    }
  }
}

function numberAfter(head: string, name: string): number {
  const at = head.indexOf(name)
  return Number.parseInt(head.slice(at + name.length), 10)
}

async function watch(call: ScreensCall & { call: 'watch' }): Promise<ScreensResult> {
  random = createRandom(call.seed, 'screens')
  counts = newCounts()
  sampleShare = call.sampleShare
  const cpuBefore = process.cpuUsage()
  const startedAtMs = performance.now()
  await new Promise((resolve) => setTimeout(resolve, call.durationMs))
  const cpu = process.cpuUsage(cpuBefore)
  const { lags, ...seen } = counts
  sampleShare = 0
  return {
    ...seen,
    p50Ms: lagAt(lags, 0.5),
    p99Ms: lagAt(lags, 0.99),
    maxMs: lagAt(lags, 1),
    readingsSampled: lags.reduce((sum, count) => sum + count, 0),
    open: screens.filter(({ socket }) => socket.readyState === WebSocket.OPEN).length,
    cpuCores: (cpu.user + cpu.system) / 1000 / (performance.now() - startedAtMs),
  }
}

function lagAt(lags: Uint32Array, share: number): number {
  const wanted = Math.ceil(lags.reduce((sum, count) => sum + count, 0) * share)
  let seen = 0
  for (const [lagMs, count] of lags.entries()) {
    seen += count
    if (seen >= wanted && seen > 0) return lagMs
  }
  return Number.NaN
}

async function perform(ask: ScreensCall): Promise<unknown> {
  if (ask.call === 'open') return open(ask)
  if (ask.call === 'watch') return watch(ask)
  for (const { socket } of screens) socket.terminate()
  screens = []
}

process.on('message', (ask: ScreensCall) => {
  perform(ask).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ failure: error instanceof Error ? error.message : String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
