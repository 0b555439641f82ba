import { stat } from 'node:fs/promises'
import { fieldNames } from '../../contracts/kinds/kind.ts'
import type { ExportQuery, ExportRow } from '../../contracts/ports/time-series.ts'
import type { ReadContext } from './read-context.ts'
import { column, readingTable } from './schema.ts'
import { deviceCondition, whole } from './series.ts'

async function exportCondition(context: ReadContext, query: ExportQuery): Promise<string | undefined> {
  const devices = await deviceCondition(context, query.deviceIds)
  if (devices === undefined) return undefined
  return `observed_ms >= ${whole(query.fromMs)} AND observed_ms < ${whole(query.toMs)} ${devices}`
}

/** Streams pages of at most 2,048 rows; DuckDB computes the next page only when it is asked for. */
export async function* exportRows(context: ReadContext, query: ExportQuery): AsyncGenerator<ExportRow[]> {
  const kind = context.requireKind(query.kind)
  const condition = await exportCondition(context, query)
  if (condition === undefined) return
  const names = fieldNames(kind)
  const result = await context.connection.stream(
    `SELECT device.id, observed_ms::DOUBLE, received_ms::DOUBLE, seq::DOUBLE, ${names.map(column).join(', ')}
     FROM ${readingTable(kind.id)} JOIN device ON device.no = device_no
     WHERE ${condition} ORDER BY observed_ms, device.id, seq`,
  )
  for await (const chunk of result) {
    if (chunk.rowCount === 0) continue
    yield chunk.getRows().map(([deviceId, observedAtMs, receivedAtMs, seq, ...values]) => {
      const present: Record<string, number> = {}
      names.forEach((name, i) => {
        const value = values[i]
        if (value !== null && value !== undefined) present[name] = value as number
      })
      return {
        deviceId: deviceId as string,
        observedAtMs: observedAtMs as number,
        receivedAtMs: receivedAtMs as number,
        seq: (seq as number) < 0 ? undefined : (seq as number),
        values: present,
      }
    })
  }
}

export async function exportParquet(context: ReadContext, query: ExportQuery, path: string): Promise<number> {
  const kind = context.requireKind(query.kind)
  const condition = (await exportCondition(context, query)) ?? 'false'
  const names = fieldNames(kind).map(column).join(', ')
  await context.connection.run(
    `COPY (
       SELECT device.id AS "deviceId", make_timestamptz(observed_ms * 1000) AS "observedAt",
              make_timestamptz(received_ms * 1000) AS "receivedAt", nullif(seq, -1) AS seq, ${names}
       FROM ${readingTable(kind.id)} JOIN device ON device.no = device_no
       WHERE ${condition} ORDER BY observed_ms, device.id, seq
     ) TO '${path.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION zstd)`,
  )
  return (await stat(path)).size
}
