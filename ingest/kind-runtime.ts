import { kinds } from '../contracts/kinds/index.ts'
import { fieldNames, type Kind } from '../contracts/kinds/kind.ts'
import { createValueCheck, type ValueCheck } from './validate.ts'

/** A kind made ready for the hot path. */
export interface KindRuntime {
  readonly kind: Kind
  /** Position in the registry, for lookups without a string. */
  readonly no: number
  readonly check: ValueCheck
  readonly fieldCount: number
  /** Where a candidate's values are read into; valid until the next one. */
  readonly values: Float64Array
}

export interface KindTable {
  readonly all: readonly KindRuntime[]
  find(kindId: string): KindRuntime | undefined
}

export function createKindTable(): KindTable {
  const all = kinds.map((kind, no): KindRuntime => {
    const fieldCount = fieldNames(kind).length
    return { kind, no, check: createValueCheck(kind), fieldCount, values: new Float64Array(fieldCount) }
  })
  const byId = new Map(all.map((runtime) => [runtime.kind.id, runtime]))
  return { all, find: (kindId) => byId.get(kindId) }
}
