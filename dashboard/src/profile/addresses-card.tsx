import { type FormEvent, useEffect, useId, useRef, useState } from 'react'
import { request } from '../http/client.ts'
import { SendAgain } from '../session/send-again.tsx'
import { type Profile, recheckUser } from '../session/session.ts'
import { useSentCode } from '../session/use-sent-code.ts'
import { CodeField } from '../ui/field.tsx'
import { Mark } from '../ui/mark.tsx'
import { useAttempt } from '../ui/use-attempt.ts'
import { useReturnedFocus } from '../ui/use-returned-focus.ts'

type AddressType = 'email' | 'phone'

const words: Readonly<Record<AddressType, { readonly label: string; readonly unconfirmed: string }>> = {
  email: {
    label: 'E-mail',
    unconfirmed: 'Show that it is yours, and that what is sent there reaches you.',
  },
  phone: {
    label: 'Phone number',
    unconfirmed: 'Once it is confirmed, you can sign in with it.',
  },
}

/** How messages and codes reach one, and whether they have been shown to. */
export function AddressesCard({ user }: { user: Profile }) {
  return (
    <section className="card" aria-label="E-mail and phone">
      <h2>E-mail and phone</h2>
      <Address type="email" address={user.email} isConfirmed={user.isEmailVerified} />
      <Address type="phone" address={user.phone} isConfirmed={user.isPhoneVerified} />
    </section>
  )
}

interface AddressProps {
  readonly type: AddressType
  readonly address: string | undefined
  readonly isConfirmed: boolean
}

function Address({ type, address, isConfirmed }: AddressProps) {
  const { label, unconfirmed } = words[type]
  const section = useRef<HTMLElement>(null)
  const wasConfirmed = useRef(isConfirmed)
  useEffect(() => {
    // The form is gone; whoever filled it in hears what became of it.
    if (isConfirmed && !wasConfirmed.current) section.current?.focus()
    wasConfirmed.current = isConfirmed
  }, [isConfirmed])
  return (
    <section ref={section} className="address" aria-label={label} tabIndex={-1}>
      <div className="address-line">
        <h3>{label}</h3>
        <span className="address-value">{address ?? <span className="muted">none</span>}</span>
        <span role="status">
          {address !== undefined && (
            <Mark name={isConfirmed ? 'ok' : 'never-seen'} label={isConfirmed ? 'Confirmed' : 'Not confirmed'} />
          )}
        </span>
      </div>
      {address !== undefined && !isConfirmed && (
        <>
          <p className="hint">{unconfirmed}</p>
          {/* What was sent to one address says nothing of the next. */}
          <ConfirmAddress key={address} type={type} />
        </>
      )}
    </section>
  )
}

function ConfirmAddress({ type }: { type: AddressType }) {
  const [code, setCode] = useState('')
  const attempt = useAttempt()
  const problemId = useId()
  const path = `/api/auth/verify-${type}`
  const sent = useSentCode(() => request(path, { method: 'POST', body: {} }))
  const opener = useReturnedFocus(sent.expiresAtMs !== undefined)

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault()
    await attempt.run(async () => {
      await request(path, { method: 'POST', body: { code } })
      await recheckUser()
    })
  }

  if (sent.expiresAtMs === undefined) {
    return (
      <>
        <div className="row">
          <button ref={opener} type="button" disabled={sent.attempt.busy} onClick={() => void sent.send()}>
            {sent.attempt.busy ? 'Sending …' : 'Send a code'}
          </button>
        </div>
        <p className="problem" role="alert">
          {sent.attempt.problem}
        </p>
      </>
    )
  }
  return (
    <form className="form" onSubmit={(event) => void submit(event)}>
      <CodeField
        label={`Code from the ${type === 'email' ? 'e-mail' : 'text message'}`}
        takesFocus
        value={code}
        problemId={problemId}
        onValue={setCode}
      />
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
