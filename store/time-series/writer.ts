import { BIGINT, type DuckDBAppender, type DuckDBConnection, DuckDBDataChunk, INTEGER } from '@duckdb/node-api'
import duckdb from '@duckdb/node-bindings'
import type { RuleTransition } from '../../contracts/alert.ts'
import { fieldNames, type Kind } from '../../contracts/kinds/kind.ts'
import type { ReadingColumns, Recovered, TimeSeriesWriter, WriteBatch } from '../../contracts/ports/time-series.ts'
import { type ChunkWriter, createChunkWriter } from './chunk-writer.ts'
import type { CommitObserver } from './dirty-hours.ts'
import { column, readingTable } from './schema.ts'

export interface DuckDbWriterDeps {
  readonly connection: DuckDBConnection
  readonly kinds: readonly Kind[]
  readonly onCommitted: CommitObserver
}

/** After a failed commit they are made anew. */
interface Appenders {
  readonly readings: ReadonlyMap<string, ChunkWriter>
  readonly quarantine: DuckDBAppender
  readonly ledger: DuckDBAppender
  readonly outbox: DuckDBAppender
  readonly device: DuckDBAppender
}

export function createDuckDbWriter({ connection, kinds, onCommitted }: DuckDbWriterDeps): TimeSeriesWriter {
  let appenders: Appenders | undefined
  let isInTransaction = false

  async function openAppenders(): Promise<Appenders> {
    const readings = new Map<string, ChunkWriter>()
    for (const kind of kinds) readings.set(kind.id, await createChunkWriter(connection, kind))
    return {
      readings,
      quarantine: await connection.createAppender('quarantine'),
      ledger: await connection.createAppender('ledger_delta'),
      outbox: await connection.createAppender('transition_outbox'),
      device: await connection.createAppender('device'),
    }
  }

  async function commit(batch: WriteBatch): Promise<void> {
    appenders ??= await openAppenders()
    const alone = loneColumns(batch)
    if (alone) {
      // One append is a transaction by itself; without BEGIN and COMMIT, each a trip to another thread, it takes half
      // the time, which is what a sender with a small window waits for.
      appenders.readings.get(alone.kind)!.append(alone, batch.batchNo)
      onCommitted(batch)
      return
    }
    await connection.run('BEGIN TRANSACTION')
    isInTransaction = true
    appendBatch(appenders, batch)
    if (batch.quarantineLeft.length > 0) {
      await connection.run(`DELETE FROM quarantine WHERE id IN (${batch.quarantineLeft.map(Number).join(',')})`)
    }
    if (batch.snapshot) await replaceSnapshot(batch.batchNo, batch.snapshot)
    await connection.run('COMMIT')
    isInTransaction = false
    onCommitted(batch)
  }

  async function replaceSnapshot(batchNo: number, snapshot: NonNullable<WriteBatch['snapshot']>): Promise<void> {
    await connection.run('DELETE FROM snapshot')
    await connection.run('INSERT INTO snapshot VALUES ($1, $2)', [BigInt(batchNo), snapshot.body])
    await connection.run('DELETE FROM ledger_delta WHERE batch_no <= $1', [BigInt(batchNo)])
    await connection.run('DELETE FROM transition_outbox WHERE batch_no <= $1', [BigInt(snapshot.transitionsAppliedTo)])
  }

  /** An appender holds on to rows it could not flush, and flushes them when it is collected as garbage. */
  function discardAppenders(): void {
    if (!appenders) return
    const { readings, ...others } = appenders
    for (const chunkWriter of readings.values()) chunkWriter.discard()
    for (const appender of Object.values(others)) appender.clear()
    appenders = undefined
  }

  async function recover(): Promise<Recovered> {
    discardAppenders()
    if (isInTransaction) {
      // The commit may itself have ended the transaction; then there is nothing to roll back.
      await connection.run('ROLLBACK').catch(() => undefined)
      isInTransaction = false
    }
    const rows = async (sql: string) => (await connection.runAndReadAll(sql)).getRowObjectsJS()
    const [saved] = await rows('SELECT batch_no::DOUBLE AS batch_no, body FROM snapshot')
    const mark = saved ? Number(saved.batch_no) : 0
    const maxima = kinds.map(
      (kind) => `SELECT max(batch_no) AS b FROM ${readingTable(kind.id)} WHERE batch_no > ${mark}`,
    )
    maxima.push(`SELECT max(batch_no) FROM ledger_delta`, `SELECT max(batch_no) FROM transition_outbox`)
    const [newest] = await rows(`SELECT coalesce(max(b), ${mark})::DOUBLE AS b FROM (${maxima.join(' UNION ALL ')})`)
    const [quarantine] = await rows('SELECT coalesce(max(id), 0)::DOUBLE AS id FROM quarantine')
    const outbox = await rows(
      'SELECT batch_no::DOUBLE AS batch_no, transition FROM transition_outbox ORDER BY batch_no, ordinal',
    )
    return {
      devices: (await rows('SELECT no, id FROM device ORDER BY no')).map((row) => ({
        no: Number(row.no),
        id: String(row.id),
      })),
      snapshot: saved ? String(saved.body) : undefined,
      batchNoMax: Number(newest!.b),
      quarantineIdMax: Number(quarantine!.id),
      ledger: (
        await rows(
          `SELECT device_no, sum(duplicate)::DOUBLE AS duplicate, sum(quarantined)::DOUBLE AS quarantined,
                  sum(rejected)::DOUBLE AS rejected
           FROM ledger_delta WHERE batch_no > ${mark} GROUP BY device_no`,
        )
      ).map((row) => ({
        deviceNo: Number(row.device_no),
        duplicate: Number(row.duplicate),
        quarantined: Number(row.quarantined),
        rejected: Number(row.rejected),
      })),
      transitions: outbox.map((row) => ({
        batchNo: Number(row.batch_no),
        transition: JSON.parse(String(row.transition)) as RuleTransition,
      })),
      readings: readAfter(connection, kinds, mark),
    }
  }

  return { commit, recover, findStored: (keys) => findStored(connection, keys) }
}

