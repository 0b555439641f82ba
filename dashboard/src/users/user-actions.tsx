import { type FormEvent, useId, useState } from 'react'
import type { Role } from '../../../contracts/roles.ts'
import { request } from '../http/client.ts'
import { Confirm, Dialog } from '../ui/dialog.tsx'
import { type Attempt, useAttempt } from '../ui/use-attempt.ts'
import { useOneself } from './oneself.ts'
import type { Person } from './person.ts'
import { RoleChoice } from './role-choice.tsx'
import { grantableRoles, roleWords } from './role-words.ts'

interface UserActionsProps {
  readonly person: Person
  readonly isOneself: boolean
  readonly onChanged: (person: Person) => void
}

type Asked = 'role' | 'ban' | 'unban' | 'sessions' | 'second-factor'

/** What an administrator does about an account. What nobody does to themselves is left out for oneself. */
export function UserActions({ person, isOneself, onChanged }: UserActionsProps) {
  const [asked, setAsked] = useState<Asked>()
  const [outcome, setOutcome] = useState<string>()
  const attempt = useAttempt()
  const path = `/api/users/${encodeURIComponent(person.id)}`

  async function run(done: string, work: () => Promise<unknown>): Promise<void> {
    setOutcome(undefined)
    if (await attempt.run(work)) setOutcome(done)
  }

  function change(done: string, body: Readonly<Record<string, unknown>>): Promise<void> {
    return run(done, async () => onChanged(await request<Person>(path, { method: 'PATCH', body })))
  }

  function removeAll(done: string, what: 'sessions' | 'second-factor'): Promise<void> {
    return run(done, async () => {
      await request(`${path}/${what}`, { method: 'DELETE' })
      onChanged(await request<Person>(path))
    })
  }

  return (
    <section className="user-actions" aria-label="Account">
      <h3>Account</h3>
      <div className="row wrap">
        <button type="button" disabled={attempt.busy} onClick={() => setAsked('role')}>
          Change role …
        </button>
        {!isOneself && (
          <>
            <button type="button" disabled={attempt.busy} onClick={() => setAsked('sessions')}>
              End all sessions …
            </button>
            {person.hasSecondFactor && (
              <button type="button" disabled={attempt.busy} onClick={() => setAsked('second-factor')}>
                Remove second factor …
              </button>
            )}
            <button
              type="button"
              className={person.isBanned ? undefined : 'danger'}
              disabled={attempt.busy}
              onClick={() => setAsked(person.isBanned ? 'unban' : 'ban')}
            >
              {person.isBanned ? 'Lift the ban …' : 'Ban …'}
            </button>
          </>
        )}
      </div>
      {isOneself && <p className="muted">This is you. Password, second factor and sessions are on your profile.</p>}
      {person.role === 'officer' && (
        <UnitForm key={person.unitNumber} person={person} attempt={attempt} save={change} />
      )}
      {(person.flatNumber !== undefined || person.role === 'resident') && (
        <Flat key={person.flatNumber} person={person} attempt={attempt} save={change} />
      )}
      <p className="outcome" role="status">
        {outcome}
      </p>
      <p className="problem" role="alert">
        {attempt.problem}
      </p>
      {asked === 'role' && (
        <ChangeRole
          person={person}
          isOneself={isOneself}
          onClose={() => setAsked(undefined)}
          onChosen={(role) => void change(`Is now ${roleWords[role].label.toLowerCase()}.`, { role })}
        />
      )}
      {asked === 'ban' && (
        <Confirm
          title={`Ban ${person.name}?`}
          action="Ban"
          keep="Cancel"
          onClose={() => setAsked(undefined)}
          onConfirm={() => void change('Banned.', { isBanned: true })}
        >
          <p>
            Their sessions, live screens and MQTT connections end at once, and they cannot sign in until the ban is
            lifted. Their account and what they did stay.
          </p>
        </Confirm>
      )}
      {asked === 'unban' && (
        <Confirm
          title={`Let ${person.name} in again?`}
          action="Lift the ban"
          keep="Leave banned"
          onClose={() => setAsked(undefined)}
          onConfirm={() => void change('The ban is lifted.', { isBanned: false })}
        >
          <p>They can sign in again, as {roleWords[person.role].label.toLowerCase()}.</p>
        </Confirm>
      )}
      {asked === 'sessions' && (
        <Confirm
          title={`End all sessions of ${person.name}?`}
          action="End all sessions"
          keep="Cancel"
          onClose={() => setAsked(undefined)}
          onConfirm={() => void removeAll('All their sessions have ended.', 'sessions')}
        >
          <p>They are signed out everywhere at once, and can sign in again.</p>
        </Confirm>
      )}
      {asked === 'second-factor' && (
        <Confirm
          title={`Remove the second factor of ${person.name}?`}
          action="Remove second factor"
          keep="Keep it"
          onClose={() => setAsked(undefined)}
          onConfirm={() => void removeAll('The second factor is removed.', 'second-factor')}
        >
          <p>For somebody who lost it: until they add another, their password alone lets them in.</p>
        </Confirm>
      )}
    </section>
  )
}

