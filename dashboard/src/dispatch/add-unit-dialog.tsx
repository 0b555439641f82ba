import { type FormEvent, useState } from 'react'
import { type UnitKind, unitKinds } from '../../../contracts/dispatch.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Field } from '../ui/field.tsx'
import { splitCapabilities, unitKindWords } from './unit-words.ts'
import { post, useDoing } from './use-dispatch.ts'

const problemId = 'add-unit-problem'

/** Somebody more who can be sent. */
export function AddUnitDialog({ onAdded, onClose }: { onAdded: () => void; onClose: () => void }) {
  const [unitNumber, setUnitNumber] = useState('')
  const [name, setName] = useState('')
  const [kind, setKind] = useState<UnitKind>('patrol')
  const [capabilities, setCapabilities] = useState('')
  const doing = useDoing(onAdded)

  async function add(event: FormEvent): Promise<void> {
    event.preventDefault()
    const body = {
      unitNumber,
      kind,
      ...(name.trim() !== '' && { name }),
      capabilities: splitCapabilities(capabilities),
    }
    if (await doing.run(() => post('/api/units', body))) onClose()
  }

  return (
    <Dialog title="Add a unit" onClose={onClose}>
      <form className="form" onSubmit={(event) => void add(event)}>
        <Field
          label="Number"
          value={unitNumber}
          onValue={setUnitNumber}
          problemId={problemId}
          maxLength={40}
          autoComplete="off"
          required
          takesFocus
          hint="It stays with the unit; officers’ accounts are tied to it under People."
        />
        <label>
          Kind
          <select value={kind} onChange={(event) => setKind(event.target.value as UnitKind)}>
            {unitKinds.map((one) => (
              <option key={one} value={one}>
                {unitKindWords[one]}
              </option>
            ))}
          </select>
        </label>
        <Field label="Name (optional)" value={name} onValue={setName} maxLength={120} autoComplete="off" />
        <Field
          label="What it can do (optional)"
          value={capabilities}
          onValue={setCapabilities}
          autoComplete="off"
          hint="Separated by commas, for example first-aid, ladder."
        />
        <p className="problem" id={problemId} role="alert">
          {doing.problem}
        </p>
        <div className="row end">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="primary" disabled={doing.isBusy}>
            Add
          </button>
        </div>
      </form>
    </Dialog>
  )
}
