import type { Socket } from 'socket.io'
import { z } from 'zod'
import { AppError } from '../../contracts/errors.ts'
import { liveEvents } from '../../contracts/live.ts'
import type { SocketNotice } from '../../contracts/ports/outbox.ts'

const shownSchema = z.object({ shown: z.literal(true) })
/** A socket that is gone and does not know it yet must not use up the time there is for other ways. */
const answerMsMax = 5000

/**
 * Tells a person's sockets at once; the first that shows it is enough.
 * @returns false when there is none
 * @throws AppError `channel-unreachable`
 */
export async function pageSockets(
  sockets: readonly Socket[],
  notice: SocketNotice,
  signal: AbortSignal,
): Promise<boolean> {
  if (sockets.length === 0) return false
  const answers = sockets.map(async (socket) => {
    const answer: unknown = await socket.timeout(answerMsMax).emitWithAck(liveEvents.notice, notice)
    if (!shownSchema.safeParse(answer).success || signal.aborted) throw new Error('not shown')
  })
  try {
    await Promise.any(answers)
    return true
  } catch {
    throw new AppError('unavailable', 'channel-unreachable', 'socket did not answer: nobody has seen the notice')
  }
}
