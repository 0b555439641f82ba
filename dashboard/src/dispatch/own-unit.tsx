import { useCallback, useState } from 'react'
import { type IdleUnitState, idleUnitStates, isOpenAssignment, type Unit } from '../../../contracts/dispatch.ts'
import { useMay } from '../session/permissions.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Field } from '../ui/field.tsx'
import { Mark } from '../ui/mark.tsx'
import { Age } from '../ui/time.tsx'
import { assignmentWords, unitStateWords } from './unit-words.ts'
import { type Doing, type OwnAssignment, post, useDoing, useOwnAssignments } from './use-dispatch.ts'

/** What the unit of the account has to do, large enough for a phone in a moving car. */
export function OwnUnit({ units, onChange }: { units: readonly Unit[]; onChange: () => void }) {
  const own = useOwnAssignments(useMay('assignments.answer'))
  const { reload } = own
  const after = useCallback(() => {
    reload()
    onChange()
  }, [reload, onChange])
  const doing = useDoing(after)
  const unitNumber = own.data?.unitNumber
  if (own.data === undefined || unitNumber === undefined) return null
  const unit = units.find((one) => one.unitNumber === unitNumber)
  return (
    <section className="card own-unit" aria-labelledby="own-unit">
      <div className="panel-head">
        <h2 id="own-unit">Your unit, {unitNumber}</h2>
        {unit !== undefined && own.data.items.length === 0 && <OwnState unit={unit} doing={doing} />}
      </div>
      {own.data.items.length === 0 && <p className="muted">Nothing to do now.</p>}
      {own.data.items.map((item) => (
        <Task key={item.assignment.id} item={item} doing={doing} />
      ))}
      <p className="problem" role="alert">
        {doing.problem}
      </p>
    </section>
  )
}

function OwnState({ unit, doing }: { unit: Unit; doing: Doing }) {
  return (
    <label className="row">
      <span className="muted">You are</span>
      <select
        value={unit.state}
        disabled={doing.isBusy}
        onChange={(event) => {
          const state = event.target.value as IdleUnitState
          void doing.run(() => post(`/api/units/${unit.id}/state`, { state }))
        }}
      >
        {idleUnitStates.map((state) => (
          <option key={state} value={state}>
            {unitStateWords[state]}
          </option>
        ))}
      </select>
    </label>
  )
}

function Task({ item: { assignment, case: found }, doing }: { item: OwnAssignment; doing: Doing }) {
  const [isDeclining, setIsDeclining] = useState(false)
  const { id, state, assignedAtMs } = assignment
  const say = (word: string, body?: unknown) => void doing.run(() => post(`/api/assignments/${id}/${word}`, body))
  const isPending = state === 'assigned'
  return (
    <article className="own-task">
      <h3>
        {found !== undefined && <Mark name={found.severity} />}
        <span>{found?.title ?? 'A case that is gone'}</span>
        <span className="muted">
          {assignmentWords[state]} · sent <Age atMs={assignedAtMs} />
        </span>
      </h3>
      {found?.description !== undefined && <p>{found.description}</p>}
      {found !== undefined && <Where found={found} />}
      <div className="row wrap">
        {isPending && (
          <button type="button" className="primary" disabled={doing.isBusy} onClick={() => say('confirm')}>
            Confirm
          </button>
        )}
        {state === 'confirmed' && (
          <button type="button" className="primary" disabled={doing.isBusy} onClick={() => say('en-route')}>
            On the way
          </button>
        )}
        {(state === 'confirmed' || state === 'en-route') && (
          <button
            type="button"
            className={state === 'en-route' ? 'primary' : undefined}
            disabled={doing.isBusy}
            onClick={() => say('on-scene')}
          >
            On the scene
          </button>
        )}
        {state === 'on-scene' && (
          <button type="button" className="primary" disabled={doing.isBusy} onClick={() => say('complete')}>
            Finished
          </button>
        )}
        {isOpenAssignment(assignment) && state !== 'on-scene' && (
          <button type="button" disabled={doing.isBusy} onClick={() => setIsDeclining(true)}>
            Decline …
          </button>
        )}
      </div>
      {isDeclining && (
        <DeclineDialog onDecline={(body) => say('decline', body)} onClose={() => setIsDeclining(false)} />
      )}
    </article>
  )
}

function Where({ found }: { found: NonNullable<OwnAssignment['case']> }) {
  const { address, position, personName, personPhone } = found
  return (
    <dl className="facts">
      {address !== undefined && (
        <div>
          <dt>Address</dt>
          <dd>{address}</dd>
        </div>
      )}
      <div>
        <dt>Place</dt>
        <dd className="mono">
          {position === undefined ? 'not known' : `${position.latitude.toFixed(5)}, ${position.longitude.toFixed(5)}`}
        </dd>
      </div>
      {(personName ?? personPhone) !== undefined && (
        <div>
          <dt>Person</dt>
          <dd>
            {personName} {personPhone !== undefined && <a href={`tel:${personPhone}`}>{personPhone}</a>}
          </dd>
        </div>
      )}
    </dl>
  )
}

function DeclineDialog({ onDecline, onClose }: { onDecline: (body: { reason: string }) => void; onClose: () => void }) {
  const [reason, setReason] = useState('')
  return (
    <Dialog title="Decline?" onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          onClose()
          onDecline({ reason })
        }}
      >
        <Field
          label="Why"
          value={reason}
          onValue={setReason}
          maxLength={500}
          required
          takesFocus
          hint="The control room sees this, and sends somebody else."
        />
        <div className="row end">
          <button type="button" onClick={onClose}>
            Keep
          </button>
          <button type="submit" className="danger">
            Decline
          </button>
        </div>
      </form>
    </Dialog>
  )
}
