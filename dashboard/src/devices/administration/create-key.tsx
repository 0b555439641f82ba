import { type FormEvent, useId, useState } from 'react'
import { request } from '../../http/client.ts'
import { Dialog } from '../../ui/dialog.tsx'
import { Field } from '../../ui/field.tsx'
import { useAttempt } from '../../ui/use-attempt.ts'
import type { NewProvisioningKey } from './provisioning-key.ts'

interface CreateKeyProps {
  readonly onCreated: (created: NewProvisioningKey) => void
  readonly onClose: () => void
}

const quotaMax = 100_000
const dayMs = 86_400_000
const lifetimes = [
  { label: 'in a day', days: 1 },
  { label: 'in a week', days: 7 },
  { label: 'in 30 days', days: 30 },
  { label: 'in 90 days', days: 90 },
  { label: 'in a year', days: 365 },
] as const

export function CreateKey({ onCreated, onClose }: CreateKeyProps) {
  const [name, setName] = useState('')
  const [quota, setQuota] = useState('100')
  const [lifetime, setLifetime] = useState(1)
  const attempt = useAttempt()
  const problemId = useId()

  function submit(event: FormEvent): void {
    event.preventDefault()
    const { days } = lifetimes[lifetime]!
    void attempt.run(async () => {
      const body = {
        name: name.trim(),
        quota: Number(quota),
        expiresAt: new Date(Date.now() + days * dayMs).toISOString(),
      }
      onCreated(await request<NewProvisioningKey>('/api/provisioning-keys', { method: 'POST', body }))
    })
  }

  return (
    <Dialog title="Create a provisioning key" onClose={onClose}>
      <form className="admin-form" onSubmit={submit}>
        <Field
          label="Name"
          hint="What it is for, for example “Bins, contract 2026”."
          autoComplete="off"
          required
          maxLength={120}
          takesFocus
          value={name}
          problemId={problemId}
          onValue={setName}
        />
        <Field
          label="Devices it may enrol"
          type="number"
          min={1}
          max={quotaMax}
          step={1}
          required
          value={quota}
          problemId={problemId}
          onValue={setQuota}
        />
        <label className="stacked">
          Ends
          <select value={lifetime} onChange={(event) => setLifetime(Number(event.target.value))}>
            {lifetimes.map(({ label }, at) => (
              <option key={label} value={at}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <p id={problemId} className="problem" role="alert">
          {attempt.problem}
        </p>
        <div className="row end">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="primary" disabled={attempt.busy}>
            {attempt.busy ? 'Creating …' : 'Create'}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
