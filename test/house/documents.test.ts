import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { createProgram } from '../../app/cli.ts'
import { configurationGuide, envExample } from '../../app/config/documents.ts'
import { variables } from '../../app/config/variables.ts'
import { listProjectFiles, projectRoot } from './project-files.ts'

const read = (path: string) => readFileSync(join(projectRoot, path), 'utf8')
const documents = listProjectFiles().filter(({ path }) => path.endsWith('.md'))

const quiet = { env: {}, workingDir: projectRoot, isTerminal: false, out: () => undefined, err: () => undefined }

function commandNames(command: Command, prefix = ''): string[] {
  return command.commands.flatMap((child) => {
    const name = `${prefix}${child.name()}`
    return [name, ...commandNames(child, `${name} `)]
  })
}

/** Lines of fenced code blocks, where commands stand. */
function codeLines(text: string): string[] {
  return [...text.matchAll(/^```(?:sh|bash|console)?\n([\s\S]*?)^```/gm)].flatMap(([, block]) => block!.split('\n'))
}

describe('the documents', () => {
  it('name only npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const named = documents.flatMap(({ path, read: text }) =>
      [...text().matchAll(/npm run ([\w:-]+)/g)].map(([, script]) => ({ path, script: script! })),
    )
    expect(named.length).toBeGreaterThan(0)
    expect(named.filter(({ script }) => !(script in scripts))).toEqual([])
  })

  it('name only commands of prahari that exist', () => {
    const names = commandNames(createProgram(quiet))
    const named = documents.flatMap(({ path, read: text }) =>
      codeLines(text()).flatMap((line) =>
        [...line.matchAll(/(?:^|\s)(?:npx )?prahari ([a-z]+(?: [a-z]+(?:-[a-z]+)*)?)/g)].map(([, words]) => ({
          path,
          words: words!,
        })),
      ),
    )
    expect(named.length).toBeGreaterThan(0)
    expect(named.filter(({ words }) => !names.includes(words) && !names.includes(words.split(' ')[0]!))).toEqual([])
  })

  it('link only to files that exist', () => {
    const broken = documents.flatMap(({ path, read: text }) =>
      [...text().matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
        .map(([, target]) => target!)
        .filter((target) => !existsSync(join(projectRoot, dirname(path), target)))
        .map((target) => `${path} -> ${target}`),
    )
    expect(broken).toEqual([])
  })

  it('list every decision', () => {
    const index = read('docs/decisions/README.md')
    const decisions = documents.filter(({ path }) => /^docs\/decisions\/0\d+-.*\.md$/.test(path))
    expect(decisions.length).toBeGreaterThan(0)
    expect(
      decisions.filter(({ path }) => !index.includes(`(${path.split('/').at(-1)})`)).map(({ path }) => path),
    ).toEqual([])
  })

  it('name only variables that exist', () => {
    const named = documents.flatMap(({ path, read: text }) =>
      [...text().matchAll(/\bPRAHARI_[A-Z_]+\b/g)].map(([name]) => ({ path, name })),
    )
    expect(named.filter(({ name }) => !(name in variables))).toEqual([])
  })

  // Both are written by app/config/documents.ts; `npx vitest run test/house -u` brings them up to date.
  it('explain every variable as the code does', async () => {
    await expect(configurationGuide()).toMatchFileSnapshot(join(projectRoot, 'docs/configuration.md'))
  })

  it('have an .env.example with every variable and its default', async () => {
    await expect(envExample()).toMatchFileSnapshot(join(projectRoot, '.env.example'))
  })
})
