import { useState } from 'react'
import { HttpError } from '../http/http-error.ts'
import { Logo } from '../ui/logo.tsx'
import { ForgottenSteps } from './forgotten-steps.tsx'
import { PasswordStep } from './password-step.tsx'
import { PhoneSteps } from './phone-steps.tsx'
import { SecondFactorStep } from './second-factor-step.tsx'
import { type Claim, signIn } from './session.ts'

/** Where somebody is on the way in. */
type Step =
  | { readonly at: 'password' }
  | { readonly at: 'phone' }
  | { readonly at: 'forgotten' }
  /** What was shown was right, and is shown again together with a code. */
  | { readonly at: 'second-factor'; readonly claim: Claim }

/** @param notice why somebody is here again, if there was a session */
export function SignInPage({ notice }: { notice: string | undefined }) {
  const [step, setStep] = useState<Step>()
  const [email, setEmail] = useState('')
  const [news, setNews] = useState<string>()
  const goTo = (at: 'password' | 'phone' | 'forgotten') => () => setStep({ at })

  async function enter(claim: Claim): Promise<void> {
    try {
      await signIn(claim)
    } catch (thrown) {
      if (!(thrown instanceof HttpError) || thrown.code !== 'second-factor-required') throw thrown
      setStep({ at: 'second-factor', claim })
    }
  }

  function showStep() {
    switch (step?.at) {
      case 'phone':
        return <PhoneSteps onEnter={enter} onBack={goTo('password')} />
      case 'second-factor':
        return <SecondFactorStep claim={step.claim} onEnter={enter} onBack={goTo('password')} />
      case 'forgotten':
        return (
          <ForgottenSteps
            email={email}
            onBack={goTo('password')}
            onChanged={() => {
              setNews('Your password is changed. Sign in with it.')
              setStep({ at: 'password' })
            }}
          />
        )
      default:
        return (
          <PasswordStep
            intro={news ?? notice ?? 'Sign in to watch the city.'}
            // Whoever just came to the site hears of it from the start; whoever comes back goes on at once.
            takesFocus={step !== undefined || notice !== undefined}
            email={email}
            onEmail={setEmail}
            onEnter={enter}
            onPhone={goTo('phone')}
            onForgotten={goTo('forgotten')}
          />
        )
    }
  }

  return (
    <main className="sign-in">
      <div className="card sign-in-card">
        <div className="sign-in-brand">
          <Logo />
          <h1>Prahari</h1>
        </div>
        {showStep()}
      </div>
    </main>
  )
}
