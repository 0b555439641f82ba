import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'

/** False where Redis is not installed; tests that need it say so and skip. */
export const hasRedisServer = spawnSync('redis-server', ['--version']).error === undefined

export interface RedisServer {
  readonly url: string
  /** Runs one command and returns what `redis-cli` prints. */
  ask(...command: readonly string[]): string
  /** Ends the process and what it held; `restart` brings an empty one back on the same port. */
  kill(): Promise<void>
  restart(): Promise<void>
  /** Connections stay open and nothing is answered, as when a machine hangs. */
  freeze(): void
  thaw(): void
  close(): Promise<void>
}

/** A Redis of the running test's own. */
export async function aRedisServer(settings: readonly string[] = []): Promise<RedisServer> {
  const server = await startRedisServer(settings)
  onTestFinished(() => server.close())
  return server
}

/**
 * Debian's Redis on a free port of this machine, in a directory of its own and without persistence.
 * @param settings further words of the command line, `['--requirepass', '...']`
 */
export async function startRedisServer(settings: readonly string[] = []): Promise<RedisServer> {
  const dir = await mkdtemp(join(tmpdir(), 'prahari-redis-'))
  const usual = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', dir]
  let port = 0
  let child: ChildProcess | undefined

  async function start(): Promise<void> {
    child = spawn('redis-server', ['--port', String(port), ...usual, ...settings], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const lines: string[] = []
    for await (const line of createInterface({ input: child.stdout! })) {
      lines.push(line)
      if (line.includes('Ready to accept connections')) break
    }
    if (!lines.at(-1)?.includes('Ready to accept')) throw new Error(`redis-server did not start:\n${lines.join('\n')}`)
    child.stdout!.resume()
  }

  async function kill(): Promise<void> {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }

  port = await findFreePort()
  await start()
  return {
    url: `redis://127.0.0.1:${port}`,
    ask(...command) {
      const { stdout } = spawnSync('redis-cli', ['-p', String(port), ...command], { encoding: 'utf8' })
      return stdout.trim()
    },
    kill,
    restart: start,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    async close() {
      await kill()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}
