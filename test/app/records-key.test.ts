import { existsSync, readFileSync, rmSync } from 'node:fs'
import { expect, it } from 'vitest'
import { layOut } from '../../app/data-dir.ts'
import { backUpOffline, resetPasswordOffline } from '../../app/offline.ts'
import { aTempDir } from '../support/temp-dir.ts'
import { administrator, startRealPrahari } from './running-prahari.ts'

const email = administrator.email

async function aUsedDataDir(env: Record<string, string> = {}) {
  const path = await aTempDir()
  const server = await startRealPrahari(path, env)
  await server.stop()
  return layOut(path)
}

it('a key that is not the one the records had is refused, by the server and by a command', async () => {
  const { path } = await aUsedDataDir({ PRAHARI_RECORDS_KEY: 'the key of this city, 32 bytes long' })
  const wrong = { PRAHARI_RECORDS_KEY: 'the key of another city, 32 bytes too' }
  await expect(startRealPrahari(path, wrong)).rejects.toMatchObject({ code: 'records-key-wrong' })
  const config = { dataDir: path, recordsKey: wrong.PRAHARI_RECORDS_KEY }
  await expect(resetPasswordOffline(config, email)).rejects.toMatchObject({ code: 'records-key-wrong' })
})

it('a key that was left out is not drawn anew over the records, nor left lying there', async () => {
  const { path, recordsKeyPath } = await aUsedDataDir({ PRAHARI_RECORDS_KEY: 'the key of this city, 32 bytes long' })
  expect(existsSync(recordsKeyPath)).toBe(false)
  const config = { dataDir: path, recordsKey: undefined }
  await expect(resetPasswordOffline(config, email)).rejects.toMatchObject({ code: 'records-key-wrong' })
  await expect(startRealPrahari(path)).rejects.toMatchObject({ code: 'records-key-wrong' })
  expect(existsSync(recordsKeyPath)).toBe(false)
})

it('a key file that was lost is told, and the one that was put back opens again', async () => {
  const { path, recordsKeyPath } = await aUsedDataDir()
  const key = readFileSync(recordsKeyPath, 'utf8')
  rmSync(recordsKeyPath)
  await expect(backUpOffline({ dataDir: path, recordsKey: undefined }, `${path}-copy`)).rejects.toMatchObject({
    code: 'records-key-wrong',
  })
  expect(await resetPasswordOffline({ dataDir: path, recordsKey: key }, email)).toHaveProperty('password')
})
