/** What became of a job that is done by the clock, since start. */
export interface JobRecord {
  readonly name: string
  /** Five cron fields, in UTC. */
  readonly schedule: string
  readonly runs: number
  readonly failures: number
  /** Times it was due while it was still running. */
  readonly overlaps: number
  readonly lastStartedAtMs: number | undefined
  readonly lastDurationMs: number | undefined
  readonly lastOutcome: 'ok' | 'failed' | undefined
}

export interface JobRecords {
  records(): readonly JobRecord[]
}
