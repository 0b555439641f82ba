import { request } from 'node:http'
import { AppError } from '../../contracts/errors.ts'
import type { ControlActionName, ControlActions } from './actions.ts'
import { controlAddress } from './address.ts'

/** A server too busy to say that it lives is still a server. Backups take their time and are waited for. */
const statusTimeoutMs = 5000

/** Signs that nobody listens: no socket, or one left behind by a process that was killed. */
const nobodyThere = new Set(['ENOENT', 'ECONNREFUSED'])

/**
 * Asks the server that runs on a data directory.
 * @returns undefined when none runs there
 * @throws AppError as the action throws it, or `control-unreachable`
 */
export async function askServer<N extends ControlActionName>(
  dataDir: string,
  name: N,
  input: Parameters<ControlActions[N]>[0],
): Promise<Awaited<ReturnType<ControlActions[N]>> | undefined> {
  const answer = await post({ dataDir, name, body: JSON.stringify(input) }).catch((error: unknown) => {
    if (nobodyThere.has((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw new AppError('unavailable', 'control-unreachable', `a server runs on ${dataDir} but does not answer`, {
      cause: error,
    })
  })
  if (answer === undefined) return undefined
  const body = JSON.parse(answer) as {
    readonly result?: Awaited<ReturnType<ControlActions[N]>>
    readonly error?: { readonly code: string; readonly message: string }
  }
  if (body.error) throw new AppError('conflict', body.error.code, body.error.message)
  return body.result
}

interface Call {
  readonly dataDir: string
  readonly name: ControlActionName
  readonly body: string
}

function post({ dataDir, name, body }: Call): Promise<string> {
  const options = { socketPath: controlAddress(dataDir), path: `/${name}`, method: 'POST', agent: false }
  return new Promise((resolve, reject) => {
    const sent = request({ ...options, ...(name === 'status' && { timeout: statusTimeoutMs }) }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve(Buffer.concat(chunks).toString()))
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${statusTimeoutMs} ms`)))
    sent.end(body)
  })
}
