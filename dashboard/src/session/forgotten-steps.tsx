import { type ReactNode, useState } from 'react'
import { request } from '../http/client.ts'
import { CodeField, Field } from '../ui/field.tsx'
import { useAttempt } from '../ui/use-attempt.ts'
import { NewPasswordFields, useNewPassword } from './new-password-fields.tsx'
import { SendAgain } from './send-again.tsx'
import { StepForm } from './step-form.tsx'
import { type SentCode, useSentCode } from './use-sent-code.ts'

interface ForgottenStepsProps {
  /** As typed on the step before. */
  readonly email: string
  readonly onChanged: () => void
  readonly onBack: () => void
}

/** First the address, then the code that was sent to it and a new password. */
export function ForgottenSteps({ email, onChanged, onBack }: ForgottenStepsProps) {
  const [address, setAddress] = useState(email)
  const named = nameBy(address)
  const sent = useSentCode(() => request('/api/auth/forgot-password', { method: 'POST', body: named }))
  const back = (
    <button type="button" className="link" onClick={onBack}>
      Back to signing in
    </button>
  )
  if (sent.expiresAtMs !== undefined) {
    return <NewPasswordStep address={address} sent={sent} onChanged={onChanged} back={back} />
  }
  return (
    <StepForm
      intro="You get a code with which you choose a new password."
      action="Send the code"
      acting="Sending …"
      attempt={sent.attempt}
      onSubmit={sent.send}
      ways={back}
    >
      {(problemId) => (
        <Field
          label="E-mail or phone number"
          name="address"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
          maxLength={254}
          takesFocus
          value={address}
          problemId={problemId}
          onValue={setAddress}
        />
      )}
    </StepForm>
  )
}

interface NewPasswordStepProps {
  readonly address: string
  readonly sent: SentCode
  readonly onChanged: () => void
  readonly back: ReactNode
}

function NewPasswordStep({ address, sent, onChanged, back }: NewPasswordStepProps) {
  const [code, setCode] = useState('')
  const password = useNewPassword()
  const attempt = useAttempt()

  async function change(): Promise<void> {
    const body = { ...nameBy(address), code, password: password.read() }
    await request('/api/auth/reset-password', { method: 'POST', body })
    onChanged()
  }

  return (
    <StepForm
      intro={
        <>
          If somebody is known by <strong>{address.trim()}</strong>, a code is on its way there. With the new password
          every session of the account ends.
        </>
      }
      action="Change the password"
      acting="Changing …"
      attempt={attempt}
      onSubmit={() => attempt.run(change)}
      ways={
        <>
          <button type="button" className="link" onClick={sent.forget}>
            Change the address
          </button>
          {back}
        </>
      }
    >
      {(problemId) => (
        <>
          <CodeField takesFocus value={code} problemId={problemId} onValue={setCode} />
          <SendAgain code={sent} />
          <input type="text" name="username" autoComplete="username" value={address} readOnly hidden />
          <NewPasswordFields password={password} problemId={problemId} />
        </>
      )}
    </StepForm>
  )
}

function nameBy(address: string): { readonly email: string } | { readonly phone: string } {
  const trimmed = address.trim()
  return trimmed.includes('@') ? { email: trimmed } : { phone: trimmed }
}
