import { useState } from 'react'
import { HttpError } from '../http/http-error.ts'
import { CodeField, Field } from '../ui/field.tsx'
import { useAttempt } from '../ui/use-attempt.ts'
import type { Claim } from './session.ts'
import { StepForm } from './step-form.tsx'

interface SecondFactorStepProps {
  readonly claim: Claim
  readonly onEnter: (claim: Claim) => Promise<void>
  readonly onBack: () => void
}

/** A code of the authenticator app, or one of the codes kept for the day it is lost. */
export function SecondFactorStep({ claim, onEnter, onBack }: SecondFactorStepProps) {
  const [usesRecovery, setUsesRecovery] = useState(false)
  const [code, setCode] = useState('')
  const attempt = useAttempt()

  async function enter(): Promise<void> {
    try {
      await onEnter({ ...claim, totp: code.trim() })
    } catch (thrown) {
      // Here it speaks of the code that was right on the step before, not of the one in this field.
      const isStale = thrown instanceof HttpError && thrown.code === 'invalid-otp'
      throw isStale ? new Error('That took too long. Start over with another code to your phone.') : thrown
    }
  }

  return (
    <StepForm
      intro={
        usesRecovery
          ? 'Each recovery code opens once, in place of your authenticator app.'
          : 'Enter the code that your authenticator app shows now.'
      }
      action="Sign in"
      acting="Signing in …"
      attempt={attempt}
      onSubmit={() => attempt.run(enter)}
      ways={
        <>
          <button
            type="button"
            className="link"
            onClick={() => {
              setCode('')
              setUsesRecovery(!usesRecovery)
            }}
          >
            {usesRecovery ? 'Use your authenticator app' : 'Use a recovery code'}
          </button>
          <button type="button" className="link" onClick={onBack}>
            Start over
          </button>
        </>
      }
    >
      {(problemId) =>
        usesRecovery ? (
          <Field
            key="recovery"
            label="Recovery code"
            name="recovery-code"
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            required
            maxLength={40}
            className="code-field"
            takesFocus
            value={code}
            problemId={problemId}
            onValue={setCode}
          />
        ) : (
          <CodeField key="code" takesFocus value={code} problemId={problemId} onValue={setCode} />
        )
      }
    </StepForm>
  )
}
