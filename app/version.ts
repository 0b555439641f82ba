import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder that holds package.json: the folder above app/, and above dist/ when compiled. */
export const projectRoot = findRoot(dirname(fileURLToPath(import.meta.url)))

export const version = (JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { version: string })
  .version

function findRoot(folder: string): string {
  const above = dirname(folder)
  return above.endsWith(`${'/'}dist`) || above.endsWith('\\dist') ? dirname(above) : above
}
