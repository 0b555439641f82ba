import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { layOut } from '../app/data-dir.ts'
import type { LoadGenerator } from '../devices/load/load-generator.ts'
import { sequenceInReading } from '../devices/load/publish-packets.ts'
import { between, createRandom } from '../devices/random.ts'
import type { LedgerCounts } from '../devices/simulator/reconciliation.ts'
import { openDuckDbStore } from '../store/index.ts'
import type { Bench } from './bench.ts'
import { loadDevices } from './load-devices.ts'
import { findFreePorts, type ServerProcess, startServer } from './server-process.ts'

export interface KillOptions {
  readonly load: LoadGenerator
  /** Made anew. */
  readonly dataDir: string
  readonly rounds: number
  readonly seed: number
  readonly connections: number
  readonly window: number
  /** The kill comes at a random moment between these, under full load. */
  readonly killAfterMs: { readonly min: number; readonly max: number }
  readonly say: (line: string) => void
}

export interface KillReport {
  readonly rounds: number
  readonly acknowledged: number
  /** Publishes that a kill left unacknowledged and that were sent again. */
  readonly resent: number
  /** Acknowledged readings that are not in the store. */
  readonly lost: number
  /** Readings that are in the store more than once. */
  readonly doubled: number
  /** Readings in the store that were never sent. */
  readonly foreign: number
  readonly ledger: LedgerCounts
  /** Whether received = stored + duplicate + quarantined + rejected, for every device. */
  readonly isBalanced: boolean
  /** What is wrong, in words; empty when nothing is. */
  readonly faults: readonly string[]
}

/**
 * Loads a real server at full speed, kills it with SIGKILL at a random moment, starts it again on the same data and
 * sends again what was not acknowledged; so many times. Then stops it, opens the store and looks for every reading.
 */
export async function runKillRounds(options: KillOptions): Promise<KillReport> {
  const { load, dataDir, rounds, seed, connections, window, killAfterMs, say } = options
  const random = createRandom(seed, 'kill')
  const ports = await findFreePorts()
  await rm(dataDir, { recursive: true, force: true })
  await load.create({ host: '127.0.0.1', port: ports.mqtt, window, devices: loadDevices('kill', connections) })
  let server: ServerProcess = await startServer({ dataDir, ports })
  try {
    for (let round = 1; round <= rounds; round++) {
      await load.open()
      await load.start({ type: 'flood' })
      await new Promise((resolve) => setTimeout(resolve, between(random, killAfterMs.min, killAfterMs.max)))
      await server.kill()
      await load.pause()
      await load.whenDown()
      const { sent, acknowledged } = await load.counts()
      say(
        `kill ${round} of ${rounds}: ${acknowledged} acknowledged so far, ${sent - acknowledged} on the way when it died`,
      )
      server = await startServer({ dataDir, ports })
    }
    await load.open()
    const open = await load.drain(60_000)
    const counts = await load.counts()
    const progress = await load.progress()
    const ledger = await server.api.ledger()
    await server.stop()
    say('looking for every reading in the store')
    const found = await findReadings(layOut(dataDir).timeSeriesPath, progress)
    await load.close()
    return judge({ rounds, open, counts, ledger, found })
  } catch (error) {
    await server.kill()
    throw error
  }
}

/** Looks for every sequence number of every device in a closed store: acknowledged ones must be there, none twice. */
export async function findReadings(
  path: string,
  progress: readonly { readonly deviceId: string; readonly sent: number; readonly acknowledged: number }[],
) {
  const store = await openDuckDbStore({ path })
  let [lost, doubled, foreign] = [0, 0, 0]
  try {
    for (const { deviceId, sent, acknowledged } of progress) {
      const copies = new Uint8Array(sent)
      const everything = { kind: 'air-quality', deviceIds: [deviceId], fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }
      for await (const rows of store.exportRows(everything)) {
        for (const { seq } of rows) {
          const sequence = (seq ?? -1) - sequenceInReading(0)
          if (sequence >= 0 && sequence < sent) copies[sequence]! += 1
          else foreign += 1
        }
      }
      for (let sequence = 0; sequence < sent; sequence++) {
        if (copies[sequence] === 0 && sequence < acknowledged) lost += 1
        if (copies[sequence]! > 1) doubled += 1
      }
    }
  } finally {
    await store.close()
  }
  return { lost, doubled, foreign }
}

function judge(result: {
  readonly rounds: number
  readonly open: number
  readonly counts: {
    readonly sent: number
    readonly acknowledged: number
    readonly resent: number
    readonly faults: number
  }
  readonly ledger: ReadonlyMap<string, LedgerCounts>
  readonly found: { readonly lost: number; readonly doubled: number; readonly foreign: number }
}): KillReport {
  const { rounds, open, counts, found } = result
  const lines = [...result.ledger.values()]
  const sum = (name: keyof LedgerCounts) => lines.reduce((total, line) => total + line[name], 0)
  const ledger: LedgerCounts = {
    received: sum('received'),
    stored: sum('stored'),
    duplicate: sum('duplicate'),
    quarantined: sum('quarantined'),
    rejected: sum('rejected'),
  }
  const isBalanced = lines.every(
    (line) => line.received === line.stored + line.duplicate + line.quarantined + line.rejected,
  )
  const faults = [
    [open > 0, `${open} publishes were never acknowledged`],
    [counts.faults > 0, `${counts.faults} acknowledgements were out of order`],
    [found.lost > 0, `${found.lost} acknowledged readings are lost`],
    [found.doubled > 0, `${found.doubled} readings are stored twice`],
    [found.foreign > 0, `${found.foreign} stored readings were never sent`],
    [!isBalanced, 'the ledger of a device does not add up'],
    [ledger.stored !== counts.sent, `the ledger has ${ledger.stored} readings stored, ${counts.sent} were sent`],
    [
      ledger.duplicate > counts.resent,
      `the ledger has ${ledger.duplicate} duplicates, only ${counts.resent} were sent again`,
    ],
    [ledger.quarantined + ledger.rejected > 0, 'good readings were quarantined or rejected'],
  ] as const
  return {
    rounds,
    acknowledged: counts.acknowledged,
    resent: counts.resent,
    ...found,
    ledger,
    isBalanced,
    faults: faults.flatMap(([isFault, words]) => (isFault ? [words] : [])),
  }
}

export const kill: Bench = {
  id: 'kill',
  title: 'kill -9 under full load: what was acknowledged is there, once',
  async run({ load, isQuick, workDir, seed, say }) {
    const rounds = isQuick ? 3 : 20
    const report = await runKillRounds({
      load,
      dataDir: join(workDir, 'kill'),
      rounds,
      seed,
      connections: 50,
      window: 100,
      killAfterMs: { min: 300, max: isQuick ? 1000 : 3000 },
      say,
    })
    for (const fault of report.faults) say(`FAULT: ${fault}`)
    if (report.faults.length === 0) await rm(join(workDir, 'kill'), { recursive: true, force: true })
    return [
      {
        what: `${rounds} kills at random moments`,
        measured: `${report.lost} lost, ${report.doubled} twice`,
        target: '0 lost, 0 stored twice, ledger adds up',
        isMet: report.faults.length === 0,
        figures: {
          acknowledged: report.acknowledged,
          resent: report.resent,
          'ledger received': report.ledger.received,
          stored: report.ledger.stored,
          duplicate: report.ledger.duplicate,
          quarantined: report.ledger.quarantined,
          rejected: report.ledger.rejected,
          'adds up': report.isBalanced ? 'yes' : 'NO',
        },
      },
    ]
  },
}
