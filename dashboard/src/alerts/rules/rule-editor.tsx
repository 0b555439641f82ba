import { type FormEvent, useId, useState } from 'react'
import type { AlertRule } from '../../../../contracts/alert.ts'
import { request } from '../../http/client.ts'
import { toError } from '../../http/http-error.ts'
import { Confirm } from '../../ui/dialog.tsx'
import { Field } from '../../ui/field.tsx'
import { ConditionFields, SeverityChoice } from './condition-fields.tsx'
import { describeRule } from './describe-rule.ts'
import { ReplayPanel } from './replay-panel.tsx'
import { emptyDraft, type RuleDraft, readDraft, toDraft } from './rule-draft.ts'

interface RuleEditorProps {
  /** Undefined to make a new one. */
  readonly rule: AlertRule | undefined
  readonly others: readonly AlertRule[]
  readonly mayManage: boolean
  readonly onDone: () => void
}

/** One rule: what it watches, said in words beside the form, and what it would have done. */
export function RuleEditor({ rule, others, mayManage, onDone }: RuleEditorProps) {
  const [draft, setDraft] = useState<RuleDraft>(() => (rule === undefined ? emptyDraft() : toDraft(rule)))
  const [isBusy, setBusy] = useState(false)
  const [failure, setFailure] = useState<string>()
  const [asksToDelete, setAsksToDelete] = useState(false)
  const problemId = useId()
  const { input, problem } = readDraft(draft.name === '' ? { ...draft, name: 'new' } : draft)
  const path = rule === undefined ? '/api/alert-rules' : `/api/alert-rules/${encodeURIComponent(rule.id)}`

  async function send(method: 'POST' | 'PATCH' | 'DELETE', body?: unknown): Promise<void> {
    setBusy(true)
    setFailure(undefined)
    try {
      await request(path, { method, ...(body !== undefined && { body }) })
      onDone()
    } catch (thrown) {
      setFailure(toError(thrown).message)
      setBusy(false)
    }
  }

  function save(event: FormEvent): void {
    event.preventDefault()
    const read = readDraft(draft)
    if (read.input === undefined) setFailure(read.problem)
    else void send(rule === undefined ? 'POST' : 'PATCH', read.input)
  }

  return (
    <section className="card rule-editor" aria-label={rule === undefined ? 'New rule' : rule.name}>
      <header className="card-head">
        <h2>{rule === undefined ? 'New rule' : rule.name}</h2>
        <button type="button" className="quiet" onClick={onDone}>
          Close
        </button>
      </header>
      <p className="rule-words">
        {input === undefined ? <span className="muted">{problem}</span> : describeRule(input)}
      </p>
      {mayManage && (
        <>
          <form className="form" onSubmit={save}>
            <fieldset className="bare form" disabled={isBusy}>
              <div className="field-grid">
                <Field
                  label="Name"
                  required
                  maxLength={120}
                  value={draft.name}
                  problemId={problemId}
                  onValue={(name) => setDraft({ ...draft, name })}
                />
                <SeverityChoice value={draft.severity} onValue={(severity) => setDraft({ ...draft, severity })} />
              </div>
              <ConditionFields draft={draft} onChange={setDraft} />
              <AreaField draft={draft} onChange={setDraft} />
              <ScheduleFields draft={draft} onChange={setDraft} />
              <LifeFields draft={draft} onChange={setDraft} others={others.filter(({ id }) => id !== rule?.id)} />
            </fieldset>
            <ReplayPanel input={input} problem={problem} />
            <div>
              <label className="check">
                <input
                  type="checkbox"
                  checked={draft.enabled}
                  onChange={(event) => setDraft({ ...draft, enabled: event.target.checked })}
                />
                Switched on
              </label>
            </div>
            <p id={problemId} className="problem" role="alert">
              {failure}
            </p>
            <div className="row wrap">
              <button type="submit" className="primary" disabled={isBusy}>
                {isBusy ? 'Saving …' : 'Save'}
              </button>
              {rule !== undefined && !rule.builtIn && (
                <button type="button" className="danger" disabled={isBusy} onClick={() => setAsksToDelete(true)}>
                  Delete
                </button>
              )}
              {rule?.builtIn && <span className="muted">Came with its kind: it can be switched off, not deleted.</span>}
            </div>
          </form>
          {asksToDelete && (
            <Confirm
              title="Delete this rule?"
              action="Delete"
              onConfirm={() => void send('DELETE')}
              onClose={() => setAsksToDelete(false)}
            >
              <p>Its open alerts end with it.</p>
            </Confirm>
          )}
        </>
      )}
    </section>
  )
}

interface PartProps {
  readonly draft: RuleDraft
  readonly onChange: (draft: RuleDraft) => void
}

function AreaField({ draft, onChange }: PartProps) {
  const isNeeded = draft.type === 'area-mean'
  return (
    <label className="field">
      <span>{isNeeded ? 'Area' : 'Only in this area'}</span>
      <textarea
        rows={2}
        required={isNeeded}
        value={draft.area}
        placeholder="28.6139, 77.2090, 500"
        onChange={(event) => onChange({ ...draft, area: event.target.value })}
      />
      <span className="hint">
        One line “latitude, longitude, metres” is a circle; three lines or more “latitude, longitude” are corners.
      </span>
    </label>
  )
}

const dayNames = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const

function ScheduleFields({ draft, onChange }: PartProps) {
  const toggle = (day: number) =>
    onChange({
      ...draft,
      days: draft.days.includes(day) ? draft.days.filter((one) => one !== day) : [...draft.days, day],
    })
  return (
    <fieldset className="checks">
      <legend>Hours</legend>
      <label className="check">
        <input
          type="checkbox"
          checked={draft.isScheduled}
          onChange={(event) => onChange({ ...draft, isScheduled: event.target.checked })}
        />
        Only at certain hours
      </label>
      {draft.isScheduled && (
        <>
          <div className="choice">
            {dayNames.map((name, day) => (
              <button key={name} type="button" aria-pressed={draft.days.includes(day)} onClick={() => toggle(day)}>
                {name}
              </button>
            ))}
          </div>
          <div className="field-grid">
            <Field label="From" type="time" value={draft.from} onValue={(from) => onChange({ ...draft, from })} />
            <Field label="To" type="time" value={draft.to} onValue={(to) => onChange({ ...draft, to })} />
            <Field label="Time zone" value={draft.timeZone} onValue={(timeZone) => onChange({ ...draft, timeZone })} />
          </div>
        </>
      )}
    </fieldset>
  )
}

function LifeFields({ draft, onChange, others }: PartProps & { readonly others: readonly AlertRule[] }) {
  return (
    <div className="field-grid">
      <Field
        label="Tell again when nobody acknowledges it, min"
        inputMode="numeric"
        placeholder="never"
        value={draft.escalateAfterMin}
        onValue={(escalateAfterMin) => onChange({ ...draft, escalateAfterMin })}
      />
      <label className="field">
        <span>Keeps quiet meanwhile</span>
        <select
          multiple
          size={4}
          value={[...draft.inhibits]}
          onChange={(event) =>
            onChange({ ...draft, inhibits: [...event.target.selectedOptions].map((option) => option.value) })
          }
        >
          {others.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </label>
    </div>
  )
}
