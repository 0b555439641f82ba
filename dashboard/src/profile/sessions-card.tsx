import { useRef, useState } from 'react'
import type { SessionInfo } from '../../../contracts/http/account.ts'
import { request } from '../http/client.ts'
import type { Decoded } from '../http/decoded.ts'
import { useQuery } from '../http/use-query.ts'
import { Confirm } from '../ui/dialog.tsx'
import { Failed, Loading } from '../ui/states.tsx'
import { Age, Time } from '../ui/time.tsx'
import { useAttempt } from '../ui/use-attempt.ts'
import { nameBrowser } from './browser-name.ts'

type OwnSession = Decoded<SessionInfo>

/** Where one is signed in, and a way to end it elsewhere. */
export function SessionsCard() {
  const sessions = useQuery('sessions', (signal) =>
    request<{ readonly items: readonly OwnSession[] }>('/api/auth/sessions', { signal }),
  )
  const [ending, setEnding] = useState<OwnSession | 'others'>()
  const attempt = useAttempt()
  const heading = useRef<HTMLHeadingElement>(null)

  async function end(what: OwnSession | 'others'): Promise<void> {
    const path = what === 'others' ? '/api/auth/sessions' : `/api/auth/sessions/${encodeURIComponent(what.id)}`
    await attempt.run(() => request(path, { method: 'DELETE' }))
    sessions.reload()
    // The button that was pressed goes with its session.
    heading.current?.focus()
  }

  const items = sessions.data?.items
  return (
    <section className="card" aria-label="Sessions">
      <header className="card-head">
        <h2 ref={heading} tabIndex={-1}>
          Where you are signed in
        </h2>
        {items?.some(({ isCurrent }) => !isCurrent) && (
          <button type="button" className="danger" disabled={attempt.busy} onClick={() => setEnding('others')}>
            End all others …
          </button>
        )}
      </header>
      {items === undefined && sessions.error === undefined && <Loading what="your sessions" />}
      {sessions.error !== undefined && <Failed what="your sessions" error={sessions.error} onRetry={sessions.reload} />}
      <p className="problem" role="alert">
        {attempt.problem}
      </p>
      <ul className="plain sessions" aria-label="Your sessions">
        {items?.map((session) => (
          <SessionLine key={session.id} session={session} isBusy={attempt.busy} onEnd={() => setEnding(session)} />
        ))}
      </ul>
      {ending !== undefined && (
        <Confirm
          title={ending === 'others' ? 'End all other sessions?' : 'End this session?'}
          action={ending === 'others' ? 'End all others' : 'End it'}
          keep={ending === 'others' ? 'Keep them' : 'Keep it'}
          onClose={() => setEnding(undefined)}
          onConfirm={() => void end(ending)}
        >
          <p>
            {ending === 'others' ? 'Every other browser and app' : nameBrowser(ending.userAgent)} is signed out at once,
            and has to sign in again.
          </p>
        </Confirm>
      )}
    </section>
  )
}

interface SessionLineProps {
  readonly session: OwnSession
  readonly isBusy: boolean
  readonly onEnd: () => void
}

function SessionLine({ session, isBusy, onEnd }: SessionLineProps) {
  const name = nameBrowser(session.userAgent)
  return (
    <li className="session">
      <div>
        <strong title={session.userAgent}>{name}</strong> {session.isCurrent && <span className="tag">this one</span>}
        <div className="hint">
          {session.clientAddress ?? 'Unknown address'} · since <Time atMs={session.createdAtMs} /> · last used{' '}
          <Age atMs={session.lastUsedAtMs} />
        </div>
      </div>
      {!session.isCurrent && (
        <button type="button" aria-label={`End ${name}`} disabled={isBusy} onClick={onEnd}>
          End …
        </button>
      )}
    </li>
  )
}
