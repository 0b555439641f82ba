import { type FormEvent, useId, useState } from 'react'
import { HttpError, toError } from '../http/http-error.ts'
import { Logo } from '../ui/logo.tsx'
import { signIn } from './session.ts'

/** @param notice why the operator is here again, if there was a session */
export function SignInPage({ notice }: { notice: string | undefined }) {
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<string>()
  const problemId = useId()

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault()
    setBusy(true)
    setProblem(undefined)
    try {
      await signIn(email, password)
    } catch (thrown) {
      setProblem(explain(toError(thrown)))
      setBusy(false)
    }
  }

  return (
    <main className="sign-in">
      <form className="card sign-in-card" onSubmit={(event) => void submit(event)}>
        <div className="sign-in-brand">
          <Logo />
          <h1>Prahari</h1>
        </div>
        <p className="muted">{notice ?? 'Sign in to watch the city.'}</p>
        <label>
          E-mail
          <input
            type="email"
            name="email"
            autoComplete="username"
            required
            value={email}
            aria-describedby={problemId}
            onChange={(event) => setEmail(event.target.value)}
          />
        </label>
        <label>
          Password
          <input
            type="password"
            name="password"
            autoComplete="current-password"
            required
            value={password}
            aria-describedby={problemId}
            onChange={(event) => setPassword(event.target.value)}
          />
        </label>
        <p id={problemId} className="problem" role="alert">
          {problem}
        </p>
        <button type="submit" className="primary" disabled={busy}>
          {busy ? 'Signing in …' : 'Sign in'}
        </button>
      </form>
    </main>
  )
}

function explain(error: Error): string {
  if (error instanceof HttpError && error.status === 401) return 'E-mail or password is not right.'
  return error.message
}
