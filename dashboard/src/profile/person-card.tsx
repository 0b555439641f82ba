import { type FormEvent, useId, useState } from 'react'
import type { Profile } from '../session/session.ts'
import { Field } from '../ui/field.tsx'
import { Time } from '../ui/time.tsx'
import { useAttempt } from '../ui/use-attempt.ts'
import { useReturnedFocus } from '../ui/use-returned-focus.ts'
import { roleWords } from '../users/role-words.ts'
import { changeOf, draftOf, type ProfileDraft } from './profile-edit.ts'
import { saveProfile } from './save-profile.ts'

/** Who one is, and what one may change about it oneself. */
export function PersonCard({ user }: { user: Profile }) {
  const [isEditing, setIsEditing] = useState(false)
  const opener = useReturnedFocus(isEditing)
  return (
    <section className="card" aria-label="About you">
      <header className="card-head">
        <h2>{user.name}</h2>
        {!isEditing && (
          <button ref={opener} type="button" onClick={() => setIsEditing(true)}>
            Edit
          </button>
        )}
      </header>
      {isEditing ? <PersonForm user={user} onDone={() => setIsEditing(false)} /> : <PersonFacts user={user} />}
    </section>
  )
}

function PersonFacts({ user }: { user: Profile }) {
  const words = roleWords[user.role]
  return (
    <dl className="facts">
      <div>
        <dt>Role</dt>
        <dd>
          {words.label}
          <div className="hint">{words.may}</div>
        </dd>
      </div>
      {user.unitNumber !== undefined && (
        <div>
          <dt>Unit</dt>
          <dd>{user.unitNumber}</dd>
        </div>
      )}
      {user.username !== undefined && (
        <div>
          <dt>Username</dt>
          <dd>{user.username}</dd>
        </div>
      )}
      <div>
        <dt>City</dt>
        <dd>{user.city ?? <span className="muted">not said</span>}</dd>
      </div>
      {hasFlat(user) && (
        <div>
          <dt>Flat</dt>
          <dd>
            {user.flatNumber ?? <span className="muted">not said</span>}
            {user.flatNumber !== undefined && (
              <div className="hint">
                {user.isFlatConfirmed ? 'Confirmed by an administrator' : 'Waits to be confirmed by an administrator'}
              </div>
            )}
          </dd>
        </div>
      )}
      <div>
        <dt>Account since</dt>
        <dd>
          <Time atMs={user.createdAtMs} />
        </dd>
      </div>
    </dl>
  )
}

/** Nothing hangs on where somebody lives who is here for their work. */
function hasFlat({ role, flatNumber }: Profile): boolean {
  return flatNumber !== undefined || role === 'resident' || role === 'citizen'
}

function PersonForm({ user, onDone }: { user: Profile; onDone: () => void }) {
  const [draft, setDraft] = useState(() => draftOf(user))
  const attempt = useAttempt()
  const problemId = useId()
  const change = changeOf(user, draft)
  const isUnchanged = Object.keys(change).length === 0

  const bind = (name: keyof ProfileDraft) => ({
    name,
    value: draft[name],
    problemId,
    onValue: (value: string) => setDraft((earlier) => ({ ...earlier, [name]: value })),
  })

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault()
    if (isUnchanged || (await attempt.run(() => saveProfile(change)))) onDone()
  }

  return (
    <form className="form" onSubmit={(event) => void submit(event)}>
      <Field {...bind('name')} label="Name" autoComplete="name" required maxLength={120} takesFocus />
      <Field {...bind('city')} label="City" autoComplete="address-level2" maxLength={120} />
      {hasFlat(user) && (
        <Field
          {...bind('flatNumber')}
          label="Flat"
          autoComplete="off"
          maxLength={40}
          hint="Counts once an administrator has confirmed it."
        />
      )}
      <p id={problemId} className="problem" role="alert">
        {attempt.problem}
      </p>
      <div className="row end">
        <button type="button" onClick={onDone}>
          Cancel
        </button>
        <button type="submit" className="primary" disabled={attempt.busy}>
          {attempt.busy ? 'Saving …' : 'Save'}
        </button>
      </div>
    </form>
  )
}
