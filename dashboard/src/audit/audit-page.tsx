import { useMemo, useState } from 'react'
import { request } from '../http/client.ts'
import { useQueryParameter } from '../routing/router.ts'
import { Empty, Failed, Loading } from '../ui/states.tsx'
import { type Page, usePages } from '../ui/use-pages.ts'
import { usePeopleNames } from '../users/use-people-names.ts'
import { AuditFilters } from './audit-filters.tsx'
import { type AuditEntry, AuditLine } from './audit-line.tsx'
import { peopleIn } from './audit-sentences.ts'

const pageSize = 50

/** Who did what, the newest first. */
export function AuditPage() {
  const [actor] = useQueryParameter('actor')
  const [action] = useQueryParameter('action')
  const [subject] = useQueryParameter('subject')
  const [from] = useQueryParameter('from')
  const [to] = useQueryParameter('to')
  const [turn, setTurn] = useState(0)
  const entries = usePages<AuditEntry>([actor, action, subject, from, to, turn].join('\n'), (cursor) =>
    request<Page<AuditEntry>>('/api/audit', { query: { actor, action, subject, from, to, cursor, limit: pageSize } }),
  )
  const people = useMemo(() => peopleOf(entries.items ?? []), [entries.items])
  const looked = usePeopleNames(people.unnamed)
  const names = useMemo(() => new Map([...looked, ...people.named]), [looked, people])
  const isFiltered = [actor, action, subject, from, to].some((value) => value !== '')
  return (
    <div className="page">
      <header className="page-head">
        <h1>Audit</h1>
        <button type="button" className="head-end" onClick={() => setTurn(turn + 1)}>
          Read again
        </button>
      </header>
      <p className="muted prose">
        Each line is tied to all before it. <code>prahari audit verify</code>, on the server, finds out whether one was
        changed or taken away.
      </p>
      <AuditFilters />
      {entries.error !== undefined && <Failed what="the audit" error={entries.error} onRetry={entries.reload} />}
      {entries.items === undefined && entries.loading && <Loading what="the audit" />}
      {entries.items?.length === 0 && (
        <Empty title={isFiltered ? 'No line passes the filter.' : 'Nothing is written down yet.'} />
      )}
      {entries.items !== undefined && entries.items.length > 0 && (
        <ol className="plain audit-list" aria-label="Audit">
          {entries.items.map((entry) => (
            <AuditLine key={entry.id} entry={entry} names={names} />
          ))}
        </ol>
      )}
      {entries.hasMore && (
        <button type="button" className="more" disabled={entries.loading} onClick={entries.loadMore}>
          {entries.loading ? 'Loading …' : 'Show earlier lines'}
        </button>
      )}
    </div>
  )
}

/** Who did something comes with a name; whom it was done to does not. */
function peopleOf(entries: readonly AuditEntry[]) {
  const named = new Map(
    entries.flatMap(({ actor, actorName }) => (actorName === undefined ? [] : [[actor, actorName] as const])),
  )
  return { named, unnamed: peopleIn(entries).filter((id) => !named.has(id)) }
}
