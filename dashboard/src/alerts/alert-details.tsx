import { type FormEvent, type RefObject, useState } from 'react'
import type { Alert, AlertNote } from '../../../contracts/alert.ts'
import { findKind } from '../../../contracts/kinds/index.ts'
import { areaSource } from '../../../contracts/rule-condition.ts'
import { request } from '../http/client.ts'
import { useQuery } from '../http/use-query.ts'
import { useFocusedDevice } from '../live/use-live.ts'
import { Link } from '../routing/link.tsx'
import { paths } from '../routing/router.ts'
import { useNameOfUser } from '../session/use-name-of-user.ts'
import { Mark } from '../ui/mark.tsx'
import { Failed, Loading } from '../ui/states.tsx'
import { SimulatedTag } from '../ui/tags.tsx'
import { Time } from '../ui/time.tsx'
import type { AlertActions, AlertDetail } from './alert-actions.ts'
import { AlertState, QuietNote } from './alert-row.tsx'
import { SilenceForm } from './silence-form.tsx'

interface AlertDetailsProps {
  readonly id: string
  /** As the list has it; undefined when the filter hides it. */
  readonly known: Alert | undefined
  readonly actions: AlertActions
  readonly mayAct: boolean
  readonly commentField: RefObject<HTMLTextAreaElement | null>
  readonly onClose: () => void
}

/** The chosen alert: what can be done about it, and all that was done. */
export function AlertDetails({ id, known, actions, mayAct, commentField, onClose }: AlertDetailsProps) {
  // Whoever acts on it, here or elsewhere, its notes are read again.
  const detail = useQuery(`${id} ${known?.updatedAtMs ?? ''}`, (signal) =>
    request<AlertDetail>(`/api/alerts/${encodeURIComponent(id)}`, { signal }),
  )
  const [notes, setNotes] = useState<readonly AlertNote[]>()
  if (detail.data !== undefined && detail.data.notes !== notes) setNotes(detail.data.notes)
  const alert = known ?? detail.data
  return (
    <section className="card alert-details" aria-label="Chosen alert">
      <header className="card-head">
        <h2>{alert?.message ?? 'Alert'}</h2>
        <button type="button" className="quiet" onClick={onClose}>
          Close
        </button>
      </header>
      {alert === undefined && detail.error !== undefined && (
        <Failed what="the alert" error={detail.error} onRetry={detail.reload} />
      )}
      {alert === undefined && detail.error === undefined && <Loading what="the alert" />}
      {alert !== undefined && (
        <>
          <AlertFacts alert={alert} actions={actions} />
          {mayAct && <ActionBar alert={alert} actions={actions} />}
          <NoteList notes={notes} />
          {mayAct && <CommentForm alert={alert} actions={actions} field={commentField} onDone={detail.reload} />}
        </>
      )}
    </section>
  )
}

function AlertFacts({ alert, actions }: { alert: Alert; actions: AlertActions }) {
  const device = useFocusedDevice(alert.deviceId)
  const nameOf = useNameOfUser()
  return (
    <dl className="facts">
      <div>
        <dt>Severity</dt>
        <dd>
          <Mark name={alert.severity} />
        </dd>
      </div>
      <div>
        <dt>State</dt>
        <dd>
          <AlertState alert={alert} attempt={actions.attemptOn(alert.id)} /> <QuietNote alert={alert} />
        </dd>
      </div>
      <div>
        <dt>Device</dt>
        <dd>
          {alert.deviceId === areaSource ? (
            'the area of the rule'
          ) : (
            <Link to={paths.device(alert.deviceId)}>{device?.name ?? alert.deviceId}</Link>
          )}{' '}
          {device?.simulated && <SimulatedTag />}
        </dd>
      </div>
      <div>
        <dt>Rule</dt>
        <dd>
          {alert.ruleName} <span className="muted">({findKind(alert.kind)?.label ?? alert.kind})</span>
        </dd>
      </div>
      <div>
        <dt>Raised</dt>
        <dd>
          <Time atMs={alert.raisedAtMs} />
        </dd>
      </div>
      {alert.acknowledgedAtMs && (
        <div>
          <dt>Acknowledged</dt>
          <dd>
            <Time atMs={alert.acknowledgedAtMs} /> by {nameOf(alert.acknowledgedBy ?? '')}
          </dd>
        </div>
      )}
      {alert.silenceEndsAtMs && (
        <div>
          <dt>Silenced until</dt>
          <dd>
            <Time atMs={alert.silenceEndsAtMs} />
          </dd>
        </div>
      )}
      {alert.inhibitedBy && (
        <div>
          <dt>Quiet because of</dt>
          <dd>
            <Link to={paths.alert(alert.inhibitedBy)}>another alert</Link>
          </dd>
        </div>
      )}
      {alert.escalatedAtMs && (
        <div>
          <dt>Told again</dt>
          <dd>
            <Time atMs={alert.escalatedAtMs} />
          </dd>
        </div>
      )}
      {alert.assignedTo && (
        <div>
          <dt>With</dt>
          <dd>{nameOf(alert.assignedTo)}</dd>
        </div>
      )}
      {alert.resolvedAtMs && (
        <div>
          <dt>Resolved</dt>
          <dd>
            <Time atMs={alert.resolvedAtMs} /> by {nameOf(alert.resolvedBy ?? '')}
          </dd>
        </div>
      )}
    </dl>
  )
}

