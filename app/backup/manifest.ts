import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { AppError, type ErrorDetail } from '../../contracts/errors.ts'

/** Rises when a backup is laid out differently; a server restores this layout and no newer one. */
export const backupFormat = 1
const manifestName = 'manifest.json'

const manifestSchema = z.strictObject({
  format: z.int().positive(),
  createdAt: z.iso.datetime(),
  /** Release that wrote it. */
  version: z.string(),
  /** What the stores held, as they counted it themselves right after the copy was made. */
  rows: z.record(z.string(), z.int().nonnegative()),
  /** Where the audit trail stood; `prahari audit verify --expect` holds the trail against it. */
  auditHead: z.strictObject({ seq: z.int().nonnegative(), chain: z.string().length(64) }).optional(),
  files: z.array(
    z.strictObject({
      /** Relative, with forward slashes. */
      path: z.string().regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$)).+$/, 'must stay inside the backup'),
      bytes: z.int().nonnegative(),
      sha256: z.string().length(64),
    }),
  ),
})
export type BackupManifest = z.infer<typeof manifestSchema>

/** Describes every file in the directory and writes the description beside them, last. */
export async function writeManifest(
  directory: string,
  about: Pick<BackupManifest, 'createdAt' | 'version' | 'rows' | 'auditHead'>,
): Promise<BackupManifest> {
  const files = []
  for (const path of await listFiles(directory)) {
    const full = join(directory, path)
    files.push({ path, bytes: (await stat(full)).size, sha256: await sha256Of(full) })
  }
  const manifest = { format: backupFormat, ...about, files }
  await writeFile(join(directory, manifestName), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600, flush: true })
  return manifest
}

/**
 * Reads the manifest and checks every file against it.
 * @throws AppError `not-a-backup`, `backup-too-new`, `backup-damaged` with one detail per file at fault
 */
export async function verifyBackup(directory: string): Promise<BackupManifest> {
  const manifest = await readManifest(directory)
  const present = (await listFiles(directory)).filter((path) => path !== manifestName)
  const details: ErrorDetail[] = present
    .filter((path) => !manifest.files.some((file) => file.path === path))
    .map((path) => ({ path, message: 'is not in the manifest' }))
  for (const { path, bytes, sha256 } of manifest.files) {
    const full = join(directory, path)
    if (!present.includes(path)) details.push({ path, message: 'is missing' })
    else if ((await stat(full)).size !== bytes) details.push({ path, message: `is not ${bytes} bytes long` })
    else if ((await sha256Of(full)) !== sha256) details.push({ path, message: 'differs from its SHA-256' })
  }
  if (details.length === 0) return manifest
  const list = details.map(({ path, message }) => `  ${path} ${message}`).join('\n')
  throw new AppError('invalid', 'backup-damaged', `the backup is damaged:\n${list}`, { details })
}

async function readManifest(directory: string): Promise<BackupManifest> {
  const text = await readFile(join(directory, manifestName), 'utf8').catch((cause: unknown) => {
    throw new AppError('invalid', 'not-a-backup', `${directory} is not a backup: it has no ${manifestName}`, { cause })
  })
  const parsed = manifestSchema.safeParse(parseJson(text))
  if (!parsed.success) {
    throw new AppError('invalid', 'not-a-backup', `${manifestName} in ${directory} cannot be read`, {
      cause: parsed.error,
    })
  }
  if (parsed.data.format > backupFormat) {
    throw new AppError(
      'invalid',
      'backup-too-new',
      `the backup was written by a newer release (${parsed.data.version})`,
    )
  }
  return parsed.data
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Every file below a directory, relative, in order. */
export async function listFiles(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .sort()
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
