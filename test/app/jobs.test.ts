import { describe, expect, it, vi } from 'vitest'
import { createJobs, type Job } from '../../app/jobs.ts'

const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
const now = () => 1_763_700_000_000

function aJob(run: Job['run']): Job {
  return { name: 'roll-up', schedule: '*/5 * * * *', run }
}

/** A promise settled from outside. */
function gate() {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open: () => open() }
}

describe('jobs', () => {
  it('runs when the clock says so, and records the run', async () => {
    vi.useFakeTimers({ now: Date.parse('2026-01-01T00:00:30Z') })
    try {
      const seen: number[] = []
      const jobs = createJobs({ jobs: [aJob(async (nowMs) => ({ seen: seen.push(nowMs) }))], now: Date.now, log })
      await jobs.start()
      await vi.advanceTimersByTimeAsync(10 * 60_000)
      await jobs.stop()
      expect(seen.map((atMs) => new Date(atMs).toISOString().slice(11, 16))).toEqual(['00:05', '00:10'])
      expect(jobs.records()).toMatchObject([{ name: 'roll-up', runs: 2, failures: 0, lastOutcome: 'ok' }])
      await vi.advanceTimersByTimeAsync(10 * 60_000)
      expect(seen).toHaveLength(2)
    } finally {
      vi.useRealTimers()
    }
  })

  it('never runs twice at once, and counts the time it was due in vain', async () => {
    const { opened, open } = gate()
    let starts = 0
    const job = aJob(async () => {
      starts++
      await opened
      return {}
    })
    const jobs = createJobs({ jobs: [job], now, log })
    const first = jobs.runNow('roll-up')
    expect(await jobs.runNow('roll-up')).toBe(false)
    open()
    expect(await first).toBe(true)
    expect(starts).toBe(1)
    expect(jobs.records()).toMatchObject([{ runs: 1, overlaps: 1 }])
    expect(await jobs.runNow('roll-up')).toBe(true)
  })

  it('records a failure and runs again the next time', async () => {
    const jobs = createJobs({ jobs: [aJob(() => Promise.reject(new Error('disk full')))], now, log })
    await jobs.runNow('roll-up')
    await jobs.runNow('roll-up')
    expect(jobs.records()).toMatchObject([{ runs: 2, failures: 2, lastOutcome: 'failed', lastStartedAtMs: now() }])
  })

  it('waits for what is running before it has stopped', async () => {
    const { opened, open } = gate()
    const events: string[] = []
    const job = aJob(() => opened.then(() => ({ events: events.push('done') })))
    const jobs = createJobs({ jobs: [job], now, log })
    await jobs.start()
    const running = jobs.runNow('roll-up')
    const stopped = jobs.stop().then(() => events.push('stopped'))
    open()
    await Promise.all([running, stopped])
    expect(events).toEqual(['done', 'stopped'])
  })
})
