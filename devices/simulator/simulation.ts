import { setMaxListeners } from 'node:events'
import { AppError } from '../../contracts/errors.ts'
import { createDeviceRun, type DeviceReport, type DeviceRun } from './device-run.ts'
import type { SimulatedDevice } from './plan.ts'
import type { Scenario } from './scenario.ts'

export interface SimulationOptions {
  /** For example `mqtt://127.0.0.1:1883`. */
  readonly url: string
  readonly devices: readonly SimulatedDevice[]
  /** Secret by device id; a device without one connects without (`open` enrolment). */
  readonly credentials: ReadonlyMap<string, string>
  readonly scenario: Scenario
  readonly seed: number
  readonly durationS: number
  readonly onProgress?: (progress: SimulationProgress) => void
  /** Ends the run early, in order: what is on its way is still waited for. */
  readonly signal?: AbortSignal
  readonly now?: () => number
}

export interface SimulationProgress {
  readonly elapsedS: number
  readonly durationS: number
  readonly devices: number
  readonly sent: number
  readonly acknowledged: number
  readonly reconnects: number
  readonly phase: 'connecting' | 'running' | 'draining'
}

export interface SimulationReport {
  readonly scenario: string
  readonly seed: number
  readonly startedAtMs: number
  readonly tookS: number
  readonly devices: readonly DeviceReport[]
}

const connectingMax = 20
const progressEveryMs = 250

/**
 * Runs a fleet through a scenario over real MQTT.
 * @throws AppError `mqtt-refused` when a device cannot connect at the start
 */
export async function runSimulation(options: SimulationOptions): Promise<SimulationReport> {
  const { devices, scenario, seed, durationS, onProgress, signal, now = Date.now } = options
  if (devices.length === 0) throw new AppError('invalid', 'no-devices', 'a simulation needs at least one device')
  const startedAtMs = now()
  const ending = new AbortController()
  setMaxListeners(devices.length + 1, ending.signal)
  const end = () => ending.abort()
  const runs = devices.map((device, index) =>
    createDeviceRun({
      url: options.url,
      credentials: { deviceId: device.id, secret: options.credentials.get(device.id) },
      device,
      index,
      scenario,
      seed,
      startedAtMs,
      until: ending.signal,
    }),
  )

  let phase: SimulationProgress['phase'] = 'connecting'
  const beganAtMs = performance.now()
  const elapsedS = () => (performance.now() - beganAtMs) / 1000
  const tell = () => onProgress?.({ ...sumUp(runs), elapsedS: elapsedS(), durationS, phase })
  const telling = setInterval(tell, progressEveryMs)
  let ended: NodeJS.Timeout | undefined
  try {
    await openAll(runs)
    phase = 'running'
    ended = setTimeout(end, durationS * 1000)
    signal?.addEventListener('abort', end)
    if (signal?.aborted) end()
    ending.signal.addEventListener('abort', () => {
      phase = 'draining'
    })
    const reports = await Promise.all(runs.map((run) => run.run()))
    tell()
    return { scenario: scenario.id, seed, startedAtMs, tookS: elapsedS(), devices: reports }
  } finally {
    clearInterval(telling)
    clearTimeout(ended)
    signal?.removeEventListener('abort', end)
    await Promise.all(runs.map((run) => run.close().catch(() => undefined)))
  }
}

async function openAll(runs: readonly DeviceRun[]): Promise<void> {
  const waiting = [...runs]
  const openNext = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await next.open()
  }
  await Promise.all(Array.from({ length: connectingMax }, openNext))
}

function sumUp(runs: readonly DeviceRun[]) {
  let [sent, acknowledged, reconnects] = [0, 0, 0]
  for (const run of runs) {
    const report = run.report()
    sent += report.sent
    acknowledged += report.acknowledged
    reconnects += report.reconnects
  }
  return { devices: runs.length, sent, acknowledged, reconnects }
}
