import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { listProjectFiles, projectRoot } from './project-files.ts'

const self = 'test/house/cleanliness.test.ts'
const isText = /\.(ts|tsx|mjs|cjs|js|json|md|yml|yaml|css|html|example|sh)$|^(Dockerfile|\.ci\/run)$/
const texts = listProjectFiles().filter(
  ({ path }) => isText.test(path) && path !== self && path !== 'package-lock.json',
)
const sources = texts.filter(({ path }) => /\.(ts|tsx|mjs)$/.test(path))

/** `path:line: text` of every line that matches. */
function linesMatching(files: typeof texts, pattern: RegExp): string[] {
  return files.flatMap(({ path, read }) =>
    read()
      .split('\n')
      .flatMap((line, at) => (pattern.test(line) ? [`${path}:${at + 1}: ${line.trim().slice(0, 120)}`] : [])),
  )
}

describe('every file', () => {
  it('knows no path of one machine', () => {
    expect(
      linesMatching(texts, /(^|[\s'"`(=:])(\/work\/|\/home\/[a-z]|\/Users\/[A-Za-z]|\/root\/|[A-Z]:\\\\)/),
    ).toEqual([])
  })

  it('leaves nothing for later', () => {
    expect(linesMatching(sources, /\b(TODO|FIXME|XXX|HACK)\b/)).toEqual([])
  })

  it('runs every test it has', () => {
    const tests = sources.filter(({ path }) => path.startsWith('test/'))
    expect(linesMatching(tests, /\b(it|test|describe)\.(only|todo|skip)\(/)).toEqual([])
  })

  it('exports by name', () => {
    const ours = sources.filter(({ path }) => !/(^|\/)(vite(st)?\.config\.ts)$/.test(path))
    expect(linesMatching(ours, /^export default\b/)).toEqual([])
  })

  it('is short enough to read', () => {
    const longest = sources
      .map(({ path, read }) => ({ path, lines: read().split('\n').length }))
      .filter(({ path, lines }) => lines > (path.startsWith('test/') ? 500 : 400))
    expect(longest).toEqual([])
  })
})

describe('the lock file', () => {
  it('names no registry, so that everybody uses their own', () => {
    const lock = readFileSync(join(projectRoot, 'package-lock.json'), 'utf8')
    expect([...lock.matchAll(/"resolved": "(?!file:)[^"]*"/g)].map(([line]) => line).slice(0, 5)).toEqual([])
  })
})
