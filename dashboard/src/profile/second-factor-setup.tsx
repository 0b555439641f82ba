import { type FormEvent, useEffect, useId, useRef, useState } from 'react'
import type { SecondFactorStart } from '../../../contracts/http/account.ts'
import { request } from '../http/client.ts'
import type { Profile } from '../session/session.ts'
import { CopyButton } from '../ui/copy-button.tsx'
import { CodeField, Field } from '../ui/field.tsx'
import { useAttempt } from '../ui/use-attempt.ts'
import { addressesOf } from '../users/person.ts'
import { QrCode } from './qr-code.tsx'

interface SetupProps {
  readonly user: Profile
  readonly onCancel: () => void
  readonly onConfirmed: (recoveryCodes: readonly string[]) => void
}

/** The password first, as an open screen is not enough; then the secret, which counts once a code of it was shown. */
export function SecondFactorSetup({ user, onCancel, onConfirmed }: SetupProps) {
  const [start, setStart] = useState<SecondFactorStart>()
  const [password, setPassword] = useState('')
  const attempt = useAttempt()
  const problemId = useId()

  async function begin(event: FormEvent): Promise<void> {
    event.preventDefault()
    await attempt.run(async () => {
      const body = user.hasPassword ? { password } : {}
      setStart(await request<SecondFactorStart>('/api/auth/second-factor', { method: 'POST', body }))
    })
  }

  if (start !== undefined) return <ConfirmSecret start={start} onCancel={onCancel} onConfirmed={onConfirmed} />
  return (
    <form className="form" onSubmit={(event) => void begin(event)}>
      <p>You need an authenticator app on your phone, one that shows time-based codes (TOTP).</p>
      <input type="text" name="username" autoComplete="username" value={addressesOf(user)[0] ?? ''} readOnly hidden />
      {user.hasPassword && (
        <Field
          label="Your password"
          type="password"
          name="current-password"
          autoComplete="current-password"
          required
          takesFocus
          value={password}
          problemId={problemId}
          onValue={setPassword}
        />
      )}
      <p id={problemId} className="problem" role="alert">
        {attempt.problem}
      </p>
      <div className="row end">
        <button type="button" onClick={onCancel}>
          Cancel
        </button>
        <button type="submit" className="primary" disabled={attempt.busy}>
          {attempt.busy ? 'Starting …' : 'Continue'}
        </button>
      </div>
    </form>
  )
}

interface ConfirmSecretProps extends Pick<SetupProps, 'onCancel' | 'onConfirmed'> {
  readonly start: SecondFactorStart
}

function ConfirmSecret({ start, onCancel, onConfirmed }: ConfirmSecretProps) {
  const [code, setCode] = useState('')
  const attempt = useAttempt()
  const problemId = useId()
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])

  async function confirm(event: FormEvent): Promise<void> {
    event.preventDefault()
    await attempt.run(async () => {
      const { recoveryCodes } = await request<{ readonly recoveryCodes: readonly string[] }>(
        '/api/auth/second-factor/confirm',
        { method: 'POST', body: { code: code.trim() } },
      )
      onConfirmed(recoveryCodes)
    })
  }

  return (
    <form className="form" onSubmit={(event) => void confirm(event)}>
      <h3 ref={heading} tabIndex={-1}>
        Scan this with your authenticator app
      </h3>
      <div className="secret-sheet">
        <QrCode text={start.uri} label="QR code of the secret, which stands beside it as text" />
        <div className="secret-text">
          <p className="hint">Or type the secret into it:</p>
          <code className="secret">{inGroups(start.secret)}</code>
          <div>
            <CopyButton text={start.secret} what="the secret" />
          </div>
          <p className="hint">Shown this once. Nobody else may see it.</p>
        </div>
      </div>
      <CodeField label="Code that the app shows now" value={code} problemId={problemId} onValue={setCode} />
      <p id={problemId} className="problem" role="alert">
        {attempt.problem}
      </p>
      <div className="row end">
        <button type="button" onClick={onCancel}>
          Cancel
        </button>
        <button type="submit" className="primary" disabled={attempt.busy}>
          {attempt.busy ? 'Turning on …' : 'Turn on'}
        </button>
      </div>
    </form>
  )
}

/** Four by four, as one types it. */
function inGroups(secret: string): string {
  return secret.match(/.{1,4}/g)?.join(' ') ?? secret
}
