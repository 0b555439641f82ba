import { useId } from 'react'
import type { Role } from '../../../contracts/roles.ts'
import { roleWords } from './role-words.ts'

interface RoleChoiceProps {
  /** Those that may be given. */
  readonly roles: readonly Role[]
  readonly chosen: Role
  readonly onChoose: (role: Role) => void
}

/** The roles one may give, each with what it lets somebody do. */
export function RoleChoice({ roles, chosen, onChoose }: RoleChoiceProps) {
  const name = useId()
  return (
    <fieldset className="role-choice">
      <legend>Role</legend>
      {roles.map((role) => (
        <label key={role}>
          <input type="radio" name={name} value={role} checked={role === chosen} onChange={() => onChoose(role)} />
          <span>
            <strong>{roleWords[role].label}</strong>
            <span className="muted">{roleWords[role].may}</span>
          </span>
        </label>
      ))}
    </fieldset>
  )
}
