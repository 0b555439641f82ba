import { type FormEvent, useId, useState } from 'react'
import { request } from '../http/client.ts'
import { type Profile, recheckUser } from '../session/session.ts'
import { CodeField } from '../ui/field.tsx'
import { Mark } from '../ui/mark.tsx'
import { useAttempt } from '../ui/use-attempt.ts'
import { useReturnedFocus } from '../ui/use-returned-focus.ts'
import { RecoveryCodes } from './recovery-codes.tsx'
import { SecondFactorSetup } from './second-factor-setup.tsx'

type Work =
  | { readonly type: 'none' }
  | { readonly type: 'setting-up' }
  | { readonly type: 'keeping-codes'; readonly codes: readonly string[] }
  | { readonly type: 'switching-off' }

/** A code of an authenticator app besides the password. */
export function SecondFactorCard({ user }: { user: Profile }) {
  const [work, setWork] = useState<Work>({ type: 'none' })
  const opener = useReturnedFocus(work.type !== 'none')
  const stop = () => setWork({ type: 'none' })
  return (
    <section className="card" aria-label="Second factor">
      <header className="card-head">
        <div className="row wrap">
          <h2>Second factor</h2>
          <Mark name={user.hasSecondFactor ? 'ok' : 'offline'} label={user.hasSecondFactor ? 'On' : 'Off'} />
        </div>
        {work.type === 'none' && (
          <button
            ref={opener}
            type="button"
            onClick={() => setWork({ type: user.hasSecondFactor ? 'switching-off' : 'setting-up' })}
          >
            {user.hasSecondFactor ? 'Turn off' : 'Set up'}
          </button>
        )}
      </header>
      {work.type === 'none' && (
        <p className="muted">
          {user.hasSecondFactor
            ? 'Signing in asks for a code of your authenticator app too.'
            : 'With it, whoever learns your password cannot sign in without your phone.'}
        </p>
      )}
      {work.type === 'setting-up' && (
        <SecondFactorSetup
          user={user}
          onCancel={stop}
          onConfirmed={(codes) => {
            setWork({ type: 'keeping-codes', codes })
            void recheckUser()
          }}
        />
      )}
      {work.type === 'keeping-codes' && <RecoveryCodes codes={work.codes} onDone={stop} />}
      {work.type === 'switching-off' && <SwitchOff onDone={stop} />}
    </section>
  )
}

function SwitchOff({ onDone }: { onDone: () => void }) {
  const [code, setCode] = useState('')
  const attempt = useAttempt()
  const problemId = useId()

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault()
    const isDone = await attempt.run(async () => {
      await request('/api/auth/second-factor', { method: 'DELETE', body: { code: code.trim() } })
      await recheckUser()
    })
    if (isDone) onDone()
  }

  return (
    <form className="form" onSubmit={(event) => void submit(event)}>
      <p>Your password alone will be enough to sign in. The recovery codes become worthless.</p>
      <CodeField
        label="Code of your authenticator app"
        takesFocus
        value={code}
        problemId={problemId}
        onValue={setCode}
      />
      <p id={problemId} className="problem" role="alert">
        {attempt.problem}
      </p>
      <div className="row end">
        <button type="button" onClick={onDone}>
          Keep it on
        </button>
        <button type="submit" className="danger" disabled={attempt.busy}>
          {attempt.busy ? 'Turning off …' : 'Turn off'}
        </button>
      </div>
    </form>
  )
}
