import { useNowMs } from '../ui/clock.ts'
import { formatCountdown } from '../ui/format.ts'
import type { SentCode } from './use-sent-code.ts'

/** How long the code is still good, and a way to another one for whoever has waited a while. */
export function SendAgain({ code }: { code: SentCode }) {
  const nowMs = useNowMs()
  const leftMs = (code.expiresAtMs ?? 0) - nowMs
  const waitMs = code.againAtMs - nowMs
  return (
    <div className="send-again">
      <p className="muted number">
        {leftMs > 0 ? `The code is good for ${formatCountdown(leftMs)}.` : 'The code has expired.'}
      </p>
      <button
        type="button"
        className="link number"
        disabled={waitMs > 0 || code.attempt.busy}
        onClick={() => void code.send()}
      >
        Send another code{waitMs > 0 && ` in ${formatCountdown(waitMs)}`}
      </button>
      <p className="problem" role="alert">
        {code.attempt.problem}
      </p>
    </div>
  )
}
