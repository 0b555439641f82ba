import { type FormEvent, useId, useState } from 'react'
import { request } from '../http/client.ts'
import { NewPasswordFields, useNewPassword } from '../session/new-password-fields.tsx'
import { type Profile, recheckUser } from '../session/session.ts'
import { Field } from '../ui/field.tsx'
import { useAttempt } from '../ui/use-attempt.ts'
import { useReturnedFocus } from '../ui/use-returned-focus.ts'
import { addressesOf } from '../users/person.ts'

export function PasswordCard({ user }: { user: Profile }) {
  const [isChanging, setIsChanging] = useState(false)
  const opener = useReturnedFocus(isChanging)
  const [outcome, setOutcome] = useState<string>()
  const action = user.hasPassword ? 'Change the password' : 'Choose a password'
  return (
    <section className="card" aria-label="Password">
      <header className="card-head">
        <h2>Password</h2>
        {!isChanging && (
          <button
            ref={opener}
            type="button"
            onClick={() => {
              setOutcome(undefined)
              setIsChanging(true)
            }}
          >
            {action}
          </button>
        )}
      </header>
      {!user.hasPassword && !isChanging && <p className="muted">You have none, and sign in by phone.</p>}
      <p className="outcome" role="status">
        {outcome}
      </p>
      {isChanging && (
        <PasswordForm
          user={user}
          action={action}
          onCancel={() => setIsChanging(false)}
          onChanged={() => {
            setIsChanging(false)
            setOutcome('Your password is changed. You are signed out everywhere else.')
          }}
        />
      )}
    </section>
  )
}

interface PasswordFormProps {
  readonly user: Profile
  readonly action: string
  readonly onCancel: () => void
  readonly onChanged: () => void
}

function PasswordForm({ user, action, onCancel, onChanged }: PasswordFormProps) {
  const [current, setCurrent] = useState('')
  const next = useNewPassword()
  const attempt = useAttempt()
  const problemId = useId()

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault()
    const isDone = await attempt.run(async () => {
      const body = { newPassword: next.read(), ...(user.hasPassword && { currentPassword: current }) }
      await request('/api/auth/change-password', { method: 'POST', body })
      await recheckUser()
    })
    if (isDone) onChanged()
  }

  return (
    <form className="form" onSubmit={(event) => void submit(event)}>
      <input type="text" name="username" autoComplete="username" value={addressesOf(user)[0] ?? ''} readOnly hidden />
      {user.hasPassword && (
        <Field
          label="Current password"
          type="password"
          name="current-password"
          autoComplete="current-password"
          required
          takesFocus
          value={current}
          problemId={problemId}
          onValue={setCurrent}
        />
      )}
      <NewPasswordFields password={next} problemId={problemId} takesFocus={!user.hasPassword} />
      <p id={problemId} className="problem" role="alert">
        {attempt.problem}
      </p>
      <div className="row end">
        <button type="button" onClick={onCancel}>
          Cancel
        </button>
        <button type="submit" className="primary" disabled={attempt.busy}>
          {attempt.busy ? 'Changing …' : action}
        </button>
      </div>
    </form>
  )
}
