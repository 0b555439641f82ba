import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const projectRoot = fileURLToPath(new URL('../..', import.meta.url))

const notOurs = new Set(['node_modules', '.git', 'dist', 'data', 'coverage', 'bench-results'])

export interface ProjectFile {
  /** Relative to the project, with forward slashes. */
  readonly path: string
  readonly read: () => string
}

/** Every file of the project itself. */
export function listProjectFiles(): ProjectFile[] {
  return list('').map((path) => ({ path, read: () => readFileSync(join(projectRoot, path), 'utf8') }))
}

function list(folder: string): string[] {
  return readdirSync(join(projectRoot, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) return folder === '' && notOurs.has(entry.name) ? [] : list(path)
    return entry.isFile() ? [path] : []
  })
}