function ActionBar({ alert, actions }: { alert: Alert; actions: AlertActions }) {
  const attempt = actions.attemptOn(alert.id)
  const isBusy = attempt?.state === 'sending'
  const isOpen = alert.state !== 'resolved'
  const [isSilencing, setSilencing] = useState(false)
  return (
    <>
      <div className="row wrap">
        <button
          type="button"
          className="primary"
          disabled={isBusy || alert.state !== 'firing'}
          onClick={() => void actions.act(alert.id, 'acknowledge')}
        >
          Acknowledge <kbd>a</kbd>
        </button>
        <button type="button" disabled={isBusy || !isOpen} onClick={() => void actions.act(alert.id, 'resolve')}>
          Resolve <kbd>r</kbd>
        </button>
        <button type="button" disabled={isBusy || !isOpen} onClick={() => void actions.act(alert.id, 'assign')}>
          Assign to me <kbd>i</kbd>
        </button>
        <button
          type="button"
          aria-expanded={isSilencing}
          disabled={isBusy || !isOpen}
          onClick={() => setSilencing(!isSilencing)}
        >
          Silence …
        </button>
        {alert.silenceId !== undefined && (
          <button type="button" disabled={isBusy} onClick={() => void actions.endSilence(alert)}>
            End the silence
          </button>
        )}
      </div>
      {isSilencing && isOpen && <SilenceForm alert={alert} actions={actions} onDone={() => setSilencing(false)} />}
      <p className="problem" role="alert">
        {attempt?.state === 'failed' && `Could not ${attempt.action}: ${attempt.message}`}
      </p>
    </>
  )
}

function NoteList({ notes }: { notes: readonly AlertNote[] | undefined }) {
  const nameOf = useNameOfUser()
  if (notes === undefined) return <Loading what="what was done" />
  return (
    <ol className="plain notes" aria-label="What was done">
      {notes.map((note) => (
        <li key={`${note.atMs} ${note.action} ${note.by}`}>
          <Time atMs={note.atMs} /> <strong>{note.action.replaceAll('-', ' ')}</strong> by {nameOf(note.by)}
          {note.text && <p>{note.text}</p>}
        </li>
      ))}
    </ol>
  )
}

interface CommentFormProps {
  readonly alert: Alert
  readonly actions: AlertActions
  readonly field: RefObject<HTMLTextAreaElement | null>
  readonly onDone: () => void
}

function CommentForm({ alert, actions, field, onDone }: CommentFormProps) {
  const [text, setText] = useState('')
  async function send(event?: FormEvent): Promise<void> {
    event?.preventDefault()
    const note = text.trim()
    if (note === '') return
    // What was typed stays until the server has it.
    if (!(await actions.act(alert.id, 'comment', note))) return
    setText('')
    onDone()
  }
  return (
    <form className="comment" onSubmit={(event) => void send(event)}>
      <label>
        Comment <kbd>c</kbd>
        <textarea
          ref={field}
          rows={2}
          maxLength={2000}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape') event.currentTarget.blur()
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void send()
          }}
        />
      </label>
      <button type="submit" disabled={text.trim() === ''}>
        Send
      </button>
    </form>
  )
}
