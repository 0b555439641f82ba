import { randomBytes } from 'node:crypto'
import { accessSync, constants, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AppError } from '../contracts/errors.ts'

/** Where everything lies in a data directory. */
export interface DataDir {
  readonly path: string
  readonly recordsPath: string
  readonly timeSeriesDir: string
  readonly timeSeriesPath: string
  readonly brokerDir: string
  /** Photos and recordings of SOS. */
  readonly evidenceDir: string
  readonly jwtSecretPath: string
  /** What sealed columns of the records and the audit chain depend on. */
  readonly recordsKeyPath: string
  /** From which the secrets of the demo city's devices follow. */
  readonly demoSecretPath: string
}

export function layOut(path: string): DataDir {
  return {
    path,
    recordsPath: join(path, 'records.db'),
    timeSeriesDir: join(path, 'time-series'),
    // The name a backup of the store gives its file, so that restoring is copying.
    timeSeriesPath: join(path, 'time-series', 'time-series.duckdb'),
    brokerDir: join(path, 'broker'),
    evidenceDir: join(path, 'evidence'),
    jwtSecretPath: join(path, 'jwt-secret'),
    recordsKeyPath: join(path, 'records-key'),
    demoSecretPath: join(path, 'demo-secret'),
  }
}

/**
 * Makes the directory when it is not there, for its owner alone.
 * @throws AppError `data-dir-unusable`
 */
export function openDataDir(path: string): DataDir {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new AppError('unavailable', 'data-dir-unusable', `the data directory ${path} cannot be used: ${reason}`, {
      cause: error,
    })
  }
  return layOut(path)
}

/** A secret in a file of its own; drawn at the first start, readable by its owner alone. */
export function readOrDrawSecret(path: string): string {
  try {
    // `wx`: a secret that is there is never drawn over, what people and devices hold depends on it.
    writeFileSync(path, randomBytes(48).toString('base64url'), { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const secret = readFileSync(path, 'utf8').trim()
  if (secret.length >= 32) return secret
  throw new AppError('internal', 'secret-damaged', `${path} holds no usable secret; delete it to draw a new one`)
}
