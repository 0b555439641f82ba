import fc from 'fast-check'
import Database from 'libsql'
import { expect, onTestFinished, test } from 'vitest'
import type { AuditVerdict } from '../../../store/index.ts'
import { recordsKey, someRecords } from './fixture.ts'

type House = Awaited<ReturnType<typeof someRecords>>
type Entry = Parameters<House['records']['audit']['append']>[0]
type Raw = Database.Database

async function aTrail(entries: readonly Entry[] = []): Promise<House & { raw: Raw }> {
  const house = await someRecords()
  for (const entry of entries) await house.records.audit.append(entry)
  const raw = new Database(house.path)
  onTestFinished(() => void raw.close())
  return { ...house, raw }
}

const anEntry = (index = 0): Entry => ({ actor: 'asha', action: 'tested', subject: 'thing:1', detail: { index } })
const entries = (count: number) => Array.from({ length: count }, (_, index) => anEntry(index))

const namesOf = (verdict: AuditVerdict) =>
  verdict.type === 'intact' ? ['intact'] : verdict.faults.map(({ seq, fault }) => `${seq} ${fault}`)

test('an empty trail is whole', async () => {
  const { records } = await aTrail()
  expect(await records.audit.verify()).toEqual({
    type: 'intact',
    count: 0,
    firstSeq: 1,
    seq: 0,
    chain: '0'.repeat(64),
  })
})

test('rows are numbered from one without a gap, inside transactions, outside, and by many at once', async () => {
  const { records, raw } = await aTrail()
  const append = (index: number) => records.audit.append(anEntry(index))
  await Promise.all(
    Array.from({ length: 60 }, (_, index) => {
      if (index % 3 === 0) return append(index)
      return records.transaction(async ({ audit, settings }) => {
        await audit.append(anEntry(index))
        await settings.set(`key-${index}`, 'value')
        if (index % 3 === 1) throw new Error('changed its mind')
        await audit.append(anEntry(index))
      })
    }).map((work) => work.catch(() => undefined)),
  )
  const verdict = await records.audit.verify()
  expect(verdict).toMatchObject({ type: 'intact', count: 60, seq: 60 })
  expect(await records.audit.head()).toEqual({ seq: 60, chain: (verdict as { chain: string }).chain })
  expect(raw.prepare('select count(*) as count from settings').get([])).toMatchObject({ count: 21 })
})

test('whatever text an entry holds comes back as it is chained', async () => {
  const text = fc.string({ unit: fc.oneof(fc.constantFrom('\0', '\uD800', '\uFEFF', '"', "'"), fc.string()) })
  const { records } = await aTrail()
  await fc.assert(
    fc.asyncProperty(
      text,
      text,
      fc.option(text, { nil: undefined }),
      fc.jsonValue(),
      async (actor, action, subject, value) => {
        const entry = await records.audit.append({
          actor,
          action,
          ...(subject !== undefined && { subject }),
          detail: { value },
        })
        const { items } = await records.audit.list({ limit: 1 })
        expect(items).toEqual([entry])
        expect(await records.audit.verify()).toMatchObject({ type: 'intact' })
      },
    ),
    { numRuns: 50 },
  )
})

test('records are not opened with another key than they were made with, and nothing in them changes', async () => {
  const { records, open, path } = await aTrail(entries(3))
  await records.close()
  await expect(someRecords({ path, key: recordsKey.toUpperCase() })).rejects.toMatchObject({
    family: 'invalid',
    code: 'records-key-wrong',
  })
  const again = await open()
  onTestFinished(() => again.close())
  expect(await again.audit.verify()).toMatchObject({ type: 'intact', seq: 3 })
})

/** The trail as it lies in the file, to be put back after each tampering. */
function remember(raw: Raw): () => void {
  const rows = raw.prepare('select * from audit order by seq').all([]) as Record<string, string | number | null>[]
  const heads = raw.prepare('select * from audit_head').all([]) as Record<string, string | number | null>[]
  const insert = (table: string, row: Record<string, string | number | null>) =>
    raw
      .prepare(
        `insert into ${table} values (${Object.keys(row)
          .map(() => '?')
          .join(', ')})`,
      )
      .run(Object.values(row))
  return () => {
    raw.exec('begin; delete from audit; delete from audit_head')
    for (const row of rows) insert('audit', row)
    for (const head of heads) insert('audit_head', head)
    raw.exec('commit')
  }
}

/** @returns what a cell holds, to the byte, with its type */
function cell(raw: Raw, table: string, column: string, where: string): string | undefined {
  const query = `select typeof(${column}) || hex(cast(${column} as blob)) as text from ${table} where ${where}`
  return (raw.prepare(query).get([]) as { text: string } | undefined)?.text
}

/** Runs what the tables allow. @returns false when they do not */
function tryTo(raw: Raw, statement: string): boolean {
  try {
    raw.exec(statement)
    return true
  } catch {
    return false
  }
}

