import { type FormEvent, type ReactNode, useId } from 'react'
import type { Attempt } from '../ui/use-attempt.ts'

interface StepFormProps {
  readonly intro: ReactNode
  readonly action: string
  /** The action while it is under way: `Signing in …`. */
  readonly acting: string
  readonly attempt: Attempt
  readonly onSubmit: () => Promise<unknown>
  /** @param problemId of what says that the form was refused, for the fields to point at */
  readonly children: (problemId: string) => ReactNode
  /** Other ways to go from here. */
  readonly ways: ReactNode
}

/** One step of signing in: a sentence, a few fields, one thing to do. */
export function StepForm({ intro, action, acting, attempt, onSubmit, children, ways }: StepFormProps) {
  const problemId = useId()
  function submit(event: FormEvent): void {
    event.preventDefault()
    void onSubmit()
  }
  return (
    <form className="step" onSubmit={submit}>
      <p className="muted" role="status">
        {intro}
      </p>
      {children(problemId)}
      <p id={problemId} className="problem" role="alert">
        {attempt.problem}
      </p>
      <button type="submit" className="primary" disabled={attempt.busy}>
        {attempt.busy ? acting : action}
      </button>
      <div className="step-ways">{ways}</div>
    </form>
  )
}
