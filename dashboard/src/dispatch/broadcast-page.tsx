import { type FormEvent, useId, useState } from 'react'
import type { Area } from '../../../contracts/area.ts'
import type { Broadcast, BroadcastCounts } from '../../../contracts/dispatch.ts'
import { type Severity, severities } from '../../../contracts/severity.ts'
import { loadGround } from '../city-map/ground.ts'
import { request } from '../http/client.ts'
import { type Query, useQuery } from '../http/use-query.ts'
import { useMay } from '../session/permissions.ts'
import { useNameOfUser } from '../session/use-name-of-user.ts'
import { Confirm } from '../ui/dialog.tsx'
import { formatCount } from '../ui/format.ts'
import { Mark } from '../ui/mark.tsx'
import { marks } from '../ui/shapes.ts'
import { Empty, Failed, Loading } from '../ui/states.tsx'
import { Age } from '../ui/time.tsx'
import { type Page, usePages } from '../ui/use-pages.ts'
import { type AreaDraft, addPoint, emptyDraft, toArea, undoPoint } from './area-draft.ts'
import { DrawCanvas } from './draw-canvas.tsx'
import { post, useDoing } from './use-dispatch.ts'

const textMax = 1000

/** Tells everybody within an area something, and shows what was told. */
export function BroadcastPage() {
  const maySend = useMay('broadcasts.send')
  const sent = usePages<Broadcast>('sent', (cursor) =>
    request<Page<Broadcast>>('/api/broadcasts', { query: { cursor, limit: 20 } }),
  )
  return (
    <div className="page">
      <header className="page-head">
        <h1>Broadcasts</h1>
      </header>
      {maySend && <Composer onSent={sent.reload} />}
      <section className="card" aria-labelledby="sent-broadcasts">
        <h2 id="sent-broadcasts">What was sent</h2>
        {sent.error !== undefined && <Failed what="the broadcasts" error={sent.error} onRetry={sent.reload} />}
        {sent.items === undefined && sent.loading && <Loading what="the broadcasts" />}
        {sent.items?.length === 0 && <Empty title="Nothing was sent yet." />}
        {sent.items !== undefined && sent.items.length > 0 && <SentList items={sent.items} />}
        {sent.hasMore && (
          <button type="button" className="more" disabled={sent.loading} onClick={sent.loadMore}>
            {sent.loading ? 'Loading …' : 'Show earlier broadcasts'}
          </button>
        )}
      </section>
    </div>
  )
}

function Composer({ onSent }: { onSent: () => void }) {
  const [draft, setDraft] = useState(emptyDraft)
  const [text, setText] = useState('')
  const [severity, setSeverity] = useState<Severity>('high')
  const [isAsking, setIsAsking] = useState(false)
  const [outcome, setOutcome] = useState('')
  const textId = useId()
  const ground = useQuery('ground', loadGround)
  const area = toArea(draft)
  const counts = useCounts(area)
  const doing = useDoing(onSent)
  const isReady = area !== undefined && text.trim() !== ''

  function ask(event: FormEvent): void {
    event.preventDefault()
    setOutcome('')
    if (!isReady) return
    counts.reload()
    setIsAsking(true)
  }

  async function send(): Promise<void> {
    const isSent = await doing.run(() => post('/api/broadcasts', { area, text, severity }))
    if (!isSent) return
    setOutcome('Sent.')
    setText('')
    setDraft(emptyDraft)
  }

  return (
    <section className="card broadcast" aria-label="New broadcast">
      <div className="broadcast-map">
        {ground.data !== undefined && (
          <DrawCanvas ground={ground.data} draft={draft} onPoint={(at) => setDraft((before) => addPoint(before, at))} />
        )}
        {ground.error !== undefined && <Failed what="the map" error={ground.error} onRetry={ground.reload} />}
      </div>
      <form className="form" onSubmit={ask}>
        <AreaFields draft={draft} onDraft={setDraft} />
        <div className="field">
          <label htmlFor={textId}>What to say</label>
          <textarea
            id={textId}
            rows={4}
            value={text}
            maxLength={textMax}
            required
            onChange={(event) => setText(event.target.value)}
          />
        </div>
        <label>
          Severity
          <select value={severity} onChange={(event) => setSeverity(event.target.value as Severity)}>
            {severities.toReversed().map((name) => (
              <option key={name} value={name}>
                {marks[name].label}
              </option>
            ))}
          </select>
        </label>
        <p role="status">
          {area === undefined ? <span className="muted">{missing(draft)}</span> : <Reach counts={counts} />}
        </p>
        <button type="submit" className="primary" disabled={!isReady || doing.isBusy}>
          Send …
        </button>
        <p className="outcome" role="status">
          {doing.isBusy ? 'Sending …' : outcome}
        </p>
        <p className="problem" role="alert">
          {doing.problem}
        </p>
      </form>
      {isAsking && (
        <Confirm
          title="Send to everybody in this area?"
          action="Send"
          onClose={() => setIsAsking(false)}
          onConfirm={() => void send()}
        >
          <p className="broadcast-text">{text}</p>
          <p>
            <Reach counts={counts} />
          </p>
          <p className="muted">It cannot be taken back.</p>
        </Confirm>
      )}
    </section>
  )
}

