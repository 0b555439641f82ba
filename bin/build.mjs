#!/usr/bin/env node
// Builds what is missing or out of date: the server (tsc -> dist/) and the dashboard (vite -> dist/dashboard/).
// What is up to date is told by the content of the sources, not by file times: a checkout or a copy changes those.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const dist = join(root, 'dist')

const serverFolders = [
  'contracts',
  'broker',
  'ingest',
  'store',
  'safety',
  'people',
  'analytics',
  'api',
  'devices',
  'app',
  'bench',
]

const targets = [
  {
    name: 'server',
    sources: [...serverFolders, 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'],
    outputs: serverFolders.map((folder) => join(dist, folder)),
    command: ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'],
  },
  {
    name: 'dashboard',
    sources: ['dashboard', 'contracts', 'tsconfig.json', 'package-lock.json'],
    outputs: [join(dist, 'dashboard')],
    command: ['node_modules/vite/bin/vite.js', 'build', 'dashboard', '--logLevel', 'warn'],
  },
]

/** Builds every target whose sources changed since it was last built. */
export async function buildWhatIsStale({ force = false } = {}) {
  // A release holds dist/ and no sources: nothing to compare, nothing to build.
  if (!existsSync(join(root, 'tsconfig.build.json'))) return
  if (!force && targets.every(isFresh)) return
  assertToolsInstalled()
  await withLock(async () => {
    // Asked again: another process may have built it while this one waited.
    const stale = targets.filter((target) => force || !isFresh(target))
    if (stale.length === 0) return
    const startedMs = Date.now()
    process.stderr.write(`Building the ${stale.map(({ name }) => name).join(' and the ')} ...\n`)
    await Promise.all(stale.map(build))
    process.stderr.write(`Built in ${((Date.now() - startedMs) / 1000).toFixed(1)} s.\n`)
  })
}

/** One build at a time: two would delete each other's output. */
async function withLock(work) {
  const lock = join(dist, '.building')
  mkdirSync(dist, { recursive: true })
  while (!tryLock(lock)) await new Promise((resolve) => setTimeout(resolve, 200))
  try {
    await work()
  } finally {
    rmSync(lock, { force: true })
  }
}

function tryLock(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    if (!isAlive(readLockHolder(lock))) rmSync(lock, { force: true })
    return false
  }
}

/** @returns undefined when the lock was given up meanwhile or is just being written */
function readLockHolder(lock) {
  try {
    return Number(readFileSync(lock, 'utf8')) || undefined
  } catch {
    return undefined
  }
}

function isAlive(pid) {
  if (pid === undefined) return true
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

function isFresh(target) {
  const stamp = stampPath(target)
  return existsSync(stamp) && target.outputs.some(existsSync) && readFileSync(stamp, 'utf8') === digest(target)
}

async function build(target) {
  const stamp = stampPath(target)
  const sources = digest(target)
  rmSync(stamp, { force: true })
  for (const output of target.outputs) rmSync(output, { recursive: true, force: true })
  await run(target)
  mkdirSync(dist, { recursive: true })
  writeFileSync(stamp, sources)
}

function run({ name, command }) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, command, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
    child.on('error', reject)
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new BuildError(`the ${name} did not build`))))
  })
}

function assertToolsInstalled() {
  const missing = targets.map(({ command }) => command[0]).filter((tool) => !existsSync(join(root, tool)))
  if (missing.length > 0) throw new BuildError('the build tools are not installed: run "npm ci" first')
}

const stampPath = ({ name }) => join(dist, `.${name}-sources`)

/** SHA-256 over path and content of every source, in a fixed order. */
function digest({ sources }) {
  const hash = createHash('sha256').update(process.versions.node.split('.')[0])
  for (const path of sources.flatMap(listFiles).sort()) {
    hash.update(`\0${path}\0`).update(readFileSync(join(root, path)))
  }
  return hash.digest('hex')
}

function listFiles(path) {
  const full = join(root, path)
  if (!existsSync(full)) return []
  if (path.includes('.')) return [path]
  return readdirSync(full, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter((file) => !file.includes('node_modules'))
}

export class BuildError extends Error {}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  buildWhatIsStale({ force: process.argv.includes('--force') }).catch((error) => {
    process.stderr.write(`${error instanceof BuildError ? error.message : error.stack}\n`)
    process.exit(1)
  })
}
