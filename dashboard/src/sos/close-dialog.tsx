import { useId, useState } from 'react'
import { type SosOutcome, sosOutcomes } from '../../../contracts/sos.ts'
import { post } from '../dispatch/use-dispatch.ts'
import { Dialog } from '../ui/dialog.tsx'
import { sosOutcomeHints, sosOutcomeWords } from './sos-words.ts'
import { casePath, type SosDetail } from './use-sos.ts'

interface CloseDialogProps {
  readonly sos: SosDetail
  readonly onDone: (work: () => Promise<unknown>) => Promise<boolean>
  readonly onClose: () => void
}

/** Ends a case; what it turned out to be has to be said. */
export function CloseDialog({ sos, onDone, onClose }: CloseDialogProps) {
  const [outcome, setOutcome] = useState<SosOutcome>()
  const [note, setNote] = useState('')
  const noteId = useId()
  return (
    <Dialog title="Close the case?" onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (outcome === undefined) return
          const text = note.trim()
          onClose()
          void onDone(() =>
            post(`${casePath(sos.id)}/status`, { status: 'resolved', outcome, ...(text !== '' && { note: text }) }),
          )
        }}
      >
        <fieldset className="sos-outcomes">
          <legend>What it turned out to be</legend>
          {sosOutcomes.map((value) => (
            <label key={value}>
              <input
                type="radio"
                name="outcome"
                value={value}
                required
                checked={outcome === value}
                onChange={() => setOutcome(value)}
              />
              <span>
                <strong>{sosOutcomeWords[value]}</strong> <span className="muted">{sosOutcomeHints[value]}</span>
              </span>
            </label>
          ))}
        </fieldset>
        <div className="field">
          <label htmlFor={noteId}>Note</label>
          <textarea
            id={noteId}
            rows={2}
            maxLength={2000}
            value={note}
            onChange={(event) => setNote(event.target.value)}
          />
          <p className="hint">Units on this case are released, and everybody who was told is told that it is over.</p>
        </div>
        <div className="row end">
          <button type="button" onClick={onClose}>
            Keep open
          </button>
          <button type="submit" className="danger" disabled={outcome === undefined}>
            Close the case
          </button>
        </div>
      </form>
    </Dialog>
  )
}