const anyOther = (column: string) => [
  ...["''", "'x'", "x'00ff'", '-1', '0', '7', '7.5', 'null', `'${'a'.repeat(64)}'`],
  ...[
    `${column} || ' '`,
    `${column} || char(0) || 'x'`,
    `cast(${column} as blob)`,
    `upper(${column})`,
    `${column} + 1`,
  ],
]

test.each(['seq', 'id', 'at_ms', 'actor', 'action', 'subject', 'detail', 'chain'])(
  'finds any other value of %s in any row, also when the trail has gone on',
  async (column) => {
    const { records, raw } = await aTrail([...entries(4), { actor: 'asha', action: 'tested' }])
    const restore = remember(raw)
    let tried = 0
    for (const seq of [1, 3, 5]) {
      for (const value of anyOther(column)) {
        restore()
        const before = cell(raw, 'audit', column, `seq = ${seq}`)
        if (!tryTo(raw, `update audit set ${column} = ${value} where seq = ${seq}`)) continue
        if (cell(raw, 'audit', column, `seq = ${seq}`) === before) continue
        tried++
        expect((await records.audit.verify()).type, `${value} in row ${seq}`).toBe('broken')
        await records.audit.append(anEntry())
        expect((await records.audit.verify()).type, `${value} in row ${seq}, and one more`).toBe('broken')
      }
    }
    expect(tried).toBeGreaterThan(5)
    restore()
    expect(await records.audit.verify()).toMatchObject({ type: 'intact', count: 5 })
  },
)

test.each(['seq', 'chain', 'first_seq', 'first_chain', 'updated_at_ms', 'seal'])(
  'finds any other value of %s in the head, also when the trail has gone on',
  async (column) => {
    const { records, raw } = await aTrail(entries(5))
    const restore = remember(raw)
    // What SQLite holds after a zero is never given back, and gone with the next entry.
    for (const value of anyOther(column).filter((other) => !other.includes('char(0)'))) {
      restore()
      const before = cell(raw, 'audit_head', column, 'id = 1')
      if (!tryTo(raw, `update audit_head set ${column} = ${value}`)) continue
      if (cell(raw, 'audit_head', column, 'id = 1') === before) continue
      expect(namesOf(await records.audit.verify())[0], value).toMatch(/head-altered$/)
      await records.audit.append(anEntry())
      await records.audit.append(anEntry())
      expect(namesOf(await records.audit.verify()), value).toContain('6 head-altered')
    }
  },
)

/** Without the rules of the table that was there. */
const makeAnew = 'create table other as select * from audit; drop table audit; alter table other rename to audit'
const copyRow = (from: number, to: string) =>
  `insert into audit select ${to}, id, at_ms, actor, action, subject, detail, chain from audit where seq = ${from}`

test.each<[what: string, statement: string, faults: readonly string[]]>([
  ['a row is taken from the middle', 'delete from audit where seq = 3', ['3 missing']],
  ['several are', 'delete from audit where seq in (3, 4, 6)', ['3 missing', '6 missing']],
  ['the first is taken', 'delete from audit where seq = 1', ['1 missing']],
  ['the last is taken', 'delete from audit where seq = 8', ['8 missing']],
  ['the last three are', 'delete from audit where seq > 5', ['6 missing']],
  ['all rows are', 'delete from audit', ['1 missing']],
  ['the head is', 'delete from audit_head', ['0 head-altered']],
  ['everything is', 'delete from audit; delete from audit_head', ['0 head-altered']],
  [
    'the last are, and the head is made to fit',
    'delete from audit where seq > 5; update audit_head set seq = 5, chain = (select chain from audit where seq = 5)',
    ['5 head-altered'],
  ],
  [
    'the first are, and the head is made to fit',
    'update audit_head set first_seq = 4, first_chain = (select chain from audit where seq = 3); delete from audit where seq < 4',
    ['8 head-altered'],
  ],
  [
    'two rows change places',
    'update audit set seq = 100 where seq = 3; update audit set seq = 3 where seq = 4; update audit set seq = 4 where seq = 100',
    ['3 altered', '4 altered', '5 altered'],
  ],
  [
    'a row goes and the later ones move up',
    'delete from audit where seq = 6; update audit set seq = 6 where seq = 7; update audit set seq = 7 where seq = 8',
    ['6 altered', '7 altered', '8 missing'],
  ],
  ['a row is written after the last', copyRow(8, '9'), ['9 inserted']],
  ['a row is written far after the last', copyRow(8, '1000'), ['1000 inserted']],
  ['a row is written before the first', copyRow(1, '0'), ['0 inserted']],
  [
    'a row is written with a number too large to tell apart',
    copyRow(3, '9007199254740993'),
    ['9007199254740992 inserted'],
  ],
  [
    'a row is written between two and the later ones move down',
    `update audit set seq = 9 where seq = 8; update audit set seq = 8 where seq = 7; ${copyRow(6, '7')}`,
    ['7 altered', '8 altered', '9 inserted', '8 head-mismatch'],
  ],
  ['the table is made anew with a row between two', `${makeAnew}; ${copyRow(3, '3.5')}`, ['3.5 inserted']],
  ['the table is made anew with a row whose number is none', `${makeAnew}; ${copyRow(3, "'x'")}`, ['0 inserted']],
  ['the table is made anew with a row that has no number', `${makeAnew}; ${copyRow(3, 'null')}`, ['0 inserted']],
  ['the table is made anew with a row that is there twice', `${makeAnew}; ${copyRow(3, '3')}`, ['3 inserted']],
])('finds it when %s', async (_what, statement, faults) => {
  const { records, raw } = await aTrail(entries(8))
  raw.exec(statement)
  expect(namesOf(await records.audit.verify())).toEqual(faults)
})

