import type { DuckDBConnection } from '@duckdb/node-api'
import { AppError } from '../../contracts/errors.ts'
import { fieldNames, type Kind } from '../../contracts/kinds/kind.ts'
import type { DirtyHours } from './dirty-hours.ts'

/** What every query needs: a connection of its own, the kinds, and device ids turned into numbers. */
export interface ReadContext {
  readonly connection: DuckDBConnection
  readonly kinds: readonly Kind[]
  readonly dirtyHours: DirtyHours
  /** All rows as plain values. */
  rows(sql: string): Promise<unknown[][]>
  deviceNo(deviceId: string): Promise<number | undefined>
  requireKind(kindId: string): Kind
  /** @throws AppError `unknown-field`; names that pass are safe to put into SQL */
  requireField(kind: Kind, name: string): void
}

export function createReadContext(
  connection: DuckDBConnection,
  kinds: readonly Kind[],
  dirtyHours: DirtyHours,
): ReadContext {
  const noById = new Map<string, number>()
  return {
    connection,
    kinds,
    dirtyHours,
    rows: async (sql) => (await connection.runAndReadAll(sql)).getRowsJS(),
    async deviceNo(deviceId) {
      const known = noById.get(deviceId)
      if (known !== undefined) return known
      const found = await connection.runAndReadAll('SELECT no FROM device WHERE id = $1', [deviceId])
      const no = found.getRows()[0]?.[0]
      if (no === undefined) return undefined
      noById.set(deviceId, Number(no))
      return Number(no)
    },
    requireKind(kindId) {
      const kind = kinds.find((candidate) => candidate.id === kindId)
      if (!kind) throw new AppError('not-found', 'unknown-kind', `no kind of reading is called "${kindId}"`)
      return kind
    },
    requireField(kind, name) {
      if (!fieldNames(kind).includes(name)) {
        throw new AppError('invalid', 'unknown-field', `${kind.id} has no field "${name}"`)
      }
    },
  }
}
