import { request } from '../http/client.ts'
import { useMay } from '../session/permissions.ts'
import { formatCount } from '../ui/format.ts'
import { Failed, Loading } from '../ui/states.tsx'
import { Time } from '../ui/time.tsx'
import type { Page } from '../ui/use-pages.ts'
import { noticeChannelWords, noticeReason } from './sos-words.ts'
import { type NoticeLine, useCaseQuery } from './use-sos.ts'

const noticesMax = 200

/** Who was told, by which way; who was not, and why. */
export function CaseNotices({ id, version }: { id: string; version: number }) {
  const mayRead = useMay('notices.read')
  const query = useCaseQuery(
    mayRead ? id : undefined,
    (signal) =>
      request<Page<NoticeLine>>('/api/notices', { query: { thread: `sos:${id}`, limit: noticesMax }, signal }),
    { version, isWatched: mayRead },
  )
  if (!mayRead) return null
  const lines = query.data?.items
  const told = lines?.filter(({ isTold }) => isTold) ?? []
  const others = lines?.filter(({ isTold }) => !isTold) ?? []
  return (
    <section className="card" aria-labelledby="case-notices">
      <h3 id="case-notices">Who was told</h3>
      {query.error !== undefined && <Failed what="who was told" error={query.error} onRetry={query.reload} />}
      {lines === undefined && query.error === undefined && <Loading what="who was told" />}
      {lines?.length === 0 && (
        <p>
          <strong>Nobody was told.</strong>{' '}
          <span className="muted">No operator and no contact who agreed is known for it yet.</span>
        </p>
      )}
      {told.length > 0 && <NoticeList name="Told" lines={told} />}
      {others.length > 0 && <NoticeList name="Not told, or not yet" lines={others} />}
      {query.data?.nextCursor !== undefined && <p className="muted">The newest {formatCount(noticesMax)} are shown.</p>}
    </section>
  )
}

function NoticeList({ name, lines }: { name: string; lines: readonly NoticeLine[] }) {
  return (
    <div>
      <h4 className="muted">{name}</h4>
      <ul className="plain lines" aria-label={name}>
        {lines.map((line) => (
          <li key={line.id}>
            <strong>{line.recipient.name ?? line.recipient.id}</strong> {noticeChannelWords[line.channel]}{' '}
            <span className="muted">
              {stepOf(line)} · <Time atMs={line.createdAtMs} />
            </span>
            {!line.isTold && <span className="sos-why">{whyNot(line)}</span>}
          </li>
        ))}
      </ul>
    </div>
  )
}

/** `sos:{id}:raised` is about the step `raised`. */
function stepOf({ eventKey }: NoticeLine): string {
  return eventKey.split(':').slice(2).join(' ').replaceAll('-', ' ')
}

function whyNot({ state, reason, isPerhapsTold }: NoticeLine): string {
  const why = reason === undefined ? '' : noticeReason(reason)
  if (state === 'queued' || state === 'sending') return why === '' ? 'on its way' : `trying again: ${why}`
  return [why === '' ? state : why, isPerhapsTold && 'perhaps told all the same'].filter(Boolean).join('; ')
}
