import type { ReadingColumns } from '../contracts/ports/time-series.ts'
import type { AcceptedReading } from './source.ts'

/** Readings of one kind on their way into a batch; grows by doubling and is used again after its batch. */
export interface ColumnBuilder {
  readonly kindId: string
  readonly count: number
  add(deviceNo: number, reading: AcceptedReading): void
  /** The columns themselves, not a copy: valid until `clear`. */
  columns(): ReadingColumns
  clear(): void
}

export function createColumnBuilder(kindId: string, fieldCount: number, capacityStart = 2048): ColumnBuilder {
  let capacity = capacityStart
  let count = 0
  let deviceNo = new Int32Array(capacity)
  let observedAtMs = new Float64Array(capacity)
  let receivedAtMs = new Float64Array(capacity)
  let seq = new Float64Array(capacity)
  let flags = new Uint8Array(capacity)
  let fields = Array.from({ length: fieldCount }, () => new Float64Array(capacity))

  function grow(): void {
    capacity *= 2
    const widen = <T extends Int32Array | Float64Array | Uint8Array>(old: T, wide: T): T => {
      wide.set(old)
      return wide
    }
    deviceNo = widen(deviceNo, new Int32Array(capacity))
    observedAtMs = widen(observedAtMs, new Float64Array(capacity))
    receivedAtMs = widen(receivedAtMs, new Float64Array(capacity))
    seq = widen(seq, new Float64Array(capacity))
    flags = widen(flags, new Uint8Array(capacity))
    fields = fields.map((column) => widen(column, new Float64Array(capacity)))
  }

  return {
    kindId,
    get count() {
      return count
    },
    add(device, reading) {
      if (count === capacity) grow()
      deviceNo[count] = device
      observedAtMs[count] = reading.observedAtMs
      receivedAtMs[count] = reading.receivedAtMs
      seq[count] = reading.seq
      flags[count] = reading.flags
      for (let f = 0; f < fieldCount; f++) fields[f]![count] = reading.values[f]!
      count++
    },
    columns: () => ({ kind: kindId, count, deviceNo, observedAtMs, receivedAtMs, seq, flags, fields }),
    clear() {
      count = 0
    },
  }
}