function missing({ shape, corners }: AreaDraft): string {
  if (shape === 'circle') return 'Click the map where the middle is.'
  return corners.length === 0 ? 'Click the map at each corner.' : `${3 - corners.length} more to close it.`
}

function AreaFields({ draft, onDraft }: { draft: AreaDraft; onDraft: (draft: AreaDraft) => void }) {
  const { shape, corners, center } = draft
  const canUndo = shape === 'circle' ? center !== undefined : corners.length > 0
  return (
    <>
      <fieldset className="choice">
        <legend className="unseen">Shape of the area</legend>
        {(['circle', 'polygon'] as const).map((name) => (
          <button
            key={name}
            type="button"
            aria-pressed={shape === name}
            onClick={() => onDraft({ ...draft, shape: name })}
          >
            {name === 'circle' ? 'Circle' : 'Polygon'}
          </button>
        ))}
        <button type="button" disabled={!canUndo} onClick={() => onDraft(undoPoint(draft))}>
          {shape === 'circle' ? 'Remove' : 'Undo corner'}
        </button>
      </fieldset>
      {shape === 'circle' ? (
        <CircleFields draft={draft} onDraft={onDraft} />
      ) : (
        <p className="muted">{formatCount(corners.length)} corners</p>
      )}
    </>
  )
}

/** The same by keyboard as by the map. */
function CircleFields({ draft, onDraft }: { draft: AreaDraft; onDraft: (draft: AreaDraft) => void }) {
  const { center, radiusM } = draft
  const place = (change: { latitude?: number; longitude?: number }) =>
    onDraft({ ...draft, center: { latitude: 0, longitude: 0, ...center, ...change } })
  return (
    <div className="broadcast-circle">
      <label>
        Radius, m
        <input
          type="number"
          min={10}
          max={200_000}
          step="any"
          value={radiusM}
          onChange={(event) => onDraft({ ...draft, radiusM: Number(event.target.value) })}
        />
      </label>
      <label>
        Latitude
        <input
          type="number"
          min={-90}
          max={90}
          step="any"
          value={center?.latitude ?? ''}
          onChange={(event) => place({ latitude: Number(event.target.value) })}
        />
      </label>
      <label>
        Longitude
        <input
          type="number"
          min={-180}
          max={180}
          step="any"
          value={center?.longitude ?? ''}
          onChange={(event) => place({ longitude: Number(event.target.value) })}
        />
      </label>
    </div>
  )
}

function useCounts(area: Area | undefined): Query<BroadcastCounts> {
  const key = area && JSON.stringify(area)
  return useQuery<BroadcastCounts>(key, (signal) =>
    request<BroadcastCounts>('/api/broadcasts/preview', { method: 'POST', body: { area }, signal }),
  )
}

function Reach({ counts: { data, error, loading } }: { counts: Query<BroadcastCounts> }) {
  if (error !== undefined) return <span className="problem">Not counted: {error.message}</span>
  if (data === undefined) return <span className="muted">{loading ? 'Counting …' : ''}</span>
  return <CountsLine counts={data} />
}

function CountsLine({ counts: { devices, devicesConnected, people } }: { counts: BroadcastCounts }) {
  return (
    <>
      <strong>{formatCount(people)}</strong> {people === 1 ? 'person' : 'people'},{' '}
      <strong>{formatCount(devices)}</strong> {devices === 1 ? 'device' : 'devices'}
      {devicesConnected !== undefined && ` (${formatCount(devicesConnected)} connected)`}
    </>
  )
}

function SentList({ items }: { items: readonly Broadcast[] }) {
  const nameOf = useNameOfUser()
  return (
    <ul className="plain notes">
      {items.map(({ id, text, severity, sentBy, sentAtMs, counts, area, announcedAtMs }) => (
        <li key={id}>
          <div className="row wrap">
            <Mark name={severity} />
            <span className="muted">
              <Age atMs={sentAtMs} /> by {nameOf(sentBy)} ·{' '}
              {area.type === 'circle'
                ? `circle of ${formatCount(area.radiusM)} m`
                : `polygon of ${formatCount(area.corners.length)} corners`}{' '}
              · <CountsLine counts={counts} />
              {announcedAtMs === undefined && ' · waiting for the broker'}
            </span>
          </div>
          <p>{text}</p>
        </li>
      ))}
    </ul>
  )
}
