import { type Position, toLonLat } from '../../contracts/geo.ts'
import { fieldNames, type Kind } from '../../contracts/kinds/kind.ts'
import type { ExportRow } from '../../contracts/ports/time-series.ts'
import { toTime } from '../http/inputs.ts'

type Rows = AsyncIterable<readonly ExportRow[]>

/**
 * RFC 4180, one row per reading, one piece of text per page of rows. The heading waits for the first page: until then
 * a store that fails can be answered for.
 */
export async function* writeCsv(kind: Kind, rows: Rows): AsyncGenerator<string> {
  const fields = fieldNames(kind)
  let text = `${['deviceId', 'kind', 'observedAt', 'receivedAt', 'seq', ...fields].map(csvCell).join(',')}\r\n`
  for await (const page of rows) {
    for (const row of page) {
      text += `${csvCell(row.deviceId)},${csvCell(kind.id)},${toTime(row.observedAtMs)},${toTime(row.receivedAtMs)},${row.seq ?? ''}`
      for (const field of fields) text += `,${row.values[field] ?? ''}`
      text += '\r\n'
    }
    yield text
    text = ''
  }
  if (text !== '') yield text
}

/**
 * One cell of text. Quoted where RFC 4180 says so, and where a spreadsheet would take it for a formula (CWE-1236) made
 * plain text with a leading apostrophe. Numbers do not come through here: a minus sign is theirs by right.
 */
export function csvCell(text: string): string {
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
}

/** A FeatureCollection (RFC 7946), a feature per reading; `geometry` is null where `positionOf` gives none. */
export async function* writeGeoJson(options: {
  readonly kind: Kind
  readonly rows: Rows
  readonly positionOf: (deviceId: string) => Position | undefined
}): AsyncGenerator<string> {
  const { kind, rows, positionOf } = options
  let text = '{"type":"FeatureCollection","features":['
  let separator = '\n'
  for await (const page of rows) {
    for (const row of page) {
      text += separator + JSON.stringify(toFeature(kind, row, positionOf(row.deviceId)))
      separator = ',\n'
    }
    yield text
    text = ''
  }
  yield `${text}\n]}\n`
}

function toFeature(kind: Kind, row: ExportRow, position: Position | undefined) {
  return {
    type: 'Feature',
    geometry: position === undefined ? null : { type: 'Point', coordinates: toLonLat(position) },
    properties: {
      deviceId: row.deviceId,
      kind: kind.id,
      observedAt: toTime(row.observedAtMs),
      receivedAt: toTime(row.receivedAtMs),
      seq: row.seq ?? null,
      ...row.values,
    },
  }
}
