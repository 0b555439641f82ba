import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findReadings } from '../../bench/kill.ts'
import { findKind } from '../../contracts/kinds/index.ts'
import { fieldNames } from '../../contracts/kinds/kind.ts'
import { sequenceInReading } from '../../devices/load/publish-packets.ts'
import { openDuckDbStore } from '../../store/index.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'prahari-find-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

/** A store that holds these sequence numbers of device `kill-0`. */
async function aStoreWith(sequences: readonly number[]): Promise<string> {
  const path = join(directory, 'time-series.duckdb')
  const store = await openDuckDbStore({ path })
  const count = sequences.length
  const { batchNoMax } = await store.recover()
  await store.commit({
    batchNo: batchNoMax + 1,
    newDevices: [{ no: 1, id: 'kill-0' }],
    readings: [
      {
        kind: 'air-quality',
        count,
        deviceNo: new Int32Array(count).fill(1),
        observedAtMs: Float64Array.from(sequences, (sequence) => 1_800_000_000_000 + sequence),
        receivedAtMs: new Float64Array(count).fill(1_800_000_000_000),
        seq: Float64Array.from(sequences, sequenceInReading),
        flags: new Uint8Array(count),
        fields: fieldNames(findKind('air-quality')!).map(() => new Float64Array(count).fill(1)),
      },
    ],
    quarantine: [],
    quarantineLeft: [],
    ledger: [],
    transitions: [],
    snapshot: undefined,
  })
  await store.close()
  return path
}

describe('looking for readings after a kill', () => {
  const progress = (sent: number, acknowledged: number) => [{ deviceId: 'kill-0', sent, acknowledged }]

  it.each([
    ['nothing wrong', [0, 1, 2, 3], 4, 4, { lost: 0, doubled: 0, foreign: 0 }],
    ['an acknowledged reading that is not there', [0, 1, 3], 4, 4, { lost: 1, doubled: 0, foreign: 0 }],
    ['an unacknowledged one that is not there either', [0, 1, 2], 4, 3, { lost: 0, doubled: 0, foreign: 0 }],
    ['a reading that is there twice', [0, 1, 1, 2, 3], 4, 4, { lost: 0, doubled: 1, foreign: 0 }],
    ['a reading that was never sent', [0, 1, 2, 3, 9], 4, 4, { lost: 0, doubled: 0, foreign: 1 }],
  ])('finds %s', async (_what, stored, sent, acknowledged, found) => {
    expect(await findReadings(await aStoreWith(stored), progress(sent, acknowledged))).toEqual(found)
  })
})
