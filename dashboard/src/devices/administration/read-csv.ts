/** A line of a CSV file: its values, and its text as it stands there. */
export interface CsvRecord {
  /** Where it begins, counted from 1. */
  readonly line: number
  readonly values: readonly string[]
  /** Without the line end after it. */
  readonly text: string
}

/** Why a text is not CSV, with the line. */
export interface CsvFault {
  readonly line: number
  readonly message: string
}

/**
 * Takes CSV apart as the server will: quotes as in RFC 4180, any line end, blank lines and spaces around values left
 * out. The text of each record is kept, so that a file can be sent in parts and a part says what the file said.
 * @see RFC 4180, section 2
 */
export function readCsv(text: string): readonly CsvRecord[] | CsvFault {
  const records: CsvRecord[] = []
  let at = text.startsWith('\uFEFF') ? 1 : 0
  let line = 1
  while (at < text.length) {
    const record = readRecord(text, at, line)
    if ('message' in record) return record
    if (record.text.trim() !== '') records.push({ line, values: record.values, text: record.text })
    line += record.lineCount
    at = record.endAt
  }
  return records
}

interface ReadRecord {
  readonly values: readonly string[]
  readonly text: string
  readonly endAt: number
  readonly lineCount: number
}

function readRecord(text: string, startAt: number, line: number): ReadRecord | CsvFault {
  const values: string[] = []
  let lineCount = 1
  let at = startAt
  for (;;) {
    const value = readValue(text, at)
    if (value === undefined) return { line, message: 'a quote is opened and never closed' }
    if (value.isBroken) return { line, message: 'a quote stands beside other text' }
    values.push(value.text)
    lineCount += countLineEnds(text, at, value.endAt)
    at = value.endAt
    if (text[at] !== ',') break
    at += 1
  }
  return { values, text: text.slice(startAt, at), endAt: skipLineEnd(text, at), lineCount }
}

interface ReadValue {
  readonly text: string
  readonly endAt: number
  /** A quote within a value that is not quoted, or text after the closing quote. */
  readonly isBroken: boolean
}

/** @returns undefined when a quote is never closed */
function readValue(text: string, startAt: number): ReadValue | undefined {
  const openAt = skipSpaces(text, startAt)
  if (text[openAt] !== '"') {
    let endAt = startAt
    while (endAt < text.length && !isEnd(text[endAt]!)) endAt += 1
    const value = text.slice(startAt, endAt).trim()
    return { text: value, endAt, isBroken: value.includes('"') }
  }
  let value = ''
  for (let at = openAt + 1; ; at += 1) {
    const closeAt = text.indexOf('"', at)
    if (closeAt === -1) return undefined
    value += text.slice(at, closeAt)
    if (text[closeAt + 1] !== '"') {
      const endAt = skipSpaces(text, closeAt + 1)
      return { text: value, endAt, isBroken: endAt < text.length && !isEnd(text[endAt]!) }
    }
    value += '"'
    at = closeAt + 1
  }
}

function isEnd(character: string): boolean {
  return character === ',' || character === '\n' || character === '\r'
}

function skipSpaces(text: string, from: number): number {
  let at = from
  while (text[at] === ' ' || text[at] === '\t') at += 1
  return at
}

function skipLineEnd(text: string, at: number): number {
  if (text[at] === '\r' && text[at + 1] === '\n') return at + 2
  return Math.min(text.length, at + 1)
}

function countLineEnds(text: string, from: number, to: number): number {
  let count = 0
  for (let at = from; at < to; at += 1) {
    if (text[at] === '\n' || (text[at] === '\r' && text[at + 1] !== '\n')) count += 1
  }
  return count
}
