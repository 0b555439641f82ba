import { useState } from 'react'
import { HttpError } from '../http/http-error.ts'
import { type Attempt, useAttempt } from '../ui/use-attempt.ts'

/** A one-time code that was asked for. */
export interface SentCode {
  /** Undefined until one is on its way. */
  readonly expiresAtMs: number | undefined
  /** From when on another one may be asked for. */
  readonly againAtMs: number
  readonly attempt: Attempt
  /** @returns whether a code is on its way */
  readonly send: () => Promise<boolean>
  /** As if none had been asked for. */
  readonly forget: () => void
}

/** A message takes a while to arrive; who is too quick gets two codes, of which the first is worth nothing. */
const pauseMs = 30_000

/** @param ask has the code sent; the answer says how long it is good */
export function useSentCode(ask: () => Promise<{ readonly expiresInS: number }>): SentCode {
  const [expiresAtMs, setExpiresAtMs] = useState<number>()
  const [againAtMs, setAgainAtMs] = useState(0)
  const attempt = useAttempt()

  async function askOnce(): Promise<void> {
    try {
      const { expiresInS } = await ask()
      setExpiresAtMs(Date.now() + expiresInS * 1000)
      setAgainAtMs(Date.now() + pauseMs)
    } catch (thrown) {
      if (thrown instanceof HttpError && thrown.status === 429) {
        setAgainAtMs(Date.now() + (thrown.retryAfterS === undefined ? pauseMs : thrown.retryAfterS * 1000))
      }
      throw thrown
    }
  }

  return {
    expiresAtMs,
    againAtMs,
    attempt,
    send: () => attempt.run(askOnce),
    forget: () => setExpiresAtMs(undefined),
  }
}
