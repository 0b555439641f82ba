import { useState } from 'react'
import { requestText } from '../http/client.ts'
import type { Profile } from '../session/session.ts'
import { download } from '../ui/download.ts'
import { useAttempt } from '../ui/use-attempt.ts'
import { EraseDialog } from './erase-dialog.tsx'

/** What is kept about one: to take along, or to have erased. */
export function DataCard({ user }: { user: Profile }) {
  const [asksToErase, setAsksToErase] = useState(false)
  const attempt = useAttempt()

  async function save(): Promise<void> {
    const data: unknown = JSON.parse(await requestText('/api/users/export'))
    download({ name: 'prahari-my-data.json', type: 'application/json', text: JSON.stringify(data, undefined, 2) })
  }

  return (
    <section className="card" aria-label="Your data">
      <h2>Your data</h2>
      <div className="row wrap">
        <p className="grow muted">Everything that is kept about you, as one file.</p>
        <button type="button" disabled={attempt.busy} onClick={() => void attempt.run(save)}>
          {attempt.busy ? 'Gathering …' : 'Download my data'}
        </button>
      </div>
      <p className="problem" role="alert">
        {attempt.problem}
      </p>
      <div className="row wrap">
        <p className="grow muted">Your account and all that says who you are, gone for good.</p>
        <button type="button" className="danger" onClick={() => setAsksToErase(true)}>
          Erase my account …
        </button>
      </div>
      {asksToErase && <EraseDialog user={user} onClose={() => setAsksToErase(false)} />}
    </section>
  )
}
