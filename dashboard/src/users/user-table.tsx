import { Age } from '../ui/time.tsx'
import { useOneself } from './oneself.ts'
import { addressesOf, isVerified, type Person, stateOf } from './person.ts'
import { roleWords } from './role-words.ts'

interface UserTableProps {
  readonly people: readonly Person[]
  readonly selectedId: string
  readonly onSelect: (id: string) => void
}

export function UserTable({ people, selectedId, onSelect }: UserTableProps) {
  const ownId = useOneself()?.id
  return (
    <div className="table-frame">
      <table className="stacking">
        <thead>
          <tr>
            <th scope="col">Person</th>
            <th scope="col">Role</th>
            <th scope="col">State</th>
            <th scope="col">Signed in</th>
          </tr>
        </thead>
        <tbody>
          {people.map((person) => (
            <tr key={person.id} data-chosen={person.id === selectedId}>
              <th scope="row">
                <button
                  type="button"
                  className="link"
                  aria-pressed={person.id === selectedId}
                  onClick={() => onSelect(person.id)}
                >
                  {person.name || '(no name)'}
                </button>{' '}
                {person.id === ownId && <span className="tag">you</span>}
                <div className="muted">{addressesOf(person)[0] ?? ''}</div>
              </th>
              <td className="nowrap">{roleWords[person.role].label}</td>
              <td>
                <PersonState person={person} />
              </td>
              <td className="muted nowrap">
                <SignedIn atMs={person.lastLoginAtMs} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** On a phone there is no heading that says what the time is of. */
function SignedIn({ atMs }: { atMs: number | undefined }) {
  if (atMs === undefined) {
    return (
      <>
        never<span className="only-stacked"> signed in</span>
      </>
    )
  }
  return (
    <>
      <span className="only-stacked">signed in </span>
      <Age atMs={atMs} />
    </>
  )
}

/** The state in a word, and what makes the account surer than a password alone. */
export function PersonState({ person }: { person: Person }) {
  const state = stateOf(person)
  return (
    <span className="badges">
      <span className={`person-state person-state-${state}`}>{state}</span>
      {state !== 'erased' && isVerified(person) && <span className="tag solid">verified</span>}
      {person.hasSecondFactor && <span className="tag solid">second factor</span>}
    </span>
  )
}