test('a table of another make still takes entries, or says that it cannot', async () => {
  const { records, raw } = await aTrail(entries(3))
  raw.exec(copyRow(3, '4'))
  await records.audit.append(anEntry())
  expect(namesOf(await records.audit.verify())).toEqual(['4 altered', '5 head-altered'])
  raw.exec(copyRow(3, `${Number.MAX_SAFE_INTEGER - 1}`))
  raw.exec(copyRow(3, `${Number.MAX_SAFE_INTEGER}`))
  raw.exec('delete from audit_head')
  await expect(records.audit.append(anEntry())).rejects.toMatchObject({ code: 'audit-unwritable' })
})

/** What one who has the file, and not the key, may do to a trail of `count` rows. */
function aTampering(count: number): fc.Arbitrary<string> {
  const seq = fc.integer({ min: 1, max: count })
  const column = fc.constantFrom('id', 'at_ms', 'actor', 'action', 'subject', 'detail', 'chain')
  return fc.oneof(
    fc
      .tuple(seq, column)
      .map(([at, name]) => `update audit set ${name} = coalesce(${name}, '') || '1' where seq = ${at}`),
    fc
      .subarray(
        Array.from({ length: count }, (_, index) => index + 1),
        { minLength: 1 },
      )
      .map((gone) => `delete from audit where seq in (${gone.join(', ')})`),
    fc
      .tuple(seq, seq)
      // Of one row: to the place before the first.
      .map(([a, b]) => (a === b ? [a, 0] : [a, b]))
      .map(
        ([a, b]) =>
          `update audit set seq = -1 where seq = ${a}; update audit set seq = ${a} where seq = ${b}; update audit set seq = ${b} where seq = -1`,
      ),
    fc.tuple(seq, fc.integer({ min: 1, max: 20 })).map(([at, beyond]) => copyRow(at, `${count + beyond}`)),
    fc
      .tuple(seq, seq)
      .map(([at, end]) => `delete from audit where seq > ${end}; ${copyRow(Math.min(at, end), `${end + 1}`)}`),
    seq.map(
      (end) =>
        `delete from audit where seq >= ${end}; update audit_head set seq = ${end} - 1, chain = coalesce((select chain from audit where seq = ${end} - 1), first_chain)`,
    ),
    seq.map(
      (end) =>
        `update audit_head set first_seq = ${end} + 1, first_chain = (select chain from audit where seq = ${end}); delete from audit where seq <= ${end}`,
    ),
    fc.constant('delete from audit; delete from audit_head'),
  )
}

test('finds what was done to any trail, at once and after it has gone on', async () => {
  const { records, raw } = await aTrail()
  const restoreEmpty = remember(raw)
  const text = fc.string({ unit: 'binary', maxLength: 12 })
  const entry = fc.record(
    {
      actor: text,
      action: text,
      subject: text,
      detail: fc.dictionary(text, fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 }),
    },
    { requiredKeys: ['actor', 'action'] },
  )
  await fc.assert(
    fc.asyncProperty(
      fc
        .array(entry, { minLength: 1, maxLength: 12 })
        .chain((trail) => fc.tuple(fc.constant(trail), aTampering(trail.length), fc.integer({ min: 0, max: 3 }))),
      async ([trail, statement, laterCount]) => {
        restoreEmpty()
        await records.transaction(async ({ audit }) => {
          for (const one of trail) await audit.append(one)
        })
        const before = await records.audit.verify()
        expect(before).toMatchObject({ type: 'intact', count: trail.length })
        const { seq, chain } = before as { seq: number; chain: string }
        raw.exec(statement)
        expect((await records.audit.verify()).type).toBe('broken')
        for (let index = 0; index < laterCount; index++) await records.audit.append(anEntry(index))
        expect((await records.audit.verify()).type).toBe('broken')
        expect((await records.audit.verify({ expect: { seq, chain } })).type).toBe('broken')
      },
    ),
    { numRuns: 60 },
  )
})
