import fc from 'fast-check'
import { sql } from 'kysely'
import Database from 'libsql'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type AuditEntry, type AuditQuery, openRecords } from '../../../store/index.ts'
import { migrate } from '../../../store/records/migrations/index.ts'
import { createScope } from '../../../store/records/scope.ts'
import { aTempDir } from '../../support/temp-dir.ts'
import { aBus, aClock, recordsKey, silentLog, someRecords, startMs } from './fixture.ts'

const dayMs = 86_400_000
const keep = {
  commandsKeepDays: 30,
  sessionsKeepDays: 7,
  codesKeepDays: 2,
  noticesKeepDays: 30,
  alertsKeepDays: 365,
  sosPositionsKeepDays: 365,
}

type House = Awaited<ReturnType<typeof someRecords>>

async function listAll({ records }: House, query: Omit<AuditQuery, 'limit' | 'cursor'>, limit = 10) {
  const found: AuditEntry[] = []
  let cursor: string | undefined
  do {
    const page = await records.audit.list({ ...query, limit, cursor })
    found.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return found
}

/** A trail of `count` entries, one a second, by few people about few things. */
async function aLongTrail(count: number): Promise<House> {
  const house = await someRecords()
  await house.records.transaction(async ({ audit }) => {
    for (let index = 0; index < count; index++) {
      house.clock.advance(1000)
      await audit.append({
        actor: ['asha', 'ravi', 'system'][index % 3]!,
        action: ['user-signed-in', 'user-banned', 'rule-changed', 'userless'][index % 4]!,
        ...(index % 5 > 0 && { subject: `thing:${index % 5}` }),
        detail: { index, note: index === 7 ? 'The Needle 100%' : 'hay' },
      })
    }
  })
  return house
}

describe('the list', () => {
  it.each<[string, Omit<AuditQuery, 'limit'>, (entry: AuditEntry) => boolean]>([
    ['nothing', {}, () => true],
    ['who did it', { actor: 'asha' }, ({ actor }) => actor === 'asha'],
    ['what was done', { action: 'user-banned' }, ({ action }) => action === 'user-banned'],
    ['how what was done begins', { action: 'user-*' }, ({ action }) => action.startsWith('user-')],
    ['a beginning of every action', { action: '*' }, () => true],
    ['a beginning of none', { action: 'none-*' }, () => false],
    ['what it was done to', { subject: 'thing:2' }, ({ subject }) => subject === 'thing:2'],
    ['words, whatever their case', { search: 'needle 100%' }, ({ detail }) => detail.index === 7],
    ['a word in what it was done to', { search: 'THING:3' }, ({ subject }) => subject === 'thing:3'],
    [
      'all at once',
      { actor: 'asha', action: 'user*', subject: 'thing:1', search: 'hay' },
      ({ actor, action, subject }) => actor === 'asha' && action.startsWith('user') && subject === 'thing:1',
    ],
    [
      'who and how it begins',
      { actor: 'ravi', action: 'user-*' },
      ({ actor, action }) => actor === 'ravi' && action.startsWith('user-'),
    ],
    [
      'a time',
      { fromMs: startMs + 100_000, toMs: startMs + 200_000 },
      ({ atMs }) => atMs >= startMs + 100_000 && atMs < startMs + 200_000,
    ],
    [
      'a time and how it begins',
      { fromMs: startMs + 100_000, action: 'user*' },
      ({ atMs, action }) => atMs >= startMs + 100_000 && action.startsWith('user'),
    ],
  ])('by %s has every entry that passes, newest first, and no other', async (_what, query, passes) => {
    const house = await aLongTrail(700)
    const all = await listAll(house, {}, 1000)
    expect(all.map(({ seq }) => seq)).toEqual(Array.from({ length: 700 }, (_, index) => 700 - index))
    for (const limit of [40, 500]) expect(await listAll(house, query, limit)).toEqual(all.filter(passes))
  })

  it('is in the order of the clock, also of one that was set back', async () => {
    const house = await someRecords()
    for (const byMs of [0, 1000, -5000, 1000, 0]) {
      house.clock.advance(byMs)
      await house.records.audit.append({ actor: 'asha', action: 'tested' })
    }
    expect((await listAll(house, { actor: 'asha' }, 2)).map(({ seq }) => seq)).toEqual([2, 1, 5, 4, 3])
    const fromMs = startMs
    expect((await listAll(house, { fromMs }, 1)).map(({ seq }) => seq)).toEqual([2, 1])
    expect(await house.records.audit.verify()).toMatchObject({ type: 'intact', seq: 5 })
  })

  it('finds actions by their beginning also among more than are worth an index each', async () => {
    const house = await someRecords()
    await house.records.transaction(async ({ audit }) => {
      for (let index = 0; index < 150; index++) await audit.append({ actor: 'asha', action: `made-up-${index}` })
      await audit.append({ actor: 'asha', action: 'other' })
    })
    expect(await listAll(house, { action: 'made-*' })).toHaveLength(150)
    expect(await listAll(house, { action: 'made-up-14*' })).toHaveLength(11)
  })

  it.each(['', 'nonsense', '1.x', '-1.-1', '1e999.5'])('begins nowhere with the cursor %j', async (cursor) => {
    const { records } = await aLongTrail(3)
    expect((await records.audit.list({ limit: 10, cursor })).items).toEqual([])
  })
})

describe('what is older than its keep', () => {
  it('goes from the beginning, in steps that each say so, and what is left is one chain', async () => {
    const { records, clock } = await aLongTrail(1200)
    clock.advance(30 * dayMs)
    const auditKeepDays = 30 + 200 / 86_400
    expect(await records.retain({ ...keep, auditKeepDays, nowMs: clock.now() })).toMatchObject({ audit: 999 })
    const { items } = await records.audit.list({ limit: 1000 })
    expect(items.slice(0, 3)).toMatchObject([
      { actor: 'system', action: 'audit-pruned', detail: { removed: 499, through: 999 } },
      { actor: 'system', action: 'audit-pruned', detail: { removed: 500, through: 500 } },
      { seq: 1200 },
    ])
    expect(items).toHaveLength(203)
    expect(await records.audit.verify()).toMatchObject({ type: 'intact', count: 203, firstSeq: 1000, seq: 1202 })
    expect(await records.retain({ ...keep, auditKeepDays, nowMs: clock.now() })).toMatchObject({ audit: 0 })
    expect((await records.audit.head()).seq).toBe(1202)
  })

  it('may be all there is', async () => {
    const { records, clock } = await aLongTrail(3)
    clock.advance(60 * dayMs)
    expect(await records.retain({ ...keep, auditKeepDays: 30, nowMs: clock.now() })).toMatchObject({ audit: 3 })
    expect(await records.audit.verify()).toMatchObject({ type: 'intact', count: 1, firstSeq: 4, seq: 4 })
  })

  it('waits behind a row that is younger, whatever the clock said then', async () => {
    const { records, clock } = await someRecords()
    for (const byMs of [0, 100 * dayMs, -100 * dayMs]) {
      clock.advance(byMs)
      await records.audit.append({ actor: 'asha', action: 'tested' })
    }
    clock.advance(60 * dayMs)
    expect(await records.retain({ ...keep, auditKeepDays: 30, nowMs: clock.now() })).toMatchObject({ audit: 1 })
    expect(await records.audit.verify()).toMatchObject({ type: 'intact', firstSeq: 2, seq: 4 })
  })

  it('takes away nothing that does not belong to the trail', async () => {
    const { records, clock, path } = await aLongTrail(3)
    const raw = new Database(path)
    onTestFinished(() => void raw.close())
    raw.exec(
      'insert into audit select seq + 10, id, at_ms, actor, action, subject, detail, chain from audit where seq = 1',
    )
    raw.exec('insert into audit select 0, id, at_ms, actor, action, subject, detail, chain from audit where seq = 1')
    clock.advance(60 * dayMs)
    await records.retain({ ...keep, auditKeepDays: 30, nowMs: clock.now() })
    expect(await records.audit.verify()).toMatchObject({
      type: 'broken',
      faults: [
        { seq: 0, fault: 'inserted' },
        { seq: 11, fault: 'inserted' },
      ],
    })
  })
})

describe('verifying', () => {
  it('gives the event loop its turn, tells how far it is, and is right about a trail that grows and shrinks meanwhile', async () => {
    const { records, clock } = await aLongTrail(2600)
    const seen: number[] = []
    const meanwhile: Promise<unknown>[] = []
    let turns = 0
    const ticking = setInterval(() => turns++, 0)
    clock.advance(10 * dayMs)
    const verifying = records.audit.verify({
      onProgress({ checked, count }) {
        seen.push(checked)
        expect(count).toBeGreaterThanOrEqual(checked)
        // From the second look on, what it has just seen is pruned, and more than that.
        const auditKeepDays = seen.length > 1 ? 10 + 600 / 86_400 : 10_000
        meanwhile.push(records.retain({ ...keep, auditKeepDays, nowMs: clock.now() }))
        meanwhile.push(records.audit.append({ actor: 'asha', action: 'tested' }))
      },
    })
    expect(await verifying).toMatchObject({ type: 'intact' })
    clearInterval(ticking)
    expect(seen.length).toBeGreaterThan(3)
    expect(turns).toBeGreaterThan(0)
    await Promise.all(meanwhile)
    expect(await records.audit.verify()).toMatchObject({ type: 'intact', firstSeq: 2000 })
  })

  it('ends when it is told to', async () => {
    const { records } = await aLongTrail(600)
    const controller = new AbortController()
    const verifying = records.audit.verify({ signal: controller.signal, onProgress: () => controller.abort() })
    await expect(verifying).rejects.toMatchObject({ name: 'AbortError' })
  })

  it('says what it found first, and not all of a thousand faults', async () => {
    const { records, path } = await aLongTrail(1000)
    const raw = new Database(path)
    onTestFinished(() => void raw.close())
    raw.exec("update audit set detail = '{}'")
    const verdict = await records.audit.verify()
    expect(verdict).toMatchObject({ type: 'broken' })
    expect(verdict.type === 'broken' && verdict.faults.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })
})

describe('a head that was noted elsewhere', () => {
  it('is found in the trail that has grown since, whichever row it was', async () => {
    const { records } = await someRecords()
    const heads = [await records.audit.head()]
    for (let index = 0; index < 12; index++) {
      await records.audit.append({ actor: 'asha', action: 'tested', detail: { index } })
      heads.push(await records.audit.head())
    }
    for (const expect_ of heads) {
      expect(await records.audit.verify({ expect: expect_ }), `${expect_.seq}`).toMatchObject({ type: 'intact' })
    }
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 12 }), fc.nat({ max: 12 }), async (at, of) => {
        fc.pre(at !== of && at > 0)
        const verdict = await records.audit.verify({ expect: { seq: at, chain: heads[of]!.chain } })
        expect(verdict).toMatchObject({ type: 'broken', faults: [{ seq: at, fault: 'unlike-expected' }] })
      }),
    )
  })

  it('shows that the newest rows are gone, though an older head was put back with its seal', async () => {
    const { records, path } = await someRecords()
    const raw = new Database(path)
    onTestFinished(() => void raw.close())
    await records.audit.append({ actor: 'asha', action: 'tested' })
    raw.exec('create table older as select * from audit_head')
    await records.audit.append({ actor: 'asha', action: 'tested' })
    const noted = await records.audit.head()
    raw.exec('delete from audit where seq = 2; delete from audit_head; insert into audit_head select * from older')
    expect(await records.audit.verify()).toMatchObject({ type: 'intact', seq: 1 })
    expect(await records.audit.verify({ expect: noted })).toEqual({
      type: 'broken',
      faults: [{ seq: 2, fault: 'missing', id: undefined }],
    })
    await records.audit.append({ actor: 'asha', action: 'tested again' })
    expect(await records.audit.verify({ expect: noted })).toMatchObject({
      type: 'broken',
      faults: [{ seq: 2, fault: 'unlike-expected' }],
    })
  })

  it('is held against the row before the first that is kept, and no earlier one', async () => {
    const { records, clock } = await aLongTrail(2)
    const noted = await records.audit.head()
    clock.advance(60 * dayMs)
    await records.retain({ ...keep, auditKeepDays: 30, nowMs: clock.now() })
    expect(await records.audit.verify({ expect: noted })).toMatchObject({ type: 'intact' })
    expect(await records.audit.verify({ expect: { ...noted, chain: 'f'.repeat(64) } })).toMatchObject({
      type: 'broken',
      faults: [{ seq: 2, fault: 'unlike-expected' }],
    })
    const earlier = records.audit.verify({ expect: { ...noted, seq: 1 } })
    await expect(earlier).rejects.toMatchObject({ code: 'audit-head-pruned' })
  })
})

