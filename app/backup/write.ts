import { existsSync, readdirSync } from 'node:fs'
import { copyFile, cp, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { AppError } from '../../contracts/errors.ts'
import type { TimeSeriesReader, TimeSeriesUpkeep } from '../../contracts/ports/time-series.ts'
import type { Records } from '../../store/index.ts'
import { type DataDir, layOut } from '../data-dir.ts'
import { type BackupManifest, writeManifest } from './manifest.ts'

export interface BackupSource {
  readonly dataDir: DataDir
  readonly records: Pick<Records, 'backup' | 'stats'> & { readonly audit: Pick<Records['audit'], 'append' | 'head'> }
  readonly timeSeries: Pick<TimeSeriesUpkeep, 'backup'> & Pick<TimeSeriesReader, 'stats'>
  readonly version: string
  readonly now: () => number
}

/**
 * Copies both stores, evidence and the keys while they are in use. The directory appears whole or not at all.
 *
 * The time series goes first: transitions it had not yet handed on are then handed on again after a restore, which is
 * harmless, while the other order could restore records that never heard of them. The broker's sessions stay behind:
 * commands wait in the records, and a device whose session is gone subscribes again [MQTT-3.2.2-2].
 * @throws AppError `backup-exists`
 */
export async function writeBackup(source: BackupSource, directory: string): Promise<BackupManifest> {
  const target = resolve(directory)
  if (existsSync(target) && readdirSync(target).length > 0) {
    throw new AppError('conflict', 'backup-exists', `${target} is there already and not empty`)
  }
  const partial = `${target}.partial`
  await rm(partial, { recursive: true, force: true })
  await mkdir(dirname(target), { recursive: true })
  await mkdir(partial, { mode: 0o700 })
  try {
    const manifest = await fill(source, partial)
    await rm(target, { recursive: true, force: true })
    await rename(partial, target)
    await noteBackup(source, target, manifest)
    return manifest
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    throw error
  }
}

/** It holds what people are known by and the keys: that there is one more of it must not go unnoticed. */
async function noteBackup({ records }: BackupSource, directory: string, { files }: BackupManifest): Promise<void> {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  await records.audit.append({ actor: 'system', action: 'backup-made', detail: { directory, bytes } })
}

async function fill({ dataDir, records, timeSeries, version, now }: BackupSource, directory: string) {
  const copy = layOut(directory)
  const createdAt = new Date(now()).toISOString()
  await timeSeries.backup(copy.timeSeriesDir)
  // Before the copy, which therefore holds it.
  const auditHead = await records.audit.head()
  await records.backup(copy.recordsPath)
  // After the records: what they speak of is there. Evidence is written once and never changed.
  if (existsSync(dataDir.evidenceDir)) await cp(dataDir.evidenceDir, copy.evidenceDir, { recursive: true })
  for (const key of ['jwtSecretPath', 'recordsKeyPath', 'demoSecretPath'] as const) {
    // Absent when a variable gives it, or without a demo city.
    if (existsSync(dataDir[key])) await copyFile(dataDir[key], copy[key])
  }
  const rows = { ...(await timeSeries.stats()).rows, ...(await records.stats()).rows }
  return writeManifest(directory, { createdAt, version, rows, auditHead })
}

/** Deletes all but the newest dated backups of the nightly job; other names are left alone. */
export async function prune({ directory, keepCount }: { readonly directory: string; readonly keepCount: number }) {
  const dated = readdirSync(directory)
    .filter((name) => datedName.test(name))
    .sort()
    .reverse()
  for (const name of dated.slice(keepCount)) await rm(join(directory, name), { recursive: true, force: true })
}

const datedName = /^prahari-\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}Z$/

/** @returns for example `prahari-2026-01-31T02-30-00Z`; names sort by time */
export function datedBackupName(nowMs: number): string {
  return `prahari-${new Date(nowMs).toISOString().slice(0, 19).replaceAll(':', '-')}Z`
}
