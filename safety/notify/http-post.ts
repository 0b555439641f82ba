import type { ChannelName } from '../../contracts/ports/messages.ts'
import { channelError } from './channel-error.ts'

interface HttpPost {
  readonly channel: ChannelName
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly signal: AbortSignal
  /** Finds a reason worth a log line in the body of a refusal. */
  readonly findReason?: (body: string) => string | undefined
}

/** Of a refusal's body; the body of a success is not read at all. */
const bodyBytesMax = 8192

/**
 * One POST. A redirect is a refusal: whoever answers there was not the one configured, nor is the body theirs to read.
 * @throws AppError as `MessageChannel.send`
 */
export async function post({ channel, url, headers, body, signal, findReason }: HttpPost): Promise<void> {
  const response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' }).catch((error) => {
    throw channelError(channel, 'channel-unreachable', describeFailure(error, signal))
  })
  if (response.ok) {
    await response.body?.cancel().catch(() => undefined)
    return
  }
  const found = findReason?.(await readStart(response))
  await response.body?.cancel().catch(() => undefined)
  const reason = `HTTP ${response.status}${found === undefined ? '' : `, ${found}`}`
  throw channelError(channel, mayPass(response.status) ? 'channel-busy' : 'channel-refused', reason)
}

/** Too early, too many, too slow, or broken on the other side. */
function mayPass(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500
}

function describeFailure(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'no answer in time'
  const cause = error instanceof Error ? error.cause : undefined
  // A name such as ECONNREFUSED; messages would repeat the URL, which may hold a key.
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return typeof code === 'string' ? code : 'connection failed'
}

/** As much of the body as is looked at; what arrives no more does not matter. */
async function readStart(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of response.body ?? []) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes >= bodyBytesMax) break
    }
  } catch {
    // The status has said it all.
  }
  return Buffer.concat(chunks).toString('utf8', 0, bodyBytesMax)
}
