import { feed, useNotices } from './use-live.ts'

/** What this account in particular was told, until it is put away. */
export function NoticeBanner() {
  const notices = useNotices()
  return (
    <div role="status" className="connection-banner">
      {notices.map(({ id, subject, text }) => (
        <p key={id} className="notice-line">
          <strong>{subject}</strong> {text}{' '}
          <button type="button" className="quiet" onClick={() => feed.putAway(id)}>
            Put away
          </button>
        </p>
      ))}
    </div>
  )
}
