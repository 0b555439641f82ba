import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readDeviceCsv } from '../../api/devices/device-csv.ts'
import {
  checkImportSize,
  checkImportText,
  composePart,
  type ImportFile,
  importBytesMax,
  importLinesMax,
  importTemplate,
} from '../../dashboard/src/devices/administration/import-file.ts'
import {
  composeFailed,
  composeSecrets,
  countResults,
  toResults,
} from '../../dashboard/src/devices/administration/import-report.ts'
import { readCsv } from '../../dashboard/src/devices/administration/read-csv.ts'

function ready(text: string): ImportFile {
  const check = checkImportText(text)
  if (check.type !== 'ready') throw new Error(check.problem)
  return check.file
}

function refusal(text: string): string {
  const check = checkImportText(text)
  return check.type === 'refused' ? check.problem : 'ready'
}

describe('reading CSV before it is sent', () => {
  it('keeps each record with its line and its own text', () => {
    expect(readCsv('\uFEFFid,name\r\n\r\na, "Gate, ""east""\nside" \n b ,\n')).toEqual([
      { line: 1, values: ['id', 'name'], text: 'id,name' },
      { line: 3, values: ['a', 'Gate, "east"\nside'], text: 'a, "Gate, ""east""\nside" ' },
      { line: 5, values: ['b', ''], text: ' b ,' },
    ])
  })

  it.each([
    ['id\n"a', { line: 2, message: 'a quote is opened and never closed' }],
    ['id\na"b"', { line: 2, message: 'a quote stands beside other text' }],
    ['id\n\n"a" b', { line: 3, message: 'a quote stands beside other text' }],
  ])('says of %j which line is at fault', (text, fault) => {
    expect(readCsv(text)).toEqual(fault)
  })

  it('sees the same devices as the server, whatever the file holds', () => {
    const cell = fc.oneof(
      fc.string({ unit: fc.constantFrom('a', '7', ' ', ';', 'é', '_') }),
      fc.string({ unit: fc.constantFrom('a', ' ', ',', '\n', '""', 'é') }).map((text) => `"${text}"`),
    )
    const text = fc
      .tuple(fc.array(fc.tuple(cell, cell)), fc.constantFrom('\n', '\r\n'), fc.boolean())
      .map(([rows, lineEnd, isEnded]) => {
        const lines = ['id,name', ...rows.map((row) => row.join(','))]
        return lines.join(lineEnd) + (isEnded ? lineEnd : '')
      })
    fc.assert(
      fc.property(text, (file) => {
        const records = readCsv(file)
        if ('message' in records) throw new Error(records.message)
        const ours = records.slice(1).map(({ values: [id, name] }) => ({ id, name: name || undefined }))
        const theirs = readDeviceCsv(file).map(({ input }) => ({ id: input.id, name: input.name }))
        expect(ours).toEqual(theirs)
      }),
    )
  })

  it('refuses or reads any text, and never fails', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', ' ', 'a', '\uFEFF') }), (text) => {
        const records = readCsv(text)
        if ('message' in records) expect(records.line).toBeGreaterThan(0)
        else expect(records.every(({ values }) => values.length > 0)).toBe(true)
      }),
    )
  })
})

describe('a file to import', () => {
  it.each([
    [0, 'The file is empty.'],
    [importBytesMax, undefined],
    [importBytesMax + 1, 'The file is larger than 2 MiB. Cut it into several.'],
  ])('of %d bytes is judged before it is read', (sizeBytes, problem) => {
    expect(checkImportSize(sizeBytes)).toBe(problem)
  })

  it.each([
    ['', 'The file is empty.'],
    ['id\n', 'There is no device in the file.'],
    ['[]', 'There is no device in the file.'],
    ['name\nx', 'The first line must be a heading that names a column id. The template shows how.'],
    [
      'id,colour\na,red',
      'There is no column “colour”. Known are id, name, kinds, latitude, longitude, gatewayId, ownerId, owner and label:<name>.',
    ],
    [
      'id,label:\na,red',
      'There is no column “label:”. Known are id, name, kinds, latitude, longitude, gatewayId, ownerId, owner and label:<name>.',
    ],
    ['id,id\na,b', 'The column “id” is there twice.'],
    ['id,name\na', 'Line 2 has 1 values where the heading has 2.'],
    [`id\n${'a'.repeat(16 * 1024 + 1)}`, 'Line 2 is longer than 16 KiB.'],
    ['id\n"a', 'Line 2 cannot be read: a quote is opened and never closed.'],
    ['{"devices": 7}', 'This is neither CSV nor a JSON list of devices.'],
    ['[{"id": "a"', 'This is neither CSV nor a JSON list of devices.'],
  ])('%j is refused with a reason', (text, problem) => {
    expect(refusal(text)).toBe(problem)
  })

  it('may have 5,000 devices and not one more', () => {
    const lines = Array.from({ length: importLinesMax }, (_none, at) => `d-${at}`)
    expect(ready(['id', ...lines].join('\n')).rows).toHaveLength(importLinesMax)
    expect(refusal(['id', ...lines, 'one-more'].join('\n'))).toBe(
      'The file has 5001 devices; 5,000 go at once. Cut it into several.',
    )
  })

  it('goes in parts that the server reads as the file says', () => {
    const file = ready('id,name\na,"Gate, east"\n\nb,\nc,Mast\n')
    const part = composePart(file, file.rows.slice(0, 2))
    expect(part.contentType).toBe('text/csv')
    expect(readDeviceCsv(part.body).map(({ input }) => [input.id, input.name])).toEqual([
      ['a', 'Gate, east'],
      ['b', undefined],
    ])
    expect(file.rows.map(({ line }) => line)).toEqual([2, 4, 5])
  })

  it('sends a gateway before what it speaks for, wherever it stands, and leaves the rest in its order', () => {
    const file = ready('id,gatewayId\nleaf,branch\nalone,\nbranch,root\nroot,\nlost,nowhere\nx,y\ny,x\n')
    expect(file.rows.map(({ id }) => id)).toEqual(['root', 'branch', 'leaf', 'alone', 'lost', 'y', 'x'])
  })

  it('may be JSON, as a list or under its name', () => {
    for (const text of ['[{"id":"a"},7]', '{"devices":[{"id":"a"},7]}']) {
      const file = ready(text)
      expect(composePart(file, file.rows)).toEqual({ contentType: 'application/json', body: '[{"id":"a"},\n7]' })
    }
  })

  it('has a template that the server takes', () => {
    expect(ready(importTemplate).rows).toHaveLength(1)
    expect(readDeviceCsv(importTemplate)[0]!.input).toMatchObject({ id: 'lamp-17', kinds: ['noise', 'air-quality'] })
  })
})

describe('the report of an import', () => {
  const file = ready('id,name\na,Gate\n\n?,Odd\nc,Mast\n')
  const results = toResults(file.rows, [
    { id: 'a', status: 'created', secret: 's-1' },
    { id: '?', status: 'failed', error: { message: 'id: letters only' } },
  ])

  it('names each line as the file counts it, and calls nothing registered that the server did not', () => {
    expect(results.map(({ row, secret, problem }) => [row.line, secret, problem])).toEqual([
      [2, 's-1', undefined],
      [4, undefined, 'id: letters only'],
      [5, undefined, 'The server did not say'],
    ])
    expect(countResults(results)).toEqual({ created: 1, failed: 2 })
  })

  it('gives the secrets of what was registered, and what was not as a file to mend', () => {
    expect(composeSecrets(results)).toBe('id,secret\na,s-1\n')
    expect(composeFailed(file, results)).toBe('id,name\n?,Odd\nc,Mast\n')
  })
})
