import { type FormEvent, useId, useState } from 'react'
import { type Doing, post } from '../dispatch/use-dispatch.ts'
import { useMay } from '../session/permissions.ts'
import { Time } from '../ui/time.tsx'
import { useNameOfActor } from './sos-pieces.tsx'
import { sosActionWords } from './sos-words.ts'
import { casePath, type SosDetail } from './use-sos.ts'

/** All that happened, newest first, and a line to add to it. */
export function CaseTimeline({ sos, doing }: { sos: SosDetail; doing: Doing }) {
  const nameOf = useNameOfActor()
  const mayAct = useMay('sos.act')
  return (
    <section className="card" aria-labelledby="case-timeline">
      <h3 id="case-timeline">What happened</h3>
      {mayAct && <NoteForm id={sos.id} doing={doing} />}
      <ol className="plain notes" aria-label="Timeline">
        {sos.timeline.toReversed().map((line) => (
          <li key={`${line.atMs} ${line.action} ${line.actor} ${line.note ?? ''}`}>
            <Time atMs={line.atMs} /> <strong>{sosActionWords[line.action]}</strong>{' '}
            <span className="muted">by {nameOf(line.actor)}</span>
            {line.note !== undefined && <p>{line.note}</p>}
          </li>
        ))}
      </ol>
    </section>
  )
}

function NoteForm({ id, doing }: { id: string; doing: Doing }) {
  const [text, setText] = useState('')
  const fieldId = useId()
  async function send(event: FormEvent): Promise<void> {
    event.preventDefault()
    const note = text.trim()
    if (note === '') return
    // What was typed stays until the server has it.
    if (await doing.run(() => post(`${casePath(id)}/notes`, { note }))) setText('')
  }
  return (
    <form className="sos-note" onSubmit={(event) => void send(event)}>
      <label htmlFor={fieldId} className="unseen">
        Note
      </label>
      <input
        id={fieldId}
        value={text}
        maxLength={2000}
        placeholder="Add a note"
        autoComplete="off"
        onChange={(event) => setText(event.target.value)}
      />
      <button type="submit" disabled={doing.isBusy || text.trim() === ''}>
        Add
      </button>
    </form>
  )
}
