import type { DuckDBConnection } from '@duckdb/node-api'
import { fieldNames, type Kind } from '../../contracts/kinds/kind.ts'

/**
 * One table per kind, a column per field, no indexes: an index costs every append and the sorted arrival of time
 * already lets DuckDB skip what a query does not need. Uniqueness is the pipeline's (see ingest/sources.ts).
 */
export function readingTable(kindId: string): string {
  return `reading_${kindId.replaceAll('-', '_')}`
}

/** Column names are field names from our own registry, never from a client; quoting keeps their case. */
export function column(fieldName: string): string {
  return `"${fieldName}"`
}

const fixedTables = [
  'CREATE TABLE IF NOT EXISTS device (no INTEGER NOT NULL, id VARCHAR NOT NULL)',
  `CREATE TABLE IF NOT EXISTS quarantine (
     id BIGINT NOT NULL, device_id VARCHAR NOT NULL, topic VARCHAR NOT NULL, reason VARCHAR NOT NULL, field VARCHAR,
     received_ms BIGINT NOT NULL, payload BLOB NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS ledger_delta (
     batch_no BIGINT NOT NULL, device_no INTEGER NOT NULL,
     duplicate INTEGER NOT NULL, quarantined INTEGER NOT NULL, rejected INTEGER NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS transition_outbox (
     batch_no BIGINT NOT NULL, ordinal INTEGER NOT NULL, transition VARCHAR NOT NULL)`,
  // One row: the newest snapshot of the pipeline, and the batch it was taken with.
  'CREATE TABLE IF NOT EXISTS snapshot (batch_no BIGINT NOT NULL, body VARCHAR NOT NULL)',
  // One row per kind: roll-ups hold every reading up to this batch.
  'CREATE TABLE IF NOT EXISTS rollup_mark (kind VARCHAR NOT NULL, batch_no BIGINT NOT NULL)',
  `CREATE TABLE IF NOT EXISTS rollup_hour (
     kind VARCHAR NOT NULL, field VARCHAR NOT NULL, device_no INTEGER NOT NULL, hour_ms BIGINT NOT NULL,
     n BIGINT NOT NULL, total DOUBLE NOT NULL, low DOUBLE NOT NULL, high DOUBLE NOT NULL)`,
]

/** Creates what is missing: tables of a new kind, columns of a new field. Columns are never dropped. */
export async function ensureSchema(connection: DuckDBConnection, kinds: readonly Kind[]): Promise<void> {
  for (const statement of fixedTables) await connection.run(statement)
  for (const kind of kinds) {
    const table = readingTable(kind.id)
    await connection.run(
      `CREATE TABLE IF NOT EXISTS ${table} (
         device_no INTEGER NOT NULL, observed_ms BIGINT NOT NULL, received_ms BIGINT NOT NULL, seq BIGINT NOT NULL,
         batch_no BIGINT NOT NULL, flags UTINYINT NOT NULL)`,
    )
    for (const name of fieldNames(kind)) {
      await connection.run(`ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS ${column(name)} DOUBLE`)
    }
  }
}
