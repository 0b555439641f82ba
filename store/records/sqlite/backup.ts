import { access, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import Database from 'libsql/promise'
import { AppError } from '../../../contracts/errors.ts'

/**
 * Copies the database while it is written to. A second connection reads one snapshot of the log, on a thread of
 * libsql's own, so nobody waits for a large copy.
 * @returns the size of the copy in bytes
 */
export async function backUp({ path, target }: { readonly path: string; readonly target: string }): Promise<number> {
  if (await exists(target)) throw new AppError('conflict', 'backup-exists', `${target} is there already`)
  await mkdir(dirname(target), { recursive: true })
  const partial = `${target}.partial`
  await rm(partial, { force: true })
  try {
    await vacuumInto(path, partial)
    const sizeBytes = await syncFile(partial)
    await rename(partial, target)
    await syncFile(dirname(target))
    return sizeBytes
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
}

async function vacuumInto(path: string, target: string): Promise<void> {
  const database = new Database(path, {})
  try {
    await database.exec('pragma busy_timeout = 30000')
    await database.exec(`vacuum into '${target.replaceAll("'", "''")}'`)
  } finally {
    database.close()
  }
}

/** SQLite does not sync what it vacuums into. */
async function syncFile(path: string): Promise<number> {
  const file = await open(path, 'r')
  try {
    await file.sync()
    return (await file.stat()).size
  } finally {
    await file.close()
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
