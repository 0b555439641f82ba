import { AppError } from '../../contracts/errors.ts'
import type { ClaimedNotice, NoticeOutcome } from '../../store/index.ts'
import { isWorthRetrying } from './channel-error.ts'

export interface TryLimits {
  /** Tries by a channel that has another behind it. */
  readonly triesMaxBeforeFallback: number
  /** Tries by the last one. */
  readonly triesMax: number
  readonly restMsFirst: number
  readonly restMsMax: number
}

/**
 * What follows from a failed try.
 * @param random 0 to 1; spreads what failed together, so that it does not come back together
 */
export function decideAfterFailure(
  notice: Pick<ClaimedNotice, 'tries' | 'hasFallback'>,
  error: unknown,
  { limits, nowMs, random }: { readonly limits: TryLimits; readonly nowMs: number; readonly random: number },
): NoticeOutcome {
  const reason = error instanceof AppError ? error.code : 'unexpected'
  const isPerhapsTold = mayHaveArrived(error)
  const triesMax = notice.hasFallback ? limits.triesMaxBeforeFallback : limits.triesMax
  // What nobody foresaw may be a disk that is full for a moment.
  const mayPass = !(error instanceof AppError) || isWorthRetrying(error)
  if (!mayPass || notice.tries >= triesMax) return { type: 'failed', reason, isPerhapsTold }
  const restMs = Math.min(limits.restMsMax, limits.restMsFirst * 2 ** (notice.tries - 1)) * (0.5 + random / 2)
  return { type: 'again', reason, isPerhapsTold, nextTryAtMs: nowMs + Math.round(restMs) }
}

/** No connection was made, or no name was found: whatever stood in the message, nobody has it. */
const neverConnected = /\b(not connected|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EDNS)\b/

/** A refusal is an answer. An answer that never came may have been a yes. */
function mayHaveArrived(error: unknown): boolean {
  if (!(error instanceof AppError)) return true
  return error.code === 'channel-unreachable' && !neverConnected.test(error.message)
}
