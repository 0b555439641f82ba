const remembered = 512

export interface CommitTimes {
  readonly batches: number
  readonly batchRowsLast: number
  readonly commitMsLast: number
  readonly commitMsP99: number
  readonly lagMs: number
}

/** How long the newest commits took. */
export function createCommitClock(): {
  note(commit: { rows: number; commitMs: number; lagMs: number }): void
  read(): CommitTimes
} {
  const commitMs = new Float64Array(remembered)
  let batches = 0
  let last = { rows: 0, commitMs: 0, lagMs: 0 }
  return {
    note(commit) {
      commitMs[batches % remembered] = commit.commitMs
      batches++
      last = commit
    },
    read() {
      const sorted = commitMs.slice(0, Math.min(batches, remembered)).sort()
      return {
        batches,
        batchRowsLast: last.rows,
        commitMsLast: last.commitMs,
        commitMsP99: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
        lagMs: last.lagMs,
      }
    },
  }
}
