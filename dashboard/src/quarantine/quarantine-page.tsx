import { useState } from 'react'
import type { QuarantineReason } from '../../../contracts/reading.ts'
import { request } from '../http/client.ts'
import { toError } from '../http/http-error.ts'
import { Link } from '../routing/link.tsx'
import { paths, useQueryParameter } from '../routing/router.ts'
import { useMay } from '../session/permissions.ts'
import { Confirm } from '../ui/dialog.tsx'
import { formatBytes, formatCount } from '../ui/format.ts'
import { useShortcuts } from '../ui/shortcuts.ts'
import { Empty, Failed, Loading } from '../ui/states.tsx'
import { Age } from '../ui/time.tsx'
import { type Page, usePages } from '../ui/use-pages.ts'
import { MessageDetails, type QuarantineItem } from './message-details.tsx'

interface QuarantineAnswer extends Page<QuarantineItem> {
  readonly total: number
  readonly counts: readonly { readonly reason: QuarantineReason; readonly count: number }[]
}

interface Summary {
  readonly total: number
  readonly counts: QuarantineAnswer['counts']
}

const pageSize = 50

/** Messages that could not be stored: why, which, with their bytes; sent again or deleted by hand. */
export function QuarantinePage() {
  const [reason, setReason] = useQueryParameter('reason')
  const [selectedId, select] = useQueryParameter('id')
  const [summary, setSummary] = useState<Summary>()
  const [asksToPurge, setAsksToPurge] = useState(false)
  const [outcome, setOutcome] = useState<string>()
  const [busy, setBusy] = useState(false)
  const mayReplay = useMay('quarantine.replay')
  const mayPurge = useMay('quarantine.purge')
  const messages = usePages<QuarantineItem>(reason, async (cursor) => {
    const answer = await request<QuarantineAnswer>('/api/quarantine', { query: { reason, cursor, limit: pageSize } })
    setSummary(answer)
    return answer
  })
  useShortcuts('This page', [['Escape', 'Close the message', () => select('')]])

  async function run(work: () => Promise<string>): Promise<void> {
    setBusy(true)
    setOutcome(undefined)
    try {
      setOutcome(await work())
    } catch (thrown) {
      setOutcome(`Not done: ${toError(thrown).message}`)
    }
    setBusy(false)
    messages.reload()
  }

  const selection = reason === '' ? { all: true } : { reason }
  const shownCount = summary && (reason === '' ? summary.total : countOf(summary, reason))

  function replay(body: Record<string, unknown>): Promise<void> {
    return run(async () => {
      const answer = await request<{ replayed: number; stillBad: number }>('/api/quarantine/replay', {
        method: 'POST',
        body,
      })
      return `${formatCount(answer.replayed)} accepted, ${formatCount(answer.stillBad)} still bad.`
    })
  }

  function purge(): Promise<void> {
    return run(async () => {
      const query = reason === '' ? { all: 'true' } : { reason }
      const answer = await request<{ purged: number }>('/api/quarantine', { method: 'DELETE', query })
      select('')
      return `${formatCount(answer.purged)} deleted for good.`
    })
  }

  return (
    <div className="page">
      <header className="page-head">
        <h1>Quarantine</h1>
        <p className="muted">{summary && `${formatCount(summary.total)} set aside`}</p>
      </header>
      {summary !== undefined && summary.total > 0 && (
        <ReasonFilter summary={summary} chosen={reason} onChoose={setReason} />
      )}
      {(mayReplay || mayPurge) && (shownCount ?? 0) > 0 && (
        <div className="row wrap">
          {mayReplay && (
            <button type="button" disabled={busy} onClick={() => void replay(selection)}>
              Replay {reason === '' ? 'all' : 'these'} {formatCount(shownCount ?? 0)}
            </button>
          )}
          {mayPurge && (
            <button type="button" className="danger" disabled={busy} onClick={() => setAsksToPurge(true)}>
              Delete {reason === '' ? 'all' : 'these'} {formatCount(shownCount ?? 0)} …
            </button>
          )}
        </div>
      )}
      <p className="outcome" role="status">
        {busy ? 'Working …' : outcome}
      </p>
      {messages.error !== undefined && (
        <Failed what="the quarantine" error={messages.error} onRetry={messages.reload} />
      )}
      {messages.items === undefined && messages.loading && <Loading what="the quarantine" />}
      {messages.items?.length === 0 && (
        <Empty title="Nothing is set aside.">Every message that came could be read and stored.</Empty>
      )}
      <div className="split-grid" data-chosen={selectedId !== ''}>
        {messages.items !== undefined && messages.items.length > 0 && (
          <div>
            <MessageTable items={messages.items} selectedId={selectedId} onSelect={select} />
            {messages.hasMore && (
              <button type="button" className="more" disabled={messages.loading} onClick={messages.loadMore}>
                {messages.loading ? 'Loading …' : 'Show older messages'}
              </button>
            )}
          </div>
        )}
        {selectedId !== '' && (
          <MessageDetails
            key={selectedId}
            id={selectedId}
            isBusy={busy}
            onReplay={mayReplay ? (id) => void replay({ ids: [id] }).then(() => select('')) : undefined}
            onClose={() => select('')}
          />
        )}
      </div>
      {asksToPurge && (
        <Confirm
          title="Delete for good?"
          action="Delete for good"
          onClose={() => setAsksToPurge(false)}
          onConfirm={() => void purge()}
        >
          <p>
            {formatCount(shownCount ?? 0)} messages {reason === '' ? 'of every reason' : `with the reason “${reason}”`}{' '}
            will be gone. The ledger keeps counting them as quarantined.
          </p>
        </Confirm>
      )}
    </div>
  )
}

