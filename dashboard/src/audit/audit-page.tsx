import { useMemo, useState } from 'react'
import { request } from '../http/client.ts'
import { useQueryParameter } from '../routing/router.ts'
import { Empty, Failed, Loading } from '../ui/states.tsx'
import { type Page, usePages } from '../ui/use-pages.ts'
import { useSettled } from '../ui/use-settled.ts'
import { usePeopleNames } from '../users/use-people-names.ts'
import { AuditFilters } from './audit-filters.tsx'
import { type AuditEntry, AuditLine } from './audit-line.tsx'
import { peopleIn } from './audit-sentences.ts'

const pageSize = 50
const typingPauseMs = 250

/** Who did what, the newest first. */
export function AuditPage() {
  const [actor] = useQueryParameter('actor')
  const [action] = useQueryParameter('action')
  const [subject] = useQueryParameter('subject')
  const [from] = useQueryParameter('from')
  const [to] = useQueryParameter('to')
  const [search] = useQueryParameter('q')
  const [turn, setTurn] = useState(0)
  const filter = { actor, action, subject, from, to, search: useSettled(search.trim(), typingPauseMs) }
  const entries = usePages<AuditEntry>([...Object.values(filter), turn].join('\n'), (cursor) =>
    request<Page<AuditEntry>>('/api/audit', { query: { ...filter, cursor, limit: pageSize } }),
  )
  const people = useMemo(() => peopleOf(entries.items ?? []), [entries.items])
  const looked = usePeopleNames(people.unnamed)
  const names = useMemo(() => new Map([...looked, ...people.named]), [looked, people])
  const isFiltered = Object.values(filter).some((value) => value !== '')
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
      {entries.items?.length === 0 && <Empty title={sayNone({ isFiltered, hasMore: entries.hasMore })} />}
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

/** The server looks through so many lines at a time, and goes on when asked to. */
function sayNone({ isFiltered, hasMore }: { readonly isFiltered: boolean; readonly hasMore: boolean }): string {
  if (hasMore) return 'None of the newest lines passes the filter.'
  return isFiltered ? 'No line passes the filter.' : 'Nothing is written down yet.'
}

/** Who did something comes with a name; whom it was done to does not. */
function peopleOf(entries: readonly AuditEntry[]) {
  const named = new Map(
    entries.flatMap(({ actor, actorName }) => (actorName === undefined ? [] : [[actor, actorName] as const])),
  )
  return { named, unnamed: peopleIn(entries).filter((id) => !named.has(id)) }
}