/** Beyond this many rows an appender flushes on its own, and a batch would be more than one transaction. */
const loneRowsMax = 100_000

/** @returns the readings of a batch that is nothing but readings of one kind */
function loneColumns(batch: WriteBatch): ReadingColumns | undefined {
  const { readings, newDevices, quarantine, quarantineLeft, ledger, transitions, snapshot } = batch
  const others = newDevices.length + quarantine.length + quarantineLeft.length + ledger.length + transitions.length
  const [columns] = readings
  return readings.length === 1 && others === 0 && !snapshot && columns!.count <= loneRowsMax ? columns : undefined
}

function appendBatch(appenders: Appenders, batch: WriteBatch): void {
  for (const columns of batch.readings) {
    if (columns.count > 0) appenders.readings.get(columns.kind)!.append(columns, batch.batchNo)
  }
  if (batch.newDevices.length > 0) {
    for (const device of batch.newDevices) {
      appenders.device.appendInteger(device.no)
      appenders.device.appendVarchar(device.id)
      appenders.device.endRow()
    }
    appenders.device.flushSync()
  }
  if (batch.quarantine.length > 0) {
    const to = appenders.quarantine
    for (const entry of batch.quarantine) {
      to.appendBigInt(BigInt(entry.id))
      to.appendVarchar(entry.deviceId)
      to.appendVarchar(entry.topic)
      to.appendVarchar(entry.reason)
      if (entry.field === undefined) to.appendNull()
      else to.appendVarchar(entry.field)
      to.appendBigInt(BigInt(entry.receivedAtMs))
      to.appendBlob(entry.payload)
      to.endRow()
    }
    to.flushSync()
  }
  if (batch.ledger.length > 0) {
    for (const delta of batch.ledger) {
      appenders.ledger.appendBigInt(BigInt(batch.batchNo))
      appenders.ledger.appendInteger(delta.deviceNo)
      appenders.ledger.appendInteger(delta.duplicate)
      appenders.ledger.appendInteger(delta.quarantined)
      appenders.ledger.appendInteger(delta.rejected)
      appenders.ledger.endRow()
    }
    appenders.ledger.flushSync()
  }
  if (batch.transitions.length > 0) {
    batch.transitions.forEach((transition, ordinal) => {
      appenders.outbox.appendBigInt(BigInt(batch.batchNo))
      appenders.outbox.appendInteger(ordinal)
      appenders.outbox.appendVarchar(JSON.stringify(transition))
      appenders.outbox.endRow()
    })
    appenders.outbox.flushSync()
  }
}

