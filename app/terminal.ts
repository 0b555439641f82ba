import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { type Config, readConfig } from './config/config.ts'

/** What a command sees of the place it runs in. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly workingDir: string
  /** True when a person reads the output. */
  readonly isTerminal: boolean
  /** Results, one line each. */
  readonly out: (line: string) => void
  /** Progress and faults. */
  readonly err: (line: string) => void
}

/** The process itself, with the `.env` of the working directory under its environment. */
export function processTerminal(): Terminal {
  const workingDir = process.cwd()
  // Whoever reads may stop reading (`prahari kinds | head`): no reason to fail, least of all for a server.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosedPipe)
  return {
    env: { ...readEnvFile(join(workingDir, '.env')), ...process.env },
    workingDir,
    isTerminal: process.stdout.isTTY === true,
    out: (line) => void process.stdout.write(`${line}\n`),
    err: (line) => void process.stderr.write(`${line}\n`),
  }
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}

function readEnvFile(path: string): Record<string, string | undefined> {
  return existsSync(path) ? parseEnv(readFileSync(path, 'utf8')) : {}
}

type Overrides = Readonly<Record<string, string | undefined>>

/** The configuration of a command: its options are written over the variables they stand for. */
export function configOf(terminal: Terminal, overrides: Overrides = {}): Config {
  return readConfig({ ...terminal, env: override(terminal, overrides), serves: false })
}

/** The same for the command that serves. */
export function serverConfigOf(terminal: Terminal, overrides: Overrides): Config {
  return readConfig({ ...terminal, env: override(terminal, overrides), serves: true })
}

function override({ env }: Terminal, overrides: Overrides) {
  const given = Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined))
  return { ...env, ...given }
}
