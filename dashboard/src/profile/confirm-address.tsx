import { type FormEvent, type ReactNode, useId, useState } from 'react'
import { request } from '../http/client.ts'
import { SendAgain } from '../session/send-again.tsx'
import { recheckUser } from '../session/session.ts'
import { useSentCode } from '../session/use-sent-code.ts'
import { CodeField } from '../ui/field.tsx'
import { useAttempt } from '../ui/use-attempt.ts'
import { useReturnedFocus } from '../ui/use-returned-focus.ts'
import { type AddressType, addressWords } from './address-words.ts'

interface ConfirmAddressProps {
  readonly type: AddressType
  readonly onConfirmed: () => void
  /** What else one may do, beside having a code sent. */
  readonly children?: ReactNode
}

/** A code is sent to the address that waits, else to the one that is there; who can read it has shown that it is theirs. */
export function ConfirmAddress({ type, onConfirmed, children }: ConfirmAddressProps) {
  const [code, setCode] = useState('')
  const attempt = useAttempt()
  const problemId = useId()
  const path = `/api/auth/verify-${type}`
  const sent = useSentCode(() => request(path, { method: 'POST', body: {} }))
  const opener = useReturnedFocus(sent.expiresAtMs !== undefined)

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault()
    const isDone = await attempt.run(async () => {
      await request(path, { method: 'POST', body: { code } })
      await recheckUser()
    })
    if (isDone) onConfirmed()
  }

  if (sent.expiresAtMs === undefined) {
    return (
      <>
        <div className="row wrap">
          <button ref={opener} type="button" disabled={sent.attempt.busy} onClick={() => void sent.send()}>
            {sent.attempt.busy ? 'Sending …' : 'Send a code'}
          </button>
          {children}
        </div>
        <p className="problem" role="alert">
          {sent.attempt.problem}
        </p>
      </>
    )
  }
  return (
    <form className="form" onSubmit={(event) => void submit(event)}>
      <CodeField label={addressWords[type].codeLabel} takesFocus value={code} problemId={problemId} onValue={setCode} />
      <SendAgain code={sent} />
      <p id={problemId} className="problem" role="alert">
        {attempt.problem}
      </p>
      <div className="row end">
        <button type="button" onClick={sent.forget}>
          Cancel
        </button>
        <button type="submit" className="primary" disabled={attempt.busy}>
          {attempt.busy ? 'Confirming …' : 'Confirm'}
        </button>
      </div>
    </form>
  )
}
