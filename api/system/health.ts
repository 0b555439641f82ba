import type { Health, ServiceState } from '../../contracts/http/system.ts'
import type { ApiDeps } from '../deps.ts'
import { toTime } from '../http/inputs.ts'

const answerKeptMs = 1000
const checkMsMax = 2000

/** The longest a healthy pipeline leaves its newest batch unstored. */
const ingestLagMsMax = 10_000

type Checks = Readonly<Record<string, () => Promise<ServiceState> | ServiceState | 'elsewhere'>>

/** Without these nothing durable can be promised. */
const vital = ['database', 'timeSeries'] as const

export interface HealthCheck {
  read(): Promise<Health>
  /** Stops being ready while the house is closing, so that traffic goes elsewhere first. */
  setAccepting(accepting: boolean): void
}

export type HealthDeps = Pick<ApiDeps, 'records' | 'readings' | 'ingest' | 'broker' | 'now' | 'log'> & {
  readonly version: string
}

/**
 * Asks every part whether it works. A part that throws, hangs or says no makes the answer worse, never fails it.
 * Probes come without a token, so the answer is kept for a second: they cannot load the stores.
 */
export function createHealthCheck(deps: HealthDeps): HealthCheck {
  const { records, readings, ingest, broker, now, log } = deps
  const startedAtMs = now()
  let accepting = false
  let kept: { readonly atMs: number; readonly services: Promise<Health['services']> } | undefined

  const checks: Checks = {
    database: async () => ((await records.isHealthy()) ? 'ok' : 'down'),
    timeSeries: async () => ((await readings.stats()).healthy ? 'ok' : 'down'),
    ingest: () => (ingest.stats().pendingCount > 0 && ingest.stats().lagMs > ingestLagMsMax ? 'degraded' : 'ok'),
    broker: () => {
      if (broker === undefined) return 'elsewhere'
      broker.stats()
      return 'ok'
    },
  }

  async function askAll(): Promise<Health['services']> {
    const answers = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => [name, await ask(name, check)]),
    )
    return Object.fromEntries(answers)
  }

  async function ask(name: string, check: Checks[string]): Promise<ServiceState | 'elsewhere'> {
    try {
      return await withDeadline(Promise.resolve(check()))
    } catch (error) {
      log.warn({ err: error, service: name }, 'health check failed')
      return 'down'
    }
  }

  return {
    async read() {
      if (kept === undefined || now() - kept.atMs >= answerKeptMs) kept = { atMs: now(), services: askAll() }
      const services = await kept.services
      const vitalAreUp = vital.every((name) => services[name] === 'ok')
      const allAreWell = Object.values(services).every((state) => state === 'ok' || state === 'elsewhere')
      return {
        status: !vitalAreUp ? 'down' : allAreWell ? 'ok' : 'degraded',
        services,
        ready: accepting && vitalAreUp,
        version: deps.version,
        uptimeS: Math.max(0, Math.round((now() - startedAtMs) / 1000)),
        at: toTime(now()),
      }
    },
    setAccepting(value) {
      accepting = value
    },
  }
}

async function withDeadline<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${checkMsMax} ms`)), checkMsMax)
  })
  try {
    return await Promise.race([work, deadline])
  } finally {
    clearTimeout(timer)
  }
}