describe('a trail of an earlier release', () => {
  async function anOldTrail(count: number) {
    const options = {
      path: `${await aTempDir()}/records.sqlite`,
      key: recordsKey,
      now: aClock().now,
      bus: aBus().bus,
      log: silentLog,
    }
    const { db, keys } = createScope(options)
    await migrate(db, keys, { upTo: '0003-people' })
    for (let index = 0; index < count; index++) {
      const id = `id-${String(index).padStart(6, '0')}`
      const subject = index % 2 === 0 ? null : 'thing:1'
      await sql`insert into audit values (${id}, ${index}, 'asha', 'tested', ${subject}, '{}')`.execute(db)
    }
    await db.destroy()
    return options
  }

  it.each([0, 1, 2500])('of %d rows is numbered and chained in the order of its ids', async (count) => {
    const options = await anOldTrail(count)
    const records = await openRecords(options)
    onTestFinished(() => records.close())
    expect(await records.audit.verify()).toMatchObject({ type: 'intact', count, firstSeq: 1, seq: count })
    const entry = await records.audit.append({ actor: 'asha', action: 'tested' })
    expect(entry.seq).toBe(count + 1)
    const { items } = await records.audit.list({ limit: 2, toMs: count })
    expect(items.map(({ id, seq }) => [id, seq])).toEqual(
      [count, count - 1].filter((seq) => seq > 0).map((seq) => [`id-${String(seq - 1).padStart(6, '0')}`, seq]),
    )
    const raw = new Database(options.path)
    onTestFinished(() => void raw.close())
    raw.exec('update audit set at_ms = at_ms + 1 where seq = 1')
    expect(await records.audit.verify()).toMatchObject({ type: 'broken', faults: [{ seq: 1, fault: 'altered' }] })
  })
})
