import { type ReactNode, useState } from 'react'
import { request } from '../http/client.ts'
import { CodeField, Field } from '../ui/field.tsx'
import { useAttempt } from '../ui/use-attempt.ts'
import { SendAgain } from './send-again.tsx'
import type { Claim } from './session.ts'
import { StepForm } from './step-form.tsx'
import { type SentCode, useSentCode } from './use-sent-code.ts'

interface PhoneStepsProps {
  readonly onEnter: (claim: Claim) => Promise<void>
  readonly onBack: () => void
}

/** First the number, then the code that was sent to it. */
export function PhoneSteps({ onEnter, onBack }: PhoneStepsProps) {
  const [phone, setPhone] = useState('')
  const sent = useSentCode(() => request('/api/auth/otp', { method: 'POST', body: { phone } }))
  const back = (
    <button type="button" className="link" onClick={onBack}>
      Use e-mail and password instead
    </button>
  )
  if (sent.expiresAtMs !== undefined) return <PhoneCodeStep phone={phone} sent={sent} onEnter={onEnter} back={back} />
  return (
    <StepForm
      intro="You get a code by text message."
      action="Send the code"
      acting="Sending …"
      attempt={sent.attempt}
      onSubmit={sent.send}
      ways={back}
    >
      {(problemId) => (
        <Field
          label="Phone number"
          type="tel"
          name="phone"
          autoComplete="tel"
          required
          maxLength={40}
          takesFocus
          hint="A number of another country begins with + and its code."
          value={phone}
          problemId={problemId}
          onValue={setPhone}
        />
      )}
    </StepForm>
  )
}

interface PhoneCodeStepProps {
  readonly phone: string
  readonly sent: SentCode
  readonly onEnter: (claim: Claim) => Promise<void>
  readonly back: ReactNode
}

function PhoneCodeStep({ phone, sent, onEnter, back }: PhoneCodeStepProps) {
  const [code, setCode] = useState('')
  const attempt = useAttempt()
  return (
    <StepForm
      intro={
        <>
          A code is on its way to <strong>{phone}</strong>.
        </>
      }
      action="Sign in"
      acting="Signing in …"
      attempt={attempt}
      onSubmit={() => attempt.run(() => onEnter({ phone, code }))}
      ways={
        <>
          <button type="button" className="link" onClick={sent.forget}>
            Change the number
          </button>
          {back}
        </>
      }
    >
      {(problemId) => (
        <>
          <CodeField takesFocus value={code} problemId={problemId} onValue={setCode} />
          <SendAgain code={sent} />
        </>
      )}
    </StepForm>
  )
}
