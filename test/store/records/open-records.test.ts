import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { openRecords } from '../../../store/index.ts'
import { createScope } from '../../../store/records/scope.ts'
import { tableNames } from '../../../store/records/tables.ts'
import { aTempDir } from '../../support/temp-dir.ts'
import { aBus, aClock, aDevice, recordsKey, silentLog, someRecords } from './fixture.ts'

test('an empty file gets every table', async () => {
  const { records } = await someRecords()
  const { rows } = await records.stats()
  expect(Object.keys(rows).sort()).toEqual([...tableNames].sort())
  // What the records key is held against.
  expect(rows.settings).toBe(1)
  expect(new Set(Object.values({ ...rows, settings: 0 }))).toEqual(new Set([0]))
})

test('opening again changes nothing and loses nothing', async () => {
  const infos: unknown[] = []
  const log = { ...silentLog, info: (fields: unknown) => infos.push(fields) }
  const { records, open } = await someRecords({ log })
  await records.devices.register(aDevice())
  expect(infos).toEqual([{ applied: expect.arrayContaining(['0001-first-tables', '0003-people']) }])
  await records.close()
  for (let times = 0; times < 2; times++) {
    const again = await open()
    expect(await again.devices.get('lamp-1')).toMatchObject({ id: 'lamp-1', state: 'registered' })
    await again.close()
  }
  expect(infos).toHaveLength(1)
})

test('a file that is not a database is refused with its path, and left as it is', async () => {
  const path = join(await aTempDir(), 'records.sqlite')
  await writeFile(path, 'a'.repeat(8192))
  const opening = openRecords({ path, key: recordsKey, bus: aBus().bus, now: aClock().now, log: silentLog })
  await expect(opening).rejects.toMatchObject({ code: 'records-unreadable', message: expect.stringContaining(path) })
})

test('tables that were changed behind our back fail the migration, whole', async () => {
  const path = join(await aTempDir(), 'records.sqlite')
  const options = { path, key: recordsKey, bus: aBus().bus, now: aClock().now }
  const scope = createScope(options)
  // In the way of the last table that the first migration makes.
  await sql`create table sos_presses (id text)`.execute(scope.db)
  await scope.db.destroy()
  await expect(openRecords({ ...options, log: silentLog })).rejects.toMatchObject({ code: 'records-migration-failed' })
  const after = createScope(options)
  onTestFinished(() => after.db.destroy())
  const { rows } = await sql<{ name: string }>`select name from sqlite_master where name = 'devices'`.execute(after.db)
  expect(rows).toEqual([])
})

test('closing twice is harmless, and a closed store says that it is not well', async () => {
  const errors: unknown[] = []
  const { records } = await someRecords({ log: { ...silentLog, error: (fields: unknown) => errors.push(fields) } })
  await Promise.all([records.close(), records.close()])
  await records.close()
  expect(await records.isHealthy()).toBe(false)
  expect(errors).toHaveLength(1)
})

test('what is under way is finished before the store closes', async () => {
  const { records, open } = await someRecords()
  const written = Promise.all(Array.from({ length: 50 }, (_, index) => records.settings.set(`key-${index}`, 'value')))
  await Promise.all([written, records.close()])
  const again = await open()
  onTestFinished(() => again.close())
  expect((await again.stats()).rows.settings).toBe(51)
})

test('settings are made once, also by callers at once', async () => {
  const { records } = await someRecords()
  let made = 0
  const values = await Promise.all(
    Array.from({ length: 20 }, () => records.settings.getOrCreate('secret', () => `value ${++made}`)),
  )
  expect(new Set(values).size).toBe(1)
  expect(await records.settings.get('secret')).toBe(values[0])
  await records.settings.set('secret', 'other')
  expect(await records.settings.get('secret')).toBe('other')
})

test('the audit lists newest first in pages and by what was done to whom', async () => {
  const { records } = await someRecords()
  for (let index = 0; index < 25; index++) {
    await records.audit.append({ actor: index % 2 ? 'asha' : 'system', action: 'tested', detail: { index } })
  }
  const seen: unknown[] = []
  let cursor: string | undefined
  do {
    const page = await records.audit.list({ limit: 10, cursor })
    seen.push(...page.items.map((entry) => entry.detail.index))
    cursor = page.nextCursor
  } while (cursor !== undefined)
  expect(seen).toEqual(Array.from({ length: 25 }, (_, index) => 24 - index))
  expect((await records.audit.list({ limit: 100, actor: 'asha' })).items).toHaveLength(12)
  expect((await records.audit.list({ limit: 100, subject: 'user:1' })).items).toEqual([])
})
