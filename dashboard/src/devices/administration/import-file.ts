import { type CsvRecord, readCsv } from './read-csv.ts'

/** What the server takes in one request; see POST /api/devices/bulk. */
export const importBytesMax = 2 * 1024 * 1024
export const importLinesMax = 5000
const recordBytesMax = 16 * 1024

/**
 * Lines sent with one request. The answer to a request that is lost takes its secrets with it, so that a file goes in
 * parts: what one of them shows is safe before the next is sent.
 */
export const partLinesMax = 250

/** A device of the file. */
export interface ImportRow {
  /** Of the CSV file, or place in the JSON list, counted from 1. */
  readonly line: number
  /** As it stands in a CSV file, or as JSON. */
  readonly text: string
  readonly id: string
  /** Empty where it names none. */
  readonly gatewayId: string
}

/** A file that may be sent. */
export interface ImportFile {
  readonly format: 'csv' | 'json'
  /** Of a CSV file. */
  readonly heading: string
  /** In the order in which they are sent: a gateway before the devices that it speaks for. */
  readonly rows: readonly ImportRow[]
}

export type ImportCheck =
  | { readonly type: 'ready'; readonly file: ImportFile }
  | { readonly type: 'refused'; readonly problem: string }

/** Known before it is read. @returns what is wrong with its size, if something is */
export function checkImportSize(sizeBytes: number): string | undefined {
  if (sizeBytes === 0) return 'The file is empty.'
  return sizeBytes > importBytesMax ? 'The file is larger than 2 MiB. Cut it into several.' : undefined
}

/** Finds before anything is sent what would make the server refuse the file as a whole. */
export function checkImportText(text: string): ImportCheck {
  const isJson = /^\uFEFF?\s*[[{]/.test(text)
  const check = isJson ? checkJson(text) : checkCsv(text)
  if (check.type === 'refused') return check
  const { length } = check.file.rows
  if (length === 0) return refuse('There is no device in the file.')
  if (length > importLinesMax) return refuse(`The file has ${length} devices; 5,000 go at once. Cut it into several.`)
  return { type: 'ready', file: { ...check.file, rows: gatewaysFirst(check.file.rows) } }
}

function refuse(problem: string): ImportCheck {
  return { type: 'refused', problem }
}

function checkJson(text: string): ImportCheck {
  const list = readJsonList(text)
  if (list === undefined) return refuse('This is neither CSV nor a JSON list of devices.')
  const rows = list.map((device, at) => ({ line: at + 1, text: JSON.stringify(device), ...namesOf(device) }))
  return { type: 'ready', file: { format: 'json', heading: '', rows } }
}

function namesOf(device: unknown): Pick<ImportRow, 'id' | 'gatewayId'> {
  const { id, gatewayId } = (device ?? {}) as { id?: unknown; gatewayId?: unknown }
  return { id: typeof id === 'string' ? id : '', gatewayId: typeof gatewayId === 'string' ? gatewayId : '' }
}

/** A list, or one under the name `devices`. */
function readJsonList(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
    if (Array.isArray(value)) return value
    const { devices } = value as { devices?: unknown }
    return Array.isArray(devices) ? devices : undefined
  } catch {
    return undefined
  }
}

export const importColumns = ['id', 'name', 'kinds', 'latitude', 'longitude', 'gatewayId', 'ownerId', 'owner'] as const

function checkCsv(text: string): ImportCheck {
  const records = readCsv(text)
  if ('message' in records) return refuse(`Line ${records.line} cannot be read: ${records.message}.`)
  const [heading, ...rows] = records
  if (heading === undefined) return refuse('The file is empty.')
  const problem = problemOfHeading(heading.values) ?? problemOfRows(rows, heading.values.length)
  if (problem !== undefined) return refuse(problem)
  const valueAt = (values: readonly string[], column: string) => values[heading.values.indexOf(column)] ?? ''
  const named = rows.map(({ line, text: asWritten, values }) => ({
    line,
    text: asWritten,
    id: valueAt(values, 'id'),
    gatewayId: valueAt(values, 'gatewayId'),
  }))
  return { type: 'ready', file: { format: 'csv', heading: heading.text, rows: named } }
}

/** A device is refused whose gateway is not there, so what others are bound to goes first, in whatever order it stands. */
function gatewaysFirst(rows: readonly ImportRow[]): readonly ImportRow[] {
  // Of two with one id the first is the one that is registered.
  const byId = new Map(rows.toReversed().map((row) => [row.id, row]))
  const ordered = new Set<ImportRow>()
  for (const row of rows) {
    const chain = new Set<ImportRow>()
    for (let next: ImportRow | undefined = row; next !== undefined && !ordered.has(next) && !chain.has(next); ) {
      chain.add(next)
      next = next.gatewayId === '' ? undefined : byId.get(next.gatewayId)
    }
    for (const link of [...chain].reverse()) ordered.add(link)
  }
  return [...ordered]
}

function problemOfHeading(columns: readonly string[]): string | undefined {
  if (!columns.includes('id')) {
    return 'The first line must be a heading that names a column id. The template shows how.'
  }
  const unknown = columns.find((name) => !(importColumns as readonly string[]).includes(name) && !/^label:./.test(name))
  if (unknown !== undefined) {
    return `There is no column “${unknown.slice(0, 60)}”. Known are ${importColumns.join(', ')} and label:<name>.`
  }
  const twice = columns.find((name, at) => columns.indexOf(name) !== at)
  return twice === undefined ? undefined : `The column “${twice.slice(0, 60)}” is there twice.`
}

function problemOfRows(rows: readonly CsvRecord[], columnCount: number): string | undefined {
  for (const { line, values, text } of rows) {
    if (values.length !== columnCount) {
      return `Line ${line} has ${values.length} values where the heading has ${columnCount}.`
    }
    if (new TextEncoder().encode(text).length > recordBytesMax) return `Line ${line} is longer than 16 KiB.`
  }
  return undefined
}

/** What is sent for some of the rows. */
export function composePart(
  { format, heading }: ImportFile,
  rows: readonly ImportRow[],
): { readonly contentType: string; readonly body: string } {
  const texts = rows.map(({ text }) => text)
  if (format === 'json') return { contentType: 'application/json', body: `[${texts.join(',\n')}]` }
  return { contentType: 'text/csv', body: `${[heading, ...texts].join('\n')}\n` }
}

/** To be filled in: the columns, and a line that shows what goes where. */
export const importTemplate = [
  'id,name,kinds,latitude,longitude,gatewayId,owner,label:ward',
  'lamp-17,Lamp 17,noise;air-quality,15.001,88.002,,,7',
  '',
].join('\n')
