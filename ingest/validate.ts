import { fieldNames, type Kind } from '../contracts/kinds/kind.ts'
import type { QuarantineReason } from '../contracts/reading.ts'

/**
 * The check of one kind's values, made once from its descriptor: the same ranges as `fieldValuesSchema`, without
 * the allocations, because it runs for every reading. Writes into `values`, one slot per field, NaN where absent.
 */
export interface ValueCheck {
  readonly names: readonly string[]
  /** @returns undefined when the values are good, else why not; the field at fault is in `faultyField` */
  check(candidate: Record<string, unknown>, values: Float64Array): QuarantineReason | undefined
  readonly faultyField: string | undefined
  /** Fields present after a check that passed. */
  readonly presentCount: number
}

export function createValueCheck(kind: Kind): ValueCheck {
  const names = fieldNames(kind)
  const low = Float64Array.from(names, (name) => kind.fields[name]!.min)
  const high = Float64Array.from(names, (name) => kind.fields[name]!.max)
  let faultyField: string | undefined
  let presentCount = 0
  return {
    names,
    get faultyField() {
      return faultyField
    },
    get presentCount() {
      return presentCount
    },
    check(candidate, values) {
      faultyField = undefined
      presentCount = 0
      for (let f = 0; f < names.length; f++) {
        const name = names[f]!
        const value = candidate[name]
        if (value === undefined) {
          values[f] = Number.NaN
          continue
        }
        if (typeof value !== 'number') {
          faultyField = name
          return 'not-a-number'
        }
        if (!(value >= low[f]! && value <= high[f]!)) {
          faultyField = name
          return 'out-of-range'
        }
        values[f] = value
        presentCount++
      }
      return presentCount === 0 ? 'no-known-field' : undefined
    },
  }
}
