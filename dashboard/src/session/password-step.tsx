import { useState } from 'react'
import { Field } from '../ui/field.tsx'
import { useAttempt } from '../ui/use-attempt.ts'
import type { Claim } from './session.ts'
import { StepForm } from './step-form.tsx'

interface PasswordStepProps {
  readonly intro: string
  readonly takesFocus: boolean
  readonly email: string
  readonly onEmail: (email: string) => void
  readonly onEnter: (claim: Claim) => Promise<void>
  readonly onPhone: () => void
  readonly onForgotten: () => void
}

export function PasswordStep(props: PasswordStepProps) {
  const { intro, takesFocus, email, onEmail, onEnter, onPhone, onForgotten } = props
  const [password, setPassword] = useState('')
  const attempt = useAttempt()
  return (
    <StepForm
      intro={intro}
      action="Sign in"
      acting="Signing in …"
      attempt={attempt}
      onSubmit={() => attempt.run(() => onEnter({ email, password }))}
      ways={
        <>
          <button type="button" className="link" onClick={onForgotten}>
            Forgotten password?
          </button>
          <button type="button" className="link" onClick={onPhone}>
            Use a phone number instead
          </button>
        </>
      }
    >
      {(problemId) => (
        <>
          <Field
            label="E-mail"
            type="email"
            name="email"
            autoComplete="username"
            required
            maxLength={254}
            takesFocus={takesFocus}
            value={email}
            problemId={problemId}
            onValue={onEmail}
          />
          <Field
            label="Password"
            type="password"
            name="password"
            autoComplete="current-password"
            required
            value={password}
            problemId={problemId}
            onValue={setPassword}
          />
        </>
      )}
    </StepForm>
  )
}
