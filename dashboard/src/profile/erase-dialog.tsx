import { type FormEvent, useId, useState } from 'react'
import { request } from '../http/client.ts'
import { SendAgain } from '../session/send-again.tsx'
import { forgetSession, type Profile } from '../session/session.ts'
import { useSentCode } from '../session/use-sent-code.ts'
import { Dialog } from '../ui/dialog.tsx'
import { CodeField, Field } from '../ui/field.tsx'
import { useAttempt } from '../ui/use-attempt.ts'

/** Typed by hand, so that nobody comes to it by a slip. */
const confirmation = 'erase'

/** Asks for the word, and for the password, or for a code to the phone from who has none. */
export function EraseDialog({ user, onClose }: { user: Profile; onClose: () => void }) {
  const [word, setWord] = useState('')
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const attempt = useAttempt()
  const problemId = useId()
  const sent = useSentCode(() => request('/api/auth/otp', { method: 'POST', body: { phone: user.phone } }))

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault()
    await attempt.run(async () => {
      const body = user.hasPassword ? { password } : { code }
      await request('/api/users/me', { method: 'DELETE', body })
      forgetSession('Your account is erased.')
    })
  }

  return (
    <Dialog title="Erase your account for good?" onClose={onClose}>
      <form className="form" onSubmit={(event) => void submit(event)}>
        <p>
          Your name, addresses, settings and sessions are deleted, and your devices belong to nobody. What must be kept,
          an SOS or a line of the audit, keeps an id that leads to nobody. This cannot be taken back.
        </p>
        <Field
          label={`Type “${confirmation}” to confirm`}
          name="confirmation"
          autoComplete="off"
          autoCapitalize="none"
          required
          takesFocus
          value={word}
          onValue={setWord}
        />
        {user.hasPassword && (
          <Field
            label="Your password"
            type="password"
            name="current-password"
            autoComplete="current-password"
            required
            value={password}
            problemId={problemId}
            onValue={setPassword}
          />
        )}
        {!user.hasPassword && sent.expiresAtMs === undefined && (
          <div className="row wrap">
            <button type="button" disabled={sent.attempt.busy} onClick={() => void sent.send()}>
              Send a code to {user.phone}
            </button>
            <p className="problem" role="alert">
              {sent.attempt.problem}
            </p>
          </div>
        )}
        {!user.hasPassword && sent.expiresAtMs !== undefined && (
          <>
            <CodeField label="Code from the text message" value={code} problemId={problemId} onValue={setCode} />
            <SendAgain code={sent} />
          </>
        )}
        <p id={problemId} className="problem" role="alert">
          {attempt.problem}
        </p>
        <div className="row end">
          <button type="button" onClick={onClose}>
            Keep my account
          </button>
          <button
            type="submit"
            className="danger"
            disabled={attempt.busy || word.trim().toLowerCase() !== confirmation}
          >
            {attempt.busy ? 'Erasing …' : 'Erase for good'}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
