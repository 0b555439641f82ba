import { type KeyboardEvent, useId, useState } from 'react'
import { useQuery } from '../http/use-query.ts'
import type { Choice } from './choice.ts'
import { useSettled } from './use-settled.ts'

interface SearchPickerProps {
  readonly label: string
  readonly placeholder: string
  readonly chosen: Choice | undefined
  readonly onChoose: (choice: Choice | undefined) => void
  /** Finds what a text could mean, the few best. */
  readonly find: (text: string, signal: AbortSignal) => Promise<readonly Choice[]>
  /** Said when there is none. */
  readonly none: string
  /** Id of what says what is wrong with the choice. */
  readonly describedBy?: string | undefined
}

const typingPauseMs = 250

/**
 * A field that finds one of many by what is typed.
 * @see ARIA Authoring Practices Guide, combobox with listbox popup
 */
export function SearchPicker({ label, chosen, onChoose, find, none, placeholder, describedBy }: SearchPickerProps) {
  const [text, setText] = useState('')
  const [isOpen, setIsOpen] = useState(false)
  const [at, setAt] = useState(0)
  const asked = useSettled(text.trim(), typingPauseMs)
  const found = useQuery(asked === '' || !isOpen ? undefined : asked, (signal) => find(asked, signal))
  const fieldId = useId()
  const listId = useId()
  const choices = found.data ?? []
  const active = choices[Math.min(at, choices.length - 1)]

  function choose(choice: Choice): void {
    onChoose(choice)
    setText('')
    setIsOpen(false)
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (!isOpen) return
    if (event.key === 'Escape') setIsOpen(false)
    else if (event.key === 'ArrowDown') setAt(Math.min(at + 1, choices.length - 1))
    else if (event.key === 'ArrowUp') setAt(Math.max(at - 1, 0))
    else if (event.key === 'Enter' && active !== undefined) choose(active)
    else return
    // The form is not sent, the dialog not closed, the caret not moved.
    event.preventDefault()
    event.stopPropagation()
  }

  if (chosen !== undefined) {
    return (
      <div className="field">
        <span id={fieldId}>{label}</span>
        <div className="row wrap picked">
          <strong>{chosen.name}</strong>
          <span className="muted">{chosen.note}</span>
          <button type="button" aria-describedby={fieldId} onClick={() => onChoose(undefined)}>
            Remove
          </button>
        </div>
      </div>
    )
  }
  return (
    <div className="field picker">
      <label htmlFor={fieldId}>{label}</label>
      <input
        id={fieldId}
        role="combobox"
        aria-autocomplete="list"
        aria-expanded={isOpen && asked !== ''}
        aria-controls={listId}
        aria-activedescendant={isOpen && active !== undefined ? `${listId}-${active.id}` : undefined}
        aria-describedby={describedBy}
        autoComplete="off"
        placeholder={placeholder}
        maxLength={120}
        value={text}
        onChange={(event) => {
          setText(event.target.value)
          setIsOpen(true)
          setAt(0)
        }}
        onKeyDown={onKeyDown}
        onBlur={() => setIsOpen(false)}
      />
      {isOpen && asked !== '' && (
        <div className="picker-list">
          <div role="listbox" id={listId} aria-label={label}>
            {choices.map((choice) => (
              <button
                key={choice.id}
                id={`${listId}-${choice.id}`}
                type="button"
                role="option"
                tabIndex={-1}
                aria-selected={choice === active}
                // Else the field would lose the focus, and with it the list, before the press counts.
                onPointerDown={(event) => event.preventDefault()}
                onClick={() => choose(choice)}
              >
                <span>{choice.name}</span>
                <span className="muted">{choice.note}</span>
              </button>
            ))}
          </div>
          <p className="muted" role="status">
            {found.loading && 'Searching …'}
            {found.error !== undefined && `Could not search: ${found.error.message}`}
            {!found.loading && found.data?.length === 0 && none}
          </p>
        </div>
      )}
    </div>
  )
}
