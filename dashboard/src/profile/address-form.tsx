import { type FormEvent, useId, useState } from 'react'
import type { Profile } from '../session/session.ts'
import { Field } from '../ui/field.tsx'
import { useAttempt } from '../ui/use-attempt.ts'
import { addressesOf } from '../users/person.ts'
import { type AddressType, addressWords } from './address-words.ts'
import { addressChangeOf, addressesIn } from './profile-edit.ts'
import { saveProfile } from './save-profile.ts'

interface AddressFormProps {
  readonly type: AddressType
  readonly user: Profile
  readonly onDone: () => void
}

/** Another address is wished for here; whoever merely found the session open does not know the password. */
export function AddressForm({ type, user, onDone }: AddressFormProps) {
  const { present, pending } = addressesIn(user, type)
  const [address, setAddress] = useState(pending ?? present ?? '')
  const [password, setPassword] = useState('')
  const attempt = useAttempt()
  const problemId = useId()
  const { label, noun } = addressWords[type]

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault()
    const change = addressChangeOf(user, { type, address, password })
    if (change === undefined || (await attempt.run(() => saveProfile(change)))) onDone()
  }

  return (
    <form className="form" aria-label={`Change the ${noun}`} onSubmit={(event) => void submit(event)}>
      <input type="text" name="username" autoComplete="username" value={addressesOf(user)[0] ?? ''} readOnly hidden />
      {type === 'email' ? (
        <Field
          label={`New ${noun}`}
          type="email"
          name="email"
          autoComplete="email"
          // One that is there can be changed and not taken away.
          required
          maxLength={254}
          takesFocus
          hint="Counts once you have confirmed it with a code. Until then nothing changes."
          value={address}
          problemId={problemId}
          onValue={setAddress}
        />
      ) : (
        <Field
          label={`New ${noun}`}
          type="tel"
          name="phone"
          autoComplete="tel"
          required={present === undefined}
          maxLength={32}
          takesFocus
          hint={
            <>
              A number of another country begins with + and its code. Counts once you have confirmed it with a code.
              {present !== undefined && ' An empty line takes your number away.'}
            </>
          }
          value={address}
          problemId={problemId}
          onValue={setAddress}
        />
      )}
      {user.hasPassword && (
        <Field
          label="Current password"
          type="password"
          name="current-password"
          autoComplete="current-password"
          required
          value={password}
          problemId={problemId}
          onValue={setPassword}
        />
      )}
      <p id={problemId} className="problem" role="alert">
        {attempt.problem}
      </p>
      <div className="row end">
        <button type="button" onClick={onDone}>
          Cancel
        </button>
        <button type="submit" className="primary" disabled={attempt.busy}>
          {attempt.busy ? 'Saving …' : `Save ${label.toLowerCase()}`}
        </button>
      </div>
    </form>
  )
}
