import { type ReactNode, useRef, useState } from 'react'
import type { Profile } from '../session/session.ts'
import { Mark } from '../ui/mark.tsx'
import { useAttempt } from '../ui/use-attempt.ts'
import { useReturnedFocus } from '../ui/use-returned-focus.ts'
import { AddressForm } from './address-form.tsx'
import { type AddressType, addressWords } from './address-words.ts'
import { ConfirmAddress } from './confirm-address.tsx'
import { addressesIn, type ProfileChange, withdrawalOf } from './profile-edit.ts'
import { saveProfile } from './save-profile.ts'

/** How messages and codes reach one, whether they have been shown to, and what is to take their place. */
export function AddressesCard({ user }: { user: Profile }) {
  return (
    <section className="card" aria-label="E-mail and phone">
      <h2>E-mail and phone</h2>
      <Address type="email" user={user} isConfirmed={user.isEmailVerified} />
      <Address type="phone" user={user} isConfirmed={user.isPhoneVerified} />
    </section>
  )
}

interface AddressProps {
  readonly type: AddressType
  readonly user: Profile
  readonly isConfirmed: boolean
}

function Address({ type, user, isConfirmed }: AddressProps) {
  const { label, noun, unconfirmed } = addressWords[type]
  const { present, pending } = addressesIn(user, type)
  const [isChanging, setIsChanging] = useState(false)
  const opener = useReturnedFocus(isChanging)
  const section = useRef<HTMLElement>(null)

  // What was filled in or pressed is gone then; whoever did it hears what became of it.
  function showOutcome(): void {
    section.current?.focus()
  }

  return (
    <section ref={section} className="address" aria-label={label} tabIndex={-1}>
      <div className="address-line">
        <h3 className="grow">{label}</h3>
        {!isChanging && (
          <button
            ref={opener}
            type="button"
            aria-label={`${present === undefined ? 'Add' : 'Change'} the ${noun}`}
            onClick={() => setIsChanging(true)}
          >
            {present === undefined ? 'Add' : 'Change'}
          </button>
        )}
      </div>
      <div className="address-line">
        <span className="address-value">{present ?? <span className="muted">none</span>}</span>
        <span role="status">
          {present !== undefined && (
            <Mark name={isConfirmed ? 'ok' : 'never-seen'} label={isConfirmed ? 'Confirmed' : 'Not confirmed'} />
          )}
        </span>
      </div>
      {isChanging && <AddressForm type={type} user={user} onDone={() => setIsChanging(false)} />}
      <p className="address-pending" role="status">
        {pending !== undefined && (
          <>
            Waits to be confirmed: <strong>{pending}</strong>
          </>
        )}
      </p>
      {/* What was sent to one address says nothing of the next. */}
      {pending !== undefined && (
        <Confirming
          isHidden={isChanging}
          hint={present === undefined ? 'Until then you have none.' : `Until then it stays ${present}.`}
        >
          <ConfirmAddress key={pending} type={type} onConfirmed={showOutcome}>
            <Withdraw change={withdrawalOf(user, type)} onWithdrawn={showOutcome} />
          </ConfirmAddress>
        </Confirming>
      )}
      {pending === undefined && present !== undefined && !isConfirmed && (
        <Confirming isHidden={isChanging} hint={unconfirmed}>
          <ConfirmAddress key={present} type={type} onConfirmed={showOutcome} />
        </Confirming>
      )}
    </section>
  )
}

interface ConfirmingProps {
  readonly isHidden: boolean
  readonly hint: string
  readonly children: ReactNode
}

/** Hidden, it keeps the code that was asked for. */
function Confirming({ isHidden, hint, children }: ConfirmingProps) {
  return (
    <div className="address-confirming" hidden={isHidden}>
      <p className="hint">{hint}</p>
      {children}
    </div>
  )
}

interface WithdrawProps {
  /** Undefined where only another wish can take the place of this one. */
  readonly change: ProfileChange | undefined
  readonly onWithdrawn: () => void
}

function Withdraw({ change, onWithdrawn }: WithdrawProps) {
  const attempt = useAttempt()
  if (change === undefined) return null
  return (
    <>
      <button
        type="button"
        disabled={attempt.busy}
        onClick={async () => {
          if (await attempt.run(() => saveProfile(change))) onWithdrawn()
        }}
      >
        Take it back
      </button>
      <p className="problem" role="alert">
        {attempt.problem}
      </p>
    </>
  )
}
