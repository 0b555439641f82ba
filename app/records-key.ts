import { existsSync, rmSync } from 'node:fs'
import { AppError } from '../contracts/errors.ts'
import { type DataDir, readOrDrawSecret } from './data-dir.ts'

/**
 * Opens the records with their key: the configured one, or that of the data directory, which is drawn when there is none.
 * One that was drawn for records that already had another is taken back, so that it does not stand in the way later.
 */
export async function openWithRecordsKey<T>(
  { dataDir, configured }: { readonly dataDir: DataDir; readonly configured: string | undefined },
  open: (key: string) => Promise<T>,
): Promise<T> {
  const isDrawn = configured === undefined && !existsSync(dataDir.recordsKeyPath)
  try {
    return await open(configured ?? readOrDrawSecret(dataDir.recordsKeyPath))
  } catch (error) {
    if (isDrawn && error instanceof AppError && error.code === 'records-key-wrong') rmSync(dataDir.recordsKeyPath)
    throw error
  }
}
