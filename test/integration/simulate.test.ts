import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { admin, findFreePorts, type ServerProcess, startServer } from '../../bench/server-process.ts'
import { simulate } from '../../devices/index.ts'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e6))

describe(`simulated fleets against a real server (SEED=${seed})`, () => {
  let directory: string
  let server: ServerProcess

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'prahari-simulate-'))
    server = await startServer({ dataDir: join(directory, 'data'), ports: await findFreePorts() })
  })
  afterAll(async () => {
    await server?.stop()
    await rm(directory, { recursive: true, force: true })
  })

  const run = async (scenario: string, fleetSeed: number) => {
    const lines: string[] = []
    const code = await simulate(
      {
        scenario,
        mqttUrl: `mqtt://127.0.0.1:${server.mqttPort}`,
        apiUrl: server.origin,
        ...admin,
        devices: 12,
        seed: fleetSeed,
        durationS: 3,
      },
      { out: (line) => lines.push(line), progress: { isTerminal: false, write: () => undefined } },
    )
    return { code, report: lines.join('\n') }
  }

  it.each(['calm', 'rush-hour', 'flood', 'hostile'])('"%s" is accounted for to the last reading', async (scenario) => {
    const { code, report } = await run(scenario, seed)
    expect(report).toContain('every device matches the ledger')
    expect(code).toBe(0)
  })

  it('runs again with the same devices, which then have new secrets', async () => {
    expect((await run('hostile', seed)).code).toBe(0)
  })

  it('names the scenarios when there is none of that name', async () => {
    await expect(run('earthquake', seed)).rejects.toMatchObject({
      code: 'bad-option',
      message: expect.stringContaining('hostile'),
    })
  })
})