function countOf({ counts }: Summary, reason: string): number {
  return counts.find((line) => line.reason === reason)?.count ?? 0
}

interface ReasonFilterProps {
  readonly summary: Summary
  readonly chosen: string
  readonly onChoose: (reason: string) => void
}

function ReasonFilter({ summary, chosen, onChoose }: ReasonFilterProps) {
  return (
    <fieldset className="choice wrap">
      <legend className="unseen">Reason</legend>
      <button type="button" aria-pressed={chosen === ''} onClick={() => onChoose('')}>
        All <span className="number">{formatCount(summary.total)}</span>
      </button>
      {summary.counts.map(({ reason, count }) => (
        <button key={reason} type="button" aria-pressed={chosen === reason} onClick={() => onChoose(reason)}>
          {reason} <span className="number">{formatCount(count)}</span>
        </button>
      ))}
    </fieldset>
  )
}

interface MessageTableProps {
  readonly items: readonly QuarantineItem[]
  readonly selectedId: string
  readonly onSelect: (id: string) => void
}

function MessageTable({ items, selectedId, onSelect }: MessageTableProps) {
  return (
    <div className="table-frame">
      <table className="stacking">
        <thead>
          <tr>
            <th scope="col">Message</th>
            <th scope="col">Reason</th>
            <th scope="col">Device</th>
            <th scope="col">Received</th>
            <th scope="col" className="right">
              Size
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={item.id} data-chosen={String(item.id) === selectedId}>
              <th scope="row">
                <button
                  type="button"
                  className="link mono preview"
                  aria-pressed={String(item.id) === selectedId}
                  onClick={() => onSelect(String(item.id))}
                >
                  {item.preview === '' ? '(empty)' : item.preview}
                </button>
              </th>
              <td>
                {item.reason}
                {item.field && <span className="muted"> · {item.field}</span>}
              </td>
              <td>
                <Link to={paths.device(item.deviceId)} className="mono">
                  {item.deviceId}
                </Link>
              </td>
              <td className="muted nowrap">
                <Age atMs={item.receivedAtMs} />
              </td>
              <td className="right number nowrap">{formatBytes(item.sizeBytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
