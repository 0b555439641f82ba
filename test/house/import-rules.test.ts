import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listProjectFiles, projectRoot } from './project-files.ts'

interface Violation {
  readonly from: string
  readonly rule: { readonly name: string }
}

/** Runs the checker on some folders. It exits with 1 when it finds anything, which is no failure here. */
function cruise(directory: string, folders: readonly string[]): readonly Violation[] {
  const checker = join(projectRoot, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs')
  const args = [checker, ...folders, '--config', '.dependency-cruiser.cjs', '--output-type', 'json']
  const options = { cwd: directory, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 } as const
  const output = execFileSync(process.execPath, args, options)
  return (JSON.parse(output) as { summary: { violations: Violation[] } }).summary.violations
}

/** Imports that must not be, and the rule that must say so. */
const forbiddenImports = [
  { from: 'contracts/bad.ts', imports: '../broker/index.ts', rule: 'contracts-imports' },
  { from: 'contracts/bad-library.ts', imports: 'aedes', rule: 'contracts-know-only-zod' },
  { from: 'contracts/bad-io.ts', imports: 'node:fs', rule: 'contracts-do-no-io' },
  { from: 'broker/bad-store.ts', imports: '../store/index.ts', rule: 'broker-imports' },
  { from: 'broker/bad-ingest.ts', imports: '../ingest/index.ts', rule: 'broker-imports' },
  { from: 'ingest/bad.ts', imports: '../broker/index.ts', rule: 'ingest-imports' },
  { from: 'ingest/bad-safety.ts', imports: '../safety/index.ts', rule: 'ingest-imports' },
  { from: 'api/bad-broker.ts', imports: '../broker/index.ts', rule: 'api-imports' },
  { from: 'api/bad-ingest.ts', imports: '../ingest/index.ts', rule: 'api-imports' },
  { from: 'store/bad.ts', imports: '../safety/index.ts', rule: 'store-imports' },
  { from: 'safety/bad.ts', imports: '../people/index.ts', rule: 'safety-imports' },
  { from: 'people/bad.ts', imports: '../safety/index.ts', rule: 'people-imports' },
  { from: 'people/bad-app.ts', imports: '../app/index.ts', rule: 'people-imports' },
  { from: 'devices/bad.ts', imports: '../store/index.ts', rule: 'devices-imports' },
  { from: 'dashboard/bad.ts', imports: '../api/index.ts', rule: 'dashboard-imports' },
  { from: 'ingest/bad-inside.ts', imports: '../store/inside.ts', rule: 'store-through-index' },
  { from: 'app/bad-inside.ts', imports: '../store/inside.ts', rule: 'store-through-index' },
  { from: 'api/bad-aedes.ts', imports: 'aedes', rule: 'only-broker-knows-aedes' },
  { from: 'app/bad-duckdb.ts', imports: '@duckdb/node-api', rule: 'only-store-knows-duckdb.' },
  { from: 'safety/bad-kysely.ts', imports: 'kysely', rule: 'only-store-knows-kysely' },
  { from: 'people/bad-libsql.ts', imports: 'libsql', rule: 'only-store-knows-libsql' },
  { from: 'app/bad-express.ts', imports: 'express', rule: 'only-api-knows-express' },
  { from: 'safety/bad-socket.ts', imports: 'socket.io', rule: 'only-api-knows-socket.io' },
  { from: 'api/bad-redis.ts', imports: 'ioredis', rule: 'only-apihttprediscountsts-knows-ioredis' },
  { from: 'app/bad-dev.ts', imports: 'playwright-core', rule: 'runs-without-dev-dependencies' },
  { from: 'safety/circle.ts', imports: './round.ts', rule: 'no-circles' },
  { from: 'safety/nowhere.ts', imports: './nothing-there.ts', rule: 'no-unresolved' },
] as const

const allowedImports = [
  { from: 'api/good.ts', imports: '../store/index.ts' },
  { from: 'store/good.ts', imports: '../contracts/index.ts' },
  { from: 'app/good.ts', imports: '../broker/index.ts' },
  { from: 'broker/good.ts', imports: 'aedes' },
  { from: 'safety/round.ts', imports: '../contracts/index.ts' },
] as const

const folders = [
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
  'dashboard',
]

describe('the import rules', () => {
  let directory: string
  let violations: readonly Violation[]

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'prahari-house-'))
    for (const folder of folders) writeModule(`${folder}/index.ts`, 'export {}\n')
    writeModule('store/inside.ts', 'export {}\n')
    for (const { from, imports } of [...forbiddenImports, ...allowedImports]) writeModule(from, `import '${imports}'\n`)
    writeModule('safety/round.ts', "import './circle.ts'\nimport '../contracts/index.ts'\n")
    cpSync(join(projectRoot, '.dependency-cruiser.cjs'), join(directory, '.dependency-cruiser.cjs'))
    cpSync(join(projectRoot, 'package.json'), join(directory, 'package.json'))
    cpSync(join(projectRoot, 'tsconfig.json'), join(directory, 'tsconfig.json'))
    symlinkSync(join(projectRoot, 'node_modules'), join(directory, 'node_modules'))
    violations = cruise(directory, folders)
  })
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  function writeModule(path: string, text: string): void {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), text)
  }

  it.each(forbiddenImports)('report that $from imports $imports', ({ from, rule }) => {
    expect(violations.filter((violation) => violation.from === from).map((violation) => violation.rule.name)).toContain(
      rule,
    )
  })

  it.each(allowedImports.slice(0, 4))('let $from import $imports', ({ from }) => {
    expect(violations.filter((violation) => violation.from === from)).toEqual([])
  })
})

describe('the environment', () => {
  it('is read in app/ and nowhere else in the server', () => {
    const readers = listProjectFiles()
      .filter(({ path }) =>
        /^(contracts|broker|ingest|store|safety|people|analytics|api|devices|dashboard)\/.*\.tsx?$/.test(path),
      )
      .filter(({ read }) => /process\s*\.\s*env|process\[['"]env/.test(read()))
    expect(readers.map(({ path }) => path)).toEqual([])
  })
})
