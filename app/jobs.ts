import cron from 'node-cron'
import type { JobRecord, JobRecords } from '../contracts/ports/jobs.ts'
import type { Service } from '../contracts/service.ts'
import type { Log } from './log.ts'

export interface Job {
  readonly name: string
  /** Five cron fields, in UTC. */
  readonly schedule: string
  /** @returns figures worth a log line */
  readonly run: (nowMs: number) => Promise<Readonly<Record<string, unknown>>>
}

export interface JobsDeps {
  readonly jobs: readonly Job[]
  readonly now: () => number
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>
}

export interface Jobs extends Service, JobRecords {
  /**
   * Runs a job now. One that is running already is not started a second time.
   * @returns whether it ran
   */
  runNow(name: string): Promise<boolean>
}

/** Work done by the clock: each run is recorded, a job never runs twice at once, and a stop waits for what is running. */
export function createJobs({ jobs, now, log }: JobsDeps): Jobs {
  const states = new Map(
    jobs.map((job) => [job.name, { job, record: emptyRecord(job), running: undefined as Promise<void> | undefined }]),
  )
  let tasks: { destroy(): void | Promise<void> }[] = []

  async function runNow(name: string): Promise<boolean> {
    const state = states.get(name)
    if (!state) throw new RangeError(`there is no job ${name}`)
    if (state.running) {
      state.record = { ...state.record, overlaps: state.record.overlaps + 1 }
      log.warn({ job: name }, 'job is due but still running')
      return false
    }
    state.running = run(state)
    await state.running
    return true
  }

  async function run(state: {
    readonly job: Job
    record: JobRecord
    running: Promise<void> | undefined
  }): Promise<void> {
    const startedAtMs = now()
    let outcome: 'ok' | 'failed' = 'ok'
    try {
      const figures = await state.job.run(startedAtMs)
      log.info({ job: state.job.name, durationMs: now() - startedAtMs, ...figures }, 'job done')
    } catch (error) {
      outcome = 'failed'
      log.error({ err: error, job: state.job.name }, 'job failed')
    }
    state.record = {
      ...state.record,
      runs: state.record.runs + 1,
      failures: state.record.failures + (outcome === 'failed' ? 1 : 0),
      lastStartedAtMs: startedAtMs,
      lastDurationMs: now() - startedAtMs,
      lastOutcome: outcome,
    }
    state.running = undefined
  }

  return {
    name: 'jobs',
    async start() {
      tasks = jobs.map((job) =>
        cron.schedule(job.schedule, () => runNow(job.name), {
          name: job.name,
          timezone: 'UTC',
          suppressMissedWarning: true,
        }),
      )
    },
    async stop() {
      await Promise.all(tasks.map((task) => task.destroy()))
      tasks = []
      await Promise.all([...states.values()].map((state) => state.running))
    },
    records: () => [...states.values()].map((state) => state.record),
    runNow,
  }
}

function emptyRecord({ name, schedule }: Job): JobRecord {
  return {
    name,
    schedule,
    runs: 0,
    failures: 0,
    overlaps: 0,
    lastStartedAtMs: undefined,
    lastDurationMs: undefined,
    lastOutcome: undefined,
  }
}
