import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { createScope } from '../../../store/records/scope.ts'
import { aTempDir } from '../../support/temp-dir.ts'
import { aBus, aClock, aDevice, aPress, recordsKey, someRecords } from './fixture.ts'

async function aScope() {
  const scope = createScope({
    path: join(await aTempDir(), 'db.sqlite'),
    key: recordsKey,
    now: aClock().now,
    bus: aBus().bus,
  })
  onTestFinished(() => scope.db.destroy())
  await sql`create table things (id text primary key, amount bigint)`.execute(scope.db)
  const count = async () => {
    const { rows } = await sql<{ count: number }>`select count(*) as count from things`.execute(scope.db)
    return rows[0]!.count
  }
  return { scope, count }
}

test('the log is synced at every commit and foreign keys are enforced', async () => {
  const { scope } = await aScope()
  const pragma = async (name: string) =>
    Object.values((await sql<object>`pragma ${sql.raw(name)}`.execute(scope.db)).rows[0]!)[0] as unknown
  expect(await pragma('journal_mode')).toBe('wal')
  // 2 is FULL.
  expect(await pragma('synchronous')).toBe(2)
  expect(await pragma('foreign_keys')).toBe(1)
})

test('a write that comes while a transaction is open is not rolled back with it', async () => {
  const { scope, count } = await aScope()
  const failing = scope.atomically(async ({ db }) => {
    await sql`insert into things values ('inside', 1)`.execute(db)
    // Other work runs here, and has to wait for its turn.
    for (let turn = 0; turn < 5; turn++) await nextTurn()
    throw new Error('changed its mind')
  })
  const outside = sql`insert into things values ('outside', 1)`.execute(scope.db)
  await expect(failing).rejects.toThrow('changed its mind')
  await outside
  expect(await count()).toBe(1)
  const { rows } = await sql`select id from things`.execute(scope.db)
  expect(rows).toEqual([{ id: 'outside' }])
})

test('transactions that read before they write lose no update, however many come at once', async () => {
  const { scope } = await aScope()
  await sql`insert into things values ('counter', 0)`.execute(scope.db)
  const increment = () =>
    scope.atomically(async ({ db }) => {
      const { rows } = await sql<{ amount: number }>`select amount from things where id = 'counter'`.execute(db)
      await nextTurn()
      await sql`update things set amount = ${rows[0]!.amount + 1} where id = 'counter'`.execute(db)
    })
  await Promise.all(Array.from({ length: 200 }, increment))
  const { rows } = await sql`select amount from things`.execute(scope.db)
  expect(rows).toEqual([{ amount: 200 }])
})

test('ten thousand writers at once are served in the order they came', async () => {
  const { scope, count } = await aScope()
  const served: number[] = []
  await Promise.all(
    Array.from({ length: 10_000 }, async (_, index) => {
      await sql`select 1`.execute(scope.db)
      served.push(index)
    }),
  )
  expect(served).toEqual([...served].sort((a, b) => a - b))
  expect(await count()).toBe(0)
})

test('effects run after the commit, and never when it is rolled back', async () => {
  const { scope } = await aScope()
  const effects: string[] = []
  await scope.atomically(async ({ afterCommit, atomically }) => {
    afterCommit(() => effects.push('outer'))
    await atomically(async (part) => part.afterCommit(() => effects.push('part')))
    expect(effects).toEqual([])
  })
  expect(effects).toEqual(['outer', 'part'])
  const failing = scope.atomically(async ({ afterCommit }) => {
    afterCommit(() => effects.push('never'))
    throw new Error('no')
  })
  await expect(failing).rejects.toThrow('no')
  expect(effects).toEqual(['outer', 'part'])
})

test('a statement that fails inside a transaction takes the whole of it back', async () => {
  const { scope, count } = await aScope()
  const failing = scope.atomically(async ({ db }) => {
    await sql`insert into things values ('a', 1)`.execute(db)
    await sql`insert into things values ('a', 2)`.execute(db)
  })
  await expect(failing).rejects.toThrow(/UNIQUE/)
  expect(await count()).toBe(0)
})

test('asking the store itself from inside a transaction is an error, not a wait for ever', async () => {
  const { records } = await someRecords()
  const mistaken = records.transaction(() => records.devices.get('lamp-1'))
  await expect(mistaken).rejects.toMatchObject({ code: 'outside-transaction' })
  expect(await records.isHealthy()).toBe(true)
})

test.each([
  ['true', true],
  ['undefined', undefined],
  ['NaN', Number.NaN],
  ['an object', { a: 1 }],
  ['a date', new Date(0)],
])('%s as a parameter is refused before the library sees it', async (_, value) => {
  const { scope } = await aScope()
  const query = sql`insert into things values ('a', ${value})`.execute(scope.db)
  await expect(query).rejects.toMatchObject({ code: 'unbindable-parameter' })
})

test('text with quotes, newlines and other scripts comes back as it was', async () => {
  const { records } = await someRecords()
  const name = `Bobby"); DROP TABLE devices;-- 'प्रहरी'\n🚨`
  const { device } = await records.devices.register(aDevice({ name }))
  expect(await records.devices.get(device.id)).toMatchObject({ name })
})

test('rows can be read one by one', async () => {
  const { scope } = await aScope()
  for (const id of ['a', 'b', 'c']) await sql`insert into things values (${id}, 1)`.execute(scope.db)
  const seen: string[] = []
  const query = sql<{ id: string }>`select id from things order by id`.compile(scope.db)
  for await (const { rows } of scope.db
    .getExecutor()
    .stream<{ id: string }>({ ...query, query: scope.db.selectFrom('devices').toOperationNode() }, 1)) {
    seen.push(...rows.map((row) => row.id))
  }
  expect(seen).toEqual(['a', 'b', 'c'])
})

test('a panic press overtakes everything that waits', async () => {
  const { records } = await someRecords()
  let written = 0
  const writes = Array.from({ length: 2000 }, async (_, index) => {
    await records.settings.set(`key-${index}`, 'value')
    written += 1
  })
  await records.sos.press(
    { ...aPress(), source: 'wearable' },
    { opens: { state: 'active', severity: 'high', severityReasons: [] }, resendWindowMs: 0 },
  )
  // Those that had the turn when it came, and no more.
  expect(written).toBeLessThan(20)
  await Promise.all(writes)
  expect(written).toBe(2000)
})

test('the event loop turns while a long queue is worked off, also for callers that wait for nothing else', async () => {
  const { records } = await someRecords()
  let turns = 0
  let isDone = false
  const turning = (async () => {
    while (!isDone) {
      await nextTurn()
      turns += 1
    }
  })()
  await Promise.all(Array.from({ length: 1000 }, (_, index) => records.settings.set(`key-${index}`, 'value')))
  const turnsInQueue = turns
  for (let index = 0; index < 1000; index++) await records.settings.set(`key-${index}`, 'again')
  const turnsInSequence = turns - turnsInQueue
  isDone = true
  await turning
  expect(turnsInQueue).toBeGreaterThan(3)
  expect(turnsInSequence).toBeGreaterThan(3)
})
