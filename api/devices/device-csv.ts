import { parse } from 'csv-parse/sync'
import { AppError } from '../../contracts/errors.ts'

/** A line of the file as the input of a device, not yet checked. */
export interface DeviceCsvRow {
  /** In the file, counted from 1; the heading is line 1. */
  readonly line: number
  readonly input: Readonly<Record<string, unknown>>
}

const plainColumns = new Set(['id', 'name', 'kinds', 'latitude', 'longitude', 'gatewayId', 'ownerId', 'owner'])
const labelPrefix = 'label:'

/**
 * Reads a list of devices: a heading with any of `id, name, kinds, latitude, longitude, gatewayId, ownerId, owner,
 * label:<name>`, then a device per line. Kinds are separated by `;` or spaces. What the values are worth is for the
 * registry to say.
 * @param devicesMax reads no further than one device beyond it, so that the caller can tell that there are more
 * @throws AppError `invalid-csv`, naming the line
 */
export function readDeviceCsv(
  text: string,
  { devicesMax }: { readonly devicesMax?: number | undefined } = {},
): DeviceCsvRow[] {
  const [heading, ...rows] = parseCsv(text, devicesMax === undefined ? undefined : devicesMax + 2)
  if (heading === undefined) throw invalidCsv('The file is empty')
  const columns = heading.record
  checkColumns(columns)
  return rows.map(({ line, record }) => {
    if (record.length !== columns.length) {
      throw invalidCsv(`Line ${line} has ${record.length} values where the heading has ${columns.length}`)
    }
    return { line, input: toDeviceInput(new Map(columns.map((column, at) => [column, record[at] ?? '']))) }
  })
}

interface CsvLine {
  readonly line: number
  readonly record: readonly string[]
}

function parseCsv(text: string, recordsMax: number | undefined): CsvLine[] {
  try {
    const parsed: unknown = parse(text, {
      bom: true,
      trim: true,
      info: true,
      skip_empty_lines: true,
      relax_column_count: true,
      max_record_size: 16 * 1024,
      ...(recordsMax !== undefined && { to: recordsMax }),
    })
    const lines = parsed as { record: string[]; info: { lines: number } }[]
    return lines.map(({ record, info }) => ({ line: info.lines, record }))
  } catch (cause) {
    throw invalidCsv(cause instanceof Error ? cause.message : 'The file is not CSV', cause)
  }
}

function checkColumns(columns: readonly string[]): void {
  if (!columns.includes('id')) throw invalidCsv('The heading must name a column id')
  const seen = new Set<string>()
  for (const column of columns) {
    const isKnown = plainColumns.has(column) || (column.startsWith(labelPrefix) && column.length > labelPrefix.length)
    if (!isKnown) {
      const known = [...plainColumns].join(', ')
      throw invalidCsv(`There is no column ${JSON.stringify(column.slice(0, 60))}; known are ${known} and label:<name>`)
    }
    if (seen.has(column)) throw invalidCsv(`The column ${JSON.stringify(column.slice(0, 60))} is there twice`)
    seen.add(column)
  }
}

function toDeviceInput(cells: ReadonlyMap<string, string>): Record<string, unknown> {
  const text = (column: string) => cells.get(column) || undefined
  const latitude = text('latitude')
  const longitude = text('longitude')
  const labels = [...cells].flatMap(([column, value]) =>
    column.startsWith(labelPrefix) && value !== '' ? [[column.slice(labelPrefix.length), value] as const] : [],
  )
  return {
    id: cells.get('id'),
    name: text('name'),
    kinds: (text('kinds') ?? '').split(/[;\s]+/).filter(Boolean),
    // Half a position is a mistake to report, not a device without one.
    position:
      latitude === undefined && longitude === undefined
        ? undefined
        : { latitude: Number(latitude ?? Number.NaN), longitude: Number(longitude ?? Number.NaN) },
    gatewayId: text('gatewayId'),
    ownerId: text('ownerId'),
    owner: text('owner'),
    labels: Object.fromEntries(labels),
  }
}

function invalidCsv(message: string, cause?: unknown): AppError {
  return new AppError('invalid', 'invalid-csv', message, { cause })
}
