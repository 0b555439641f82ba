import { chmodSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { AppError } from '../../contracts/errors.ts'
import type { Log } from '../log.ts'
import type { ActionContext, ControlActions, ServerStatus } from './actions.ts'
import { controlAddress } from './address.ts'
import { askServer } from './client.ts'

const bodyBytesMax = 64 * 1024

export interface ControlServerDeps {
  readonly dataDir: string
  readonly actions: ControlActions
  readonly log: Pick<Log, 'warn'>
}

/**
 * A socket in the data directory that is two things at once: the claim that keeps a second server off the directory,
 * and the way in for the command line of the same machine. A killed server leaves a socket nobody answers; a process
 * id in a file would be no such proof, in a container every server has the same one.
 */
export interface ControlServer {
  /** @throws AppError `data-dir-in-use` */
  claim(): Promise<void>
  release(): Promise<void>
}

export function createControlServer({ dataDir, actions, log }: ControlServerDeps): ControlServer {
  const address = controlAddress(dataDir)
  let server: Server | undefined

  async function claim(): Promise<void> {
    const running = await askServer(dataDir, 'status', {})
    if (running) throw inUse(dataDir, running)
    const isFile = process.platform !== 'win32'
    // The two stores lock their files as well: two claims in the same instant cannot both get past this point for long.
    if (isFile) rmSync(address, { force: true })
    server = await listen(address, (request, response) => {
      void answer(request, response).catch((error: unknown) => log.warn({ err: error }, 'control answer failed'))
    })
    if (isFile) chmodSync(address, 0o600)
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const name = request.url?.slice(1) ?? ''
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    response.setHeader('content-type', 'application/x-ndjson')
    const tell = (line: unknown) => response.write(`${JSON.stringify(line)}\n`)
    const context: ActionContext = { progress: (progress) => tell({ progress }), signal: gone.signal }
    try {
      if (!Object.hasOwn(actions, name)) throw new AppError('not-found', 'unknown-action', `there is no action ${name}`)
      const action = actions[name as keyof ControlActions] as (input: unknown, told: ActionContext) => Promise<unknown>
      tell({ result: await action(JSON.parse(await readBody(request)), context) })
    } catch (error) {
      if (gone.signal.aborted) return
      const known = error instanceof AppError
      if (!known) log.warn({ err: error, action: name }, 'control action failed')
      const message = error instanceof Error ? error.message : String(error)
      tell({ error: { code: known ? error.code : 'internal', message } })
    } finally {
      response.end()
    }
  }

  async function release(): Promise<void> {
    const closing = server
    server = undefined
    if (!closing) return
    closing.closeAllConnections()
    await new Promise<void>((resolve) => closing.close(() => resolve()))
  }

  return { claim, release }
}

function inUse(dataDir: string, { pid, startedAtMs, url }: ServerStatus): AppError {
  const since = new Date(startedAtMs).toISOString()
  return new AppError(
    'conflict',
    'data-dir-in-use',
    `another Prahari runs on ${dataDir} (process ${pid}, since ${since}${url ? `, at ${url}` : ''}). ` +
      'Stop it first, or give this one a directory of its own with PRAHARI_DATA_DIR.',
  )
}

function listen(
  address: string,
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(handle)
    server.once('error', reject)
    server.listen(address, () => {
      server.off('error', reject)
      resolve(server)
    })
  })
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request) {
    body += String(chunk)
    if (body.length > bodyBytesMax) throw new AppError('too-large', 'body-too-large', 'the request is too large')
  }
  return body || '{}'
}
