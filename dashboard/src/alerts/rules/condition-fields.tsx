import { findKind, kinds } from '../../../../contracts/kinds/index.ts'
import { fieldNames } from '../../../../contracts/kinds/kind.ts'
import { type Severity, severities } from '../../../../contracts/severity.ts'
import { Field } from '../../ui/field.tsx'
import { conditionTypes, emptyPart, type PartDraft, type RuleDraft, withKind } from './rule-draft.ts'

interface FieldsProps {
  readonly draft: RuleDraft
  readonly onChange: (draft: RuleDraft) => void
}

const hasLimits = new Set<RuleDraft['type']>(['above', 'below', 'rate', 'area-mean'])
const hasHold = new Set<RuleDraft['type']>(['above', 'below', 'rate', 'all', 'any'])
const hasAfter = new Set<RuleDraft['type']>(['no-data', 'frozen'])
const hasWindow = new Set<RuleDraft['type']>(['rate', 'area-mean'])

/** What the rule watches. Only what this sort of rule has is asked for. */
export function ConditionFields({ draft, onChange }: FieldsProps) {
  const { type } = draft
  const set = (change: Partial<RuleDraft>) => onChange({ ...draft, ...change })
  const number = (label: string, name: 'raise' | 'clear' | 'holdS' | 'afterS' | 'windowS' | 'devicesMin') => (
    <Field label={label} inputMode="decimal" required value={draft[name]} onValue={(value) => set({ [name]: value })} />
  )
  const unit = findKind(draft.kind)?.fields[draft.field]?.unit ?? ''
  const per = type === 'rate' ? `${unit} a minute` : unit
  return (
    <>
      <div className="field-grid">
        <Choice
          label="Kind of reading"
          value={draft.kind}
          choices={kinds.map(({ id, label }) => ({ value: id, label }))}
          onValue={(kind) => onChange(withKind(draft, kind))}
        />
        <Choice
          label="Is wrong when it is"
          value={type}
          choices={conditionTypes}
          onValue={(next) => set({ type: next })}
        />
        {type !== 'no-data' && type !== 'all' && type !== 'any' && (
          <FieldChoice kind={draft.kind} value={draft.field} onValue={(field) => set({ field })} />
        )}
        {type === 'rate' && (
          <Choice
            label="Direction"
            value={draft.pace}
            choices={(['rising', 'falling', 'either'] as const).map((value) => ({ value, label: value }))}
            onValue={(pace) => set({ pace })}
          />
        )}
        {type === 'area-mean' && (
          <Choice
            label="Direction"
            value={draft.direction}
            choices={(['above', 'below'] as const).map((value) => ({ value, label: value }))}
            onValue={(direction) => set({ direction })}
          />
        )}
        {hasLimits.has(type) && number(`Raises at, ${per}`, 'raise')}
        {hasLimits.has(type) && number(`Clears at, ${per}`, 'clear')}
        {hasWindow.has(type) && number('Window, s', 'windowS')}
        {hasHold.has(type) && number('Must hold for, s', 'holdS')}
        {hasAfter.has(type) && number('After, s', 'afterS')}
        {type === 'area-mean' && number('Devices that must report', 'devicesMin')}
        {type !== 'area-mean' && (
          <Field
            label="Only this device"
            value={draft.deviceId}
            placeholder="every device of the kind"
            onValue={(deviceId) => set({ deviceId })}
          />
        )}
      </div>
      {(type === 'all' || type === 'any') && <Parts draft={draft} onChange={onChange} />}
      {(type === 'above' || type === 'below') && <Steps draft={draft} onChange={onChange} />}
    </>
  )
}

function Parts({ draft, onChange }: FieldsProps) {
  const setPart = (at: number, change: Partial<PartDraft>) =>
    onChange({ ...draft, parts: draft.parts.map((part, i) => (i === at ? { ...part, ...change } : part)) })
  return (
    <fieldset className="checks">
      <legend>Limits</legend>
      {draft.parts.map((part, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a limit is known by nothing but its place
        <div className="field-grid" key={at}>
          <FieldChoice kind={draft.kind} value={part.field} onValue={(field) => setPart(at, { field })} />
          <Choice
            label="Is"
            value={part.type}
            choices={(['above', 'below'] as const).map((value) => ({ value, label: value }))}
            onValue={(type) => setPart(at, { type })}
          />
          <Field
            label="Raises at"
            inputMode="decimal"
            required
            value={part.raise}
            onValue={(raise) => setPart(at, { raise })}
          />
          <Field
            label="Clears at"
            inputMode="decimal"
            required
            value={part.clear}
            onValue={(clear) => setPart(at, { clear })}
          />
          {draft.parts.length > 2 && (
            <button
              type="button"
              className="quiet"
              onClick={() => onChange({ ...draft, parts: draft.parts.filter((_, i) => i !== at) })}
            >
              Remove
            </button>
          )}
        </div>
      ))}
      {draft.parts.length < 8 && (
        <button
          type="button"
          className="quiet"
          onClick={() => onChange({ ...draft, parts: [...draft.parts, emptyPart(draft.field)] })}
        >
          Add a limit
        </button>
      )}
    </fieldset>
  )
}

function Steps({ draft, onChange }: FieldsProps) {
  const setSteps = (steps: RuleDraft['steps']) => onChange({ ...draft, steps })
  return (
    <fieldset className="checks">
      <legend>Graver beyond</legend>
      {draft.steps.map((step, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a step is known by nothing but its place
        <div className="field-grid" key={at}>
          <Field
            label="Value"
            inputMode="decimal"
            value={step.raise}
            onValue={(raise) => setSteps(draft.steps.map((one, i) => (i === at ? { ...one, raise } : one)))}
          />
          <SeverityChoice
            value={step.severity}
            onValue={(severity) => setSteps(draft.steps.map((one, i) => (i === at ? { ...one, severity } : one)))}
          />
          <button type="button" className="quiet" onClick={() => setSteps(draft.steps.filter((_, i) => i !== at))}>
            Remove
          </button>
        </div>
      ))}
      {draft.steps.length < 3 && (
        <button
          type="button"
          className="quiet"
          onClick={() => setSteps([...draft.steps, { raise: '', severity: 'critical' }])}
        >
          Add a step
        </button>
      )}
    </fieldset>
  )
}

interface ChoiceProps<T extends string> {
  readonly label: string
  readonly value: T
  readonly choices: readonly { readonly value: T; readonly label: string }[]
  readonly onValue: (value: T) => void
}

export function Choice<T extends string>({ label, value, choices, onValue }: ChoiceProps<T>) {
  return (
    <label className="field">
      <span>{label}</span>
      {/* Only what is offered can be chosen. */}
      <select value={value} onChange={(event) => onValue(event.target.value as T)}>
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.label}
          </option>
        ))}
      </select>
    </label>
  )
}

export function SeverityChoice({ value, onValue }: { value: Severity; onValue: (value: Severity) => void }) {
  const choices = severities.map((severity) => ({ value: severity, label: severity }))
  return <Choice label="Severity" value={value} choices={choices} onValue={onValue} />
}

function FieldChoice({ kind, value, onValue }: { kind: string; value: string; onValue: (value: string) => void }) {
  const known = findKind(kind)
  const choices =
    known === undefined ? [] : fieldNames(known).map((name) => ({ value: name, label: known.fields[name]!.label }))
  return <Choice label="Quantity" value={value} choices={choices} onValue={onValue} />
}