/** Readings after a batch, kind by kind, in the order they were stored. */
async function* readAfter(
  connection: DuckDBConnection,
  kinds: readonly Kind[],
  batchNo: number,
): AsyncGenerator<ReadingColumns> {
  for (const kind of kinds) {
    const names = fieldNames(kind)
    // Absent fields come back as NaN, as they went in.
    const fields = names.map((name) => `coalesce(${column(name)}, 'NaN'::DOUBLE)`)
    const result = await connection.stream(
      `SELECT device_no, observed_ms::DOUBLE, received_ms::DOUBLE, seq::DOUBLE, flags, ${fields.join(', ')}
       FROM ${readingTable(kind.id)} WHERE batch_no > ${batchNo} ORDER BY batch_no, rowid`,
    )
    for await (const chunk of result) {
      if (chunk.rowCount === 0) continue
      const [deviceNo, observedAtMs, receivedAtMs, seq, flags, ...values] = chunk.getColumns() as number[][]
      yield {
        kind: kind.id,
        count: chunk.rowCount,
        deviceNo: Int32Array.from(deviceNo!),
        observedAtMs: Float64Array.from(observedAtMs!),
        receivedAtMs: Float64Array.from(receivedAtMs!),
        seq: Float64Array.from(seq!),
        flags: Uint8Array.from(flags!),
        fields: values.map((column) => Float64Array.from(column)),
      }
    }
  }
}

type StoredKeys = Parameters<TimeSeriesWriter['findStored']>[0]

async function findStored(connection: DuckDBConnection, keys: StoredKeys): Promise<Uint8Array> {
  const found = new Uint8Array(keys.count)
  if (keys.count === 0) return found
  await connection.run(
    'CREATE TEMP TABLE IF NOT EXISTS probe (row_no INTEGER, device_no INTEGER, observed_ms BIGINT, seq BIGINT)',
  )
  const appender = await connection.createAppender('probe')
  for (let from = 0; from < keys.count; from += 2048) {
    const rows = Math.min(2048, keys.count - from)
    const chunk = DuckDBDataChunk.create([INTEGER, INTEGER, BIGINT, BIGINT], rows)
    const rowNo = Int32Array.from({ length: rows }, (_, i) => from + i)
    const int64 = (source: Float64Array) => BigInt64Array.from(source.subarray(from, from + rows), (v) => BigInt(v))
    const columns = [rowNo, keys.deviceNo.slice(from, from + rows), int64(keys.observedAtMs), int64(keys.seq)]
    columns.forEach((bytes, at) => {
      duckdb.copy_data_to_vector(duckdb.data_chunk_get_vector(chunk.chunk, at), 0, bytes.buffer, 0, bytes.byteLength)
    })
    appender.appendDataChunk(chunk)
  }
  appender.closeSync()
  // The range on time lets DuckDB skip the row groups that cannot hold any of the keys.
  const times = keys.observedAtMs.subarray(0, keys.count)
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const time of times) {
    if (time < low) low = time
    if (time > high) high = time
  }
  const result = await connection.runAndReadAll(
    `SELECT DISTINCT probe.row_no FROM probe JOIN ${readingTable(keys.kind)} AS r
       ON r.device_no = probe.device_no AND r.observed_ms = probe.observed_ms AND r.seq = probe.seq
     WHERE r.observed_ms BETWEEN ${low} AND ${high}`,
  )
  for (const [rowNo] of result.getRows()) found[Number(rowNo)] = 1
  await connection.run('TRUNCATE probe')
  return found
}
