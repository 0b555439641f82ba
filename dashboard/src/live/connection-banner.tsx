import { useNowMs } from '../ui/clock.ts'
import { formatAge, formatTime, formatUtc } from '../ui/format.ts'
import type { Connection } from './feed.ts'
import { useConnection } from './use-live.ts'

/** Says that the screen is no longer live and since when; nothing while all is well. */
export function ConnectionBanner() {
  const connection = useConnection()
  // The element stays, so that a screen reader hears the text come.
  return (
    <div role="status" className="connection-banner" data-state={connection.state}>
      {connection.state === 'lost' && <LostNotice sinceMs={connection.sinceMs} />}
      {connection.state === 'refused' && (
        <span>
          <strong>No live feed.</strong> {connection.message}
        </span>
      )}
    </div>
  )
}

function LostNotice({ sinceMs }: { sinceMs: number }) {
  const nowMs = useNowMs()
  return (
    <span>
      <strong>Connection lost.</strong> What you see is from{' '}
      <time dateTime={new Date(sinceMs).toISOString()} title={formatUtc(sinceMs)}>
        {formatTime(sinceMs, nowMs)}
      </time>
      , <span aria-hidden="true">{formatAge(nowMs - sinceMs)} ago. </span>Reconnecting …
    </span>
  )
}

const chipWords: Readonly<Record<Connection['state'], string>> = {
  connecting: 'Connecting',
  live: 'Live',
  lost: 'Lost',
  refused: 'No feed',
}

/** The state of the feed in the bar: a full disc, a broken ring or a cross, and the word. */
export function FeedChip() {
  const { state } = useConnection()
  return (
    <span className={`feed-chip feed-${state}`}>
      <svg viewBox="0 0 16 16" aria-hidden="true" focusable="false">
        {state === 'live' && <circle cx="8" cy="8" r="5" className="shape-solid" />}
        {state === 'connecting' && <circle cx="8" cy="8" r="5" className="shape-outline" strokeDasharray="4 3" />}
        {(state === 'lost' || state === 'refused') && <path d="M3 3 13 13M13 3 3 13" className="shape-outline" />}
      </svg>
      <span>{chipWords[state]}</span>
    </span>
  )
}
