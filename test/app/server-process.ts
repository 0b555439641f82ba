import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { projectRoot } from '../house/project-files.ts'

/** `prahari start` as people run it. */
export interface ServerProcess {
  readonly child: ChildProcess
  /** All it has printed. */
  readonly output: () => string
  /** Resolves once the output matches. */
  readonly until: (pattern: RegExp) => Promise<RegExpExecArray>
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
}

export function runStart(env: Record<string, string>): ServerProcess {
  const ours = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(PRAHARI_|NODE_ENV$)/.test(name)))
  const child = spawn(process.execPath, [join(projectRoot, 'bin/prahari.mjs'), 'start'], {
    env: { ...ours, PRAHARI_HTTP_PORT: '0', PRAHARI_MQTT_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  const looks = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += String(chunk)
      for (const look of [...looks]) look()
    })
  }
  const exited = once(child, 'close').then(([code, signal]) => ({ code, signal }))
  const until = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(output)
        if (!found) return
        looks.delete(look)
        resolve(found)
      }
      looks.add(look)
      look()
      void exited.then(({ code }) => reject(new Error(`ended with ${code} before ${pattern}:\n${output}`)))
    })
  return { child, output: () => output, until, exited }
}
