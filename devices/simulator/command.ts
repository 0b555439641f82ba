import { AppError } from '../../contracts/errors.ts'
import { type CityApi, createCityApi } from './city-api.ts'
import { createSimulatedFleet } from './fleet.ts'
import { createProgressLine, type ProgressOutput } from './progress.ts'
import { formatReconciliation, type LedgerCounts, type ReconciledLine, reconcile } from './reconciliation.ts'
import { findScenario, scenarios } from './scenarios/index.ts'
import { runSimulation, type SimulationReport } from './simulation.ts'

export interface SimulateOptions {
  readonly scenario: string
  /** For example `mqtt://127.0.0.1:1883`. */
  readonly mqttUrl: string
  /** Origin of the HTTP API, for registering devices and reading the ledger. */
  readonly apiUrl: string
  readonly email: string
  readonly password: string
  readonly devices: number
  readonly seed: number
  readonly durationS: number
  /** Publishes on the way per device, in scenarios that send as fast as they are acknowledged. */
  readonly window?: number
  /** Devices enrol themselves at their first connect; the server must allow it. */
  readonly openEnrolment?: boolean
  readonly signal?: AbortSignal
}

export interface SimulateOutput {
  /** Results, one line each. */
  readonly out: (line: string) => void
  readonly progress: ProgressOutput
}

/** What `prahari simulate --help` says of the scenarios. */
export const scenarioHelp: readonly string[] = scenarios.map(({ id, summary }) => `  ${id.padEnd(10)} ${summary}`)

const ledgerSettlesWithinMs = 15_000

/**
 * Runs a scenario against a server, prints its progress, and at the end holds every device's readings against the
 * server's ledger.
 * @returns the exit code: 0 when every device matches, 1 when one does not
 * @throws AppError `bad-option`, `server-unreachable`, `mqtt-refused`, or what the server answered
 */
export async function simulate(options: SimulateOptions, output: SimulateOutput): Promise<0 | 1> {
  const { seed, durationS, signal } = options
  const found = findScenario(options.scenario)
  if (!found) {
    const known = scenarios.map(({ id }) => id).join(', ')
    throw new AppError('invalid', 'bad-option', `there is no scenario "${options.scenario}"; there are ${known}`)
  }
  const scenario =
    options.window !== undefined && found.pace.type === 'as-acknowledged'
      ? { ...found, pace: { ...found.pace, window: options.window } }
      : found
  const api = createCityApi({ url: options.apiUrl, email: options.email, password: options.password })
  const fleet = createSimulatedFleet({ count: options.devices, seed })
  const credentials = options.openEnrolment
    ? new Map<string, string>()
    : await api.provision(fleet.map(({ input }) => input))
  const before = await api.ledger()

  const progress = createProgressLine(output.progress)
  const report = await runSimulation({
    url: options.mqttUrl,
    devices: fleet,
    credentials,
    scenario,
    seed,
    durationS,
    signal,
    onProgress: progress,
  }).finally(() => progress())

  const lines = await reconcileWhenSettled(api, report, before)
  for (const line of [...formatReconciliation(lines), '', summarise(report, lines)]) output.out(line)
  return lines.every(({ differences }) => differences.length === 0) ? 0 : 1
}

/** What was refused at the door reaches the ledger with the next batch, so a first look may be too early. */
async function reconcileWhenSettled(api: CityApi, report: SimulationReport, before: ReadonlyMap<string, LedgerCounts>) {
  const untilMs = performance.now() + ledgerSettlesWithinMs
  while (true) {
    const lines = reconcile({ reports: report.devices, before, after: await api.ledger() })
    const isSettled = lines.every(({ differences }) => differences.length === 0)
    if (isSettled || performance.now() > untilMs) return lines
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

function summarise({ scenario, seed, tookS, devices }: SimulationReport, lines: readonly ReconciledLine[]): string {
  const acknowledged = devices.reduce((sum, device) => sum + device.acknowledged, 0)
  const received = lines.reduce((sum, line) => sum + line.counted.received, 0)
  const differing = lines.filter(({ differences }) => differences.length > 0).length
  const verdict =
    differing === 0
      ? 'every device matches the ledger'
      : `${differing} of ${lines.length} devices differ from the ledger`
  return `${scenario}, seed ${seed}: ${acknowledged} publishes acknowledged in ${tookS.toFixed(1)} s, ${received} readings in the ledger; ${verdict}.`
}