interface ChangeRoleProps {
  readonly person: Person
  readonly isOneself: boolean
  readonly onChosen: (role: Role) => void
  readonly onClose: () => void
}

function ChangeRole({ person, isOneself, onChosen, onClose }: ChangeRoleProps) {
  const [role, setRole] = useState(person.role)
  const ownRole = useOneself()?.role
  return (
    <Dialog title={`Role of ${person.name}`} onClose={onClose}>
      <form
        className="admin-form"
        onSubmit={(event) => {
          event.preventDefault()
          onClose()
          onChosen(role)
        }}
      >
        <RoleChoice roles={ownRole === undefined ? [] : grantableRoles(ownRole)} chosen={role} onChoose={setRole} />
        <p className="muted">
          {isOneself
            ? 'This is your own role: what you give up, somebody else has to give back.'
            : 'It counts at once, whatever they have open: what they may not see any more is closed.'}
        </p>
        <div className="row end">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="primary" disabled={role === person.role}>
            Change role
          </button>
        </div>
      </form>
    </Dialog>
  )
}

interface FieldProps {
  readonly person: Person
  readonly attempt: Attempt
  readonly save: (done: string, body: Readonly<Record<string, unknown>>) => Promise<void>
}

/** Dispatchers find an officer by the unit. */
function UnitForm({ person, attempt, save }: FieldProps) {
  const [unit, setUnit] = useState(person.unitNumber ?? '')
  const fieldId = useId()

  function submit(event: FormEvent): void {
    event.preventDefault()
    const unitNumber = unit.trim() || null
    void save(unitNumber === null ? 'Has no unit now.' : `Is now unit ${unitNumber}.`, { unitNumber })
  }

  return (
    <form className="row wrap" onSubmit={submit}>
      <label htmlFor={fieldId}>Unit</label>
      <input
        id={fieldId}
        className="short"
        maxLength={40}
        value={unit}
        autoComplete="off"
        onChange={(event) => setUnit(event.target.value)}
      />
      <button type="submit" disabled={attempt.busy || unit.trim() === (person.unitNumber ?? '')}>
        Save unit
      </button>
    </form>
  )
}

/** A flat counts once an administrator has looked. */
function Flat({ person, attempt, save }: FieldProps) {
  if (person.flatNumber === undefined) return <p className="muted">Has named no flat yet.</p>
  return (
    <p className="row wrap">
      <span>
        Flat <strong>{person.flatNumber}</strong>{' '}
        <span className="muted">{person.isFlatConfirmed ? '· confirmed' : '· as they say, not confirmed'}</span>
      </span>
      <button
        type="button"
        disabled={attempt.busy}
        onClick={() =>
          void save(person.isFlatConfirmed ? 'The flat is no longer confirmed.' : 'The flat is confirmed.', {
            isFlatConfirmed: !person.isFlatConfirmed,
            // The one that is on the screen: they may have named another one since.
            ...(!person.isFlatConfirmed && { flatNumber: person.flatNumber }),
          })
        }
      >
        {person.isFlatConfirmed ? 'Withdraw confirmation' : 'Confirm flat'}
      </button>
    </p>
  )
}
