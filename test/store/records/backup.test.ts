import { readdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openRecords } from '../../../store/index.ts'
import { aTempDir } from '../../support/temp-dir.ts'
import { aDevice, recordsKey, silentLog, someRecords } from './fixture.ts'

test('a copy made while writing goes on holds whole transactions only', async () => {
  const { records, bus, clock } = await someRecords()
  const target = join(await aTempDir(), 'to', 'records.sqlite')
  let pairs = 0
  let isCopying = true
  const writing = (async () => {
    do {
      // Each pair is one step: a copy that holds one half is not consistent.
      await records.transaction(async ({ settings }) => {
        await settings.set(`left-${pairs}`, 'x'.repeat(500))
        await settings.set(`right-${pairs}`, 'x'.repeat(500))
      })
      pairs += 1
      if (pairs % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
    } while (isCopying)
  })()
  const sizeBytes = await records.backup(target)
  isCopying = false
  await writing

  expect((await stat(target)).size).toBe(sizeBytes)
  expect(await readdir(dirname(target))).toEqual(['records.sqlite'])
  const copy = await openRecords({ path: target, key: recordsKey, bus, now: clock.now, log: silentLog })
  onTestFinished(() => copy.close())
  const { settings } = (await copy.stats()).rows
  expect(settings).toBeGreaterThan(1)
  // One more than the pairs is the store's own.
  for (let pair = 0; pair < (settings! - 1) / 2; pair++) {
    expect(await copy.settings.get(`left-${pair}`)).toBeDefined()
    expect(await copy.settings.get(`right-${pair}`)).toBeDefined()
  }
})

test('what was written before the backup is in it, what comes after is not', async () => {
  const { records, bus, clock } = await someRecords()
  const target = join(await aTempDir(), "it's a copy.sqlite")
  await records.devices.register(aDevice({ id: 'before' }))
  await records.backup(target)
  await records.devices.register(aDevice({ id: 'after' }))
  const copy = await openRecords({ path: target, key: recordsKey, bus, now: clock.now, log: silentLog })
  onTestFinished(() => copy.close())
  expect((await copy.devices.list({ limit: 10 })).items.map(({ id }) => id)).toEqual(['before'])
})

test('nothing is overwritten', async () => {
  const { records } = await someRecords()
  const target = join(await aTempDir(), 'records.sqlite')
  await writeFile(target, 'precious')
  await expect(records.backup(target)).rejects.toMatchObject({ code: 'backup-exists' })
})

test('a backup that cannot be written leaves nothing behind', async () => {
  const { records } = await someRecords()
  const dir = await aTempDir()
  await writeFile(join(dir, 'file'), '')
  await expect(records.backup(join(dir, 'file', 'records.sqlite'))).rejects.toThrow()
  expect(await readdir(dir)).toEqual(['file'])
  expect(await records.isHealthy()).toBe(true)
})
