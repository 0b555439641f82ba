import { type InputHTMLAttributes, type ReactNode, useEffect, useId, useRef } from 'react'

interface FieldProps extends Omit<InputHTMLAttributes<HTMLInputElement>, 'id' | 'value' | 'onChange'> {
  readonly label: string
  readonly value: string
  readonly onValue: (value: string) => void
  readonly hint?: ReactNode
  /** Id of the element that says what is wrong with the form. */
  readonly problemId?: string
  /** The cursor starts here when the field appears. */
  readonly takesFocus?: boolean
}

/** A labelled line to type into; what helps and what went wrong is read out with it. */
export function Field({ label, value, onValue, hint, problemId, takesFocus = false, ...rest }: FieldProps) {
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    // After the effects of what stands around: a dialog opens in one of them, and takes the focus itself.
    if (takesFocus) queueMicrotask(() => input.current?.focus())
  }, [takesFocus])
  const hintId = hint === undefined ? undefined : `${id}-hint`
  const describedBy = [hintId, problemId].filter((part) => part !== undefined).join(' ')
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        {...rest}
        ref={input}
        id={id}
        value={value}
        aria-describedby={describedBy === '' ? undefined : describedBy}
        onChange={(event) => onValue(event.target.value)}
      />
      {hint !== undefined && (
        <p id={hintId} className="hint">
          {hint}
        </p>
      )}
    </div>
  )
}

type CodeFieldProps = Pick<FieldProps, 'value' | 'onValue' | 'problemId' | 'takesFocus' | 'hint'> & {
  readonly label?: string
}

/** Six digits that were sent, or that an authenticator app shows; phones offer to fill them in. */
export function CodeField({ label = 'Code', ...rest }: CodeFieldProps) {
  return (
    <Field
      {...rest}
      label={label}
      name="one-time-code"
      autoComplete="one-time-code"
      inputMode="numeric"
      pattern="[0-9 ]*"
      maxLength={10}
      className="code-field"
      required
    />
  )
}
