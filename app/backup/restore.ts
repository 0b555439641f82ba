import { existsSync } from 'node:fs'
import { copyFile, mkdir, open, readdir, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { AppError } from '../../contracts/errors.ts'
import type { DataDir } from '../data-dir.ts'
import { type BackupManifest, verifyBackup } from './manifest.ts'

export interface RestoreOptions {
  readonly from: string
  /** The directory must be claimed by the caller: nobody else may use it meanwhile. */
  readonly to: DataDir
  /** Moves what is there into `before-restore-...` instead of refusing. */
  readonly force: boolean
  readonly nowMs: number
}

export interface RestoreReport {
  readonly manifest: BackupManifest
  /** Where the data that was there before lies now. */
  readonly movedTo: string | undefined
}

/**
 * Checks a backup whole before it touches anything, then copies it into an empty data directory.
 * @throws AppError `data-dir-not-empty`, and as `verifyBackup`
 */
export async function restoreBackup({ from, to, force, nowMs }: RestoreOptions): Promise<RestoreReport> {
  const manifest = await verifyBackup(from)
  const present = await listData(to.path)
  if (present.length > 0 && !force) {
    throw new AppError(
      'conflict',
      'data-dir-not-empty',
      `${to.path} holds data already (${present.join(', ')}). --force moves it aside.`,
    )
  }
  const movedTo = present.length > 0 ? await moveAside(to.path, present, nowMs) : undefined
  for (const { path } of manifest.files) await copyDurably(join(from, path), join(to.path, path))
  return { manifest, movedTo }
}

/** What belongs to a server; its claim, earlier asides and a volume's own `lost+found` do not. */
async function listData(path: string): Promise<string[]> {
  if (!existsSync(path)) return []
  const names = await readdir(path)
  return names.filter((name) => name !== 'control.sock' && name !== 'lost+found' && !name.startsWith('before-restore-'))
}

/** Inside the directory, because a data directory is often a mount and cannot be renamed itself. */
async function moveAside(path: string, names: readonly string[], nowMs: number): Promise<string> {
  const aside = join(path, `before-restore-${new Date(nowMs).toISOString().replaceAll(':', '-')}`)
  await mkdir(aside, { mode: 0o700 })
  for (const name of names) await rename(join(path, name), join(aside, name))
  return aside
}

async function copyDurably(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: 0o700 })
  await copyFile(from, to)
  const file = await open(to, 'r+')
  try {
    await file.chmod(0o600)
    await file.sync()
  } finally {
    await file.close()
  }
}
