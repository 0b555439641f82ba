import { useState } from 'react'
import { Field } from '../ui/field.tsx'

export interface NewPassword {
  readonly first: string
  readonly second: string
  readonly setFirst: (value: string) => void
  readonly setSecond: (value: string) => void
  /** @throws Error with a sentence when the two are not the same */
  readonly read: () => string
  readonly clear: () => void
}

export function useNewPassword(): NewPassword {
  const [first, setFirst] = useState('')
  const [second, setSecond] = useState('')
  return {
    first,
    second,
    setFirst,
    setSecond,
    read() {
      if (first !== second) throw new Error('The two new passwords are not the same.')
      return first
    },
    clear() {
      setFirst('')
      setSecond('')
    },
  }
}

interface NewPasswordFieldsProps {
  readonly password: NewPassword
  readonly problemId: string
  readonly takesFocus?: boolean
}

/** Typed twice, as nobody sees what is typed. */
export function NewPasswordFields({ password, problemId, takesFocus = false }: NewPasswordFieldsProps) {
  return (
    <>
      <Field
        label="New password"
        type="password"
        name="new-password"
        autoComplete="new-password"
        required
        maxLength={72}
        hint="8 characters or more; 12 for whoever works for the city."
        takesFocus={takesFocus}
        value={password.first}
        problemId={problemId}
        onValue={password.setFirst}
      />
      <Field
        label="New password again"
        type="password"
        name="new-password-again"
        autoComplete="new-password"
        required
        maxLength={72}
        value={password.second}
        problemId={problemId}
        onValue={password.setSecond}
      />
    </>
  )
}
