import { type IncomingMessage, request } from 'node:http'
import { createInterface } from 'node:readline'
import { AppError } from '../../contracts/errors.ts'
import type { ControlActionName, ControlActions } from './actions.ts'
import { controlAddress } from './address.ts'

/** A server too busy to say that it lives is still a server. Backups take their time and are waited for. */
const statusTimeoutMs = 5000

/** Signs that nobody listens: no socket, or one left behind by a process that was killed. */
const nobodyThere = new Set(['ENOENT', 'ECONNREFUSED'])

/**
 * Asks the server that runs on a data directory.
 * @param onProgress told of each line that comes before the answer
 * @returns undefined when none runs there
 * @throws AppError as the action throws it, or `control-unreachable`
 */
export async function askServer<N extends ControlActionName>(
  dataDir: string,
  name: N,
  input: Parameters<ControlActions[N]>[0],
  onProgress: (progress: unknown) => void = () => {},
): Promise<Awaited<ReturnType<ControlActions[N]>> | undefined> {
  const answer = await post({ dataDir, name, body: JSON.stringify(input), onProgress }).catch((error: unknown) => {
    if (nobodyThere.has((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw new AppError('unavailable', 'control-unreachable', `a server runs on ${dataDir} but does not answer`, {
      cause: error,
    })
  })
  if (answer?.error) throw new AppError('conflict', answer.error.code, answer.error.message)
  return answer?.result as Awaited<ReturnType<ControlActions[N]>> | undefined
}

interface Call {
  readonly dataDir: string
  readonly name: ControlActionName
  readonly body: string
  readonly onProgress: (progress: unknown) => void
}

/** One line of what the server says: any number of them with progress, and one with either of the others. */
interface Line {
  readonly progress?: unknown
  readonly result?: unknown
  readonly error?: { readonly code: string; readonly message: string }
}

function post({ dataDir, name, body, onProgress }: Call): Promise<Line> {
  const options = { socketPath: controlAddress(dataDir), path: `/${name}`, method: 'POST', agent: false }
  return new Promise((resolve, reject) => {
    const sent = request({ ...options, ...(name === 'status' && { timeout: statusTimeoutMs }) }, (response) => {
      readAnswer(response, onProgress).then(resolve, reject)
    })
    sent.on('error', reject)
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${statusTimeoutMs} ms`)))
    sent.end(body)
  })
}

async function readAnswer(response: IncomingMessage, onProgress: (progress: unknown) => void): Promise<Line> {
  for await (const text of createInterface({ input: response })) {
    const line = JSON.parse(text) as Line
    if (!('progress' in line)) return line
    onProgress(line.progress)
  }
  throw new Error('the server went away before it had answered')
}
