import { type FormEvent, useState } from 'react'
import type { Alert } from '../../../contracts/alert.ts'
import { Field } from '../ui/field.tsx'
import type { AlertActions } from './alert-actions.ts'

const durations = [
  { seconds: 1800, label: '30 minutes' },
  { seconds: 3600, label: '1 hour' },
  { seconds: 4 * 3600, label: '4 hours' },
  { seconds: 24 * 3600, label: '1 day' },
  { seconds: 7 * 24 * 3600, label: '7 days' },
] as const

interface SilenceFormProps {
  readonly alert: Alert
  readonly actions: AlertActions
  readonly onDone: () => void
}

/** How long this rule is to be quiet about this device, and why. */
export function SilenceForm({ alert, actions, onDone }: SilenceFormProps) {
  const [durationS, setDurationS] = useState(3600)
  const [reason, setReason] = useState('')
  async function send(event: FormEvent): Promise<void> {
    event.preventDefault()
    if (reason.trim() === '') return
    if (await actions.send(alert.id, 'silence', { durationS, reason: reason.trim() })) onDone()
  }
  return (
    <form className="form" onSubmit={(event) => void send(event)}>
      <label>
        Silence for
        <select value={durationS} onChange={(event) => setDurationS(Number(event.target.value))}>
          {durations.map(({ seconds, label }) => (
            <option key={seconds} value={seconds}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <Field label="Why" required maxLength={500} takesFocus value={reason} onValue={setReason} />
      <div className="row wrap">
        <button type="submit" className="primary" disabled={actions.attemptOn(alert.id)?.state === 'sending'}>
          Silence
        </button>
        <button type="button" onClick={onDone}>
          Cancel
        </button>
      </div>
    </form>
  )
}
