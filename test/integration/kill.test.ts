import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runKillRounds } from '../../bench/kill.ts'
import { type LoadGenerator, startLoadGenerator } from '../../devices/load/load-generator.ts'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e6))

describe(`a server killed under full load (SEED=${seed})`, () => {
  let directory: string
  let load: LoadGenerator

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'prahari-kill-'))
    load = startLoadGenerator()
  })
  afterAll(async () => {
    await load.stop()
    await rm(directory, { recursive: true, force: true })
  })

  it('has every acknowledged reading once, and a ledger that adds up', async () => {
    const lines: string[] = []
    const report = await runKillRounds({
      load,
      dataDir: join(directory, 'data'),
      rounds: 2,
      seed,
      connections: 10,
      window: 50,
      killAfterMs: { min: 100, max: 600 },
      say: (line) => lines.push(line),
    })
    expect(report.faults, lines.join('\n')).toEqual([])
    expect(report).toMatchObject({ lost: 0, doubled: 0, foreign: 0, isBalanced: true })
    // Otherwise nothing was under load, and nothing was proven.
    expect(report.acknowledged).toBeGreaterThan(100)
    expect(report.resent).toBeGreaterThan(0)
  }, 180_000)
})
