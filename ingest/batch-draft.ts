import type { RuleTransition } from '../contracts/alert.ts'
import type { QuarantineEntry, ReadingColumns, WriteBatch } from '../contracts/ports/time-series.ts'
import { type ColumnBuilder, createColumnBuilder } from './column-builder.ts'
import type { KindTable } from './kind-runtime.ts'
import type { Ledger } from './ledger.ts'
import type { AcceptedReading, Source } from './source.ts'

export interface Prepared {
  readonly batch: WriteBatch
  /** Gives the batch's columns back for use; call when the store is done with them. */
  release(): void
}

/** What the next batch will hold, while it is being gathered. */
export interface BatchDraft {
  addReading(source: Source, reading: AcceptedReading): void
  addQuarantine(entry: Omit<QuarantineEntry, 'id'>): void
  addTransition(transition: RuleTransition): void
  /** Readings of a kind gathered so far. */
  columns(kindNo: number): ReadingColumns
  seal(last: { quarantineLeft: readonly number[]; snapshot: WriteBatch['snapshot'] }): Prepared
  /** Starts over after `batchNo`, with nothing gathered. */
  reset(from: { batchNo: number; quarantineId: number }): void
  readonly hasTransitions: boolean
}

export function createBatchDraft({ kinds, ledger }: { kinds: KindTable; ledger: Ledger }): BatchDraft {
  const newBuilder = (no: number) => createColumnBuilder(kinds.all[no]!.kind.id, kinds.all[no]!.fieldCount)
  /** Per kind: the builder being filled, and those that have come back from a batch. */
  const filling = kinds.all.map(({ no }) => newBuilder(no))
  const spare: ColumnBuilder[][] = kinds.all.map(() => [])
  let transitions: RuleTransition[] = []
  let quarantine: QuarantineEntry[] = []
  let batchNo = 0
  let quarantineId = 0

  return {
    addReading(source, reading) {
      filling[source.kindNo]!.add(source.account.deviceNo, reading)
    },
    addQuarantine(entry) {
      quarantine.push({ id: ++quarantineId, ...entry })
    },
    addTransition(transition) {
      transitions.push(transition)
    },
    columns: (kindNo) => filling[kindNo]!.columns(),
    get hasTransitions() {
      return transitions.length > 0
    },
    seal({ quarantineLeft, snapshot }) {
      batchNo++
      const used: { no: number; builder: ColumnBuilder }[] = []
      for (const { no } of kinds.all) {
        const builder = filling[no]!
        if (builder.count === 0) continue
        used.push({ no, builder })
        filling[no] = spare[no]!.pop() ?? newBuilder(no)
      }
      const batch: WriteBatch = {
        batchNo,
        newDevices: ledger.takeNewDevices(),
        readings: used.map(({ builder }) => builder.columns()),
        quarantine,
        quarantineLeft,
        ledger: ledger.takeDeltas(),
        transitions,
        snapshot,
      }
      quarantine = []
      transitions = []
      return {
        batch,
        release() {
          for (const { no, builder } of used) {
            builder.clear()
            spare[no]!.push(builder)
          }
        },
      }
    },
    reset(from) {
      batchNo = from.batchNo
      quarantineId = from.quarantineId
      transitions = []
      quarantine = []
      for (const builder of filling) builder.clear()
    },
  }
}
