import { useNowMs } from './clock.ts'
import { formatAge, formatTime, formatUtc } from './format.ts'

/** A moment in local time, with UTC on hover. */
export function Time({ atMs }: { atMs: number }) {
  return (
    <time dateTime={new Date(atMs).toISOString()} title={formatUtc(atMs)}>
      {formatTime(atMs, Date.now())}
    </time>
  )
}

/** How long ago, counting up; the moment itself in local time and UTC on hover. */
export function Age({ atMs }: { atMs: number }) {
  const nowMs = useNowMs()
  return (
    <time dateTime={new Date(atMs).toISOString()} title={`${formatTime(atMs, nowMs)} · ${formatUtc(atMs)}`}>
      {formatAge(nowMs - atMs)} ago
    </time>
  )
}
