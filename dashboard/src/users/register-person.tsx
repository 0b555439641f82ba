import { type FormEvent, useId, useState } from 'react'
import type { Role } from '../../../contracts/roles.ts'
import { request } from '../http/client.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Field } from '../ui/field.tsx'
import { useAttempt } from '../ui/use-attempt.ts'
import { drawPassword } from './draw-password.ts'
import { useOneself } from './oneself.ts'
import type { Person } from './person.ts'
import { RoleChoice } from './role-choice.tsx'
import { grantableRoles } from './role-words.ts'

interface RegisterPersonProps {
  /** @param password to be shown once */
  readonly onRegistered: (person: Person, password: string) => void
  readonly onClose: () => void
}

/** Makes an account for somebody, with a password drawn here that they are told once. */
export function RegisterPerson({ onRegistered, onClose }: RegisterPersonProps) {
  const [name, setName] = useState('')
  const [email, setEmail] = useState('')
  const [role, setRole] = useState<Role>('operator')
  const attempt = useAttempt()
  const problemId = useId()
  const ownRole = useOneself()?.role

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault()
    const password = drawPassword()
    await attempt.run(async () => {
      const { user } = await request<{ readonly user: Person }>('/api/auth/register', {
        method: 'POST',
        body: { name: name.trim(), email: email.trim(), role, password },
      })
      onRegistered(user, password)
    })
  }

  return (
    <Dialog title="Register a person" onClose={onClose}>
      <form className="admin-form" onSubmit={(event) => void submit(event)}>
        <Field
          label="Name"
          name="person-name"
          autoComplete="off"
          required
          maxLength={120}
          takesFocus
          value={name}
          onValue={setName}
        />
        <Field
          label="E-mail"
          type="email"
          name="person-email"
          autoComplete="off"
          required
          maxLength={254}
          value={email}
          problemId={problemId}
          onValue={setEmail}
        />
        <RoleChoice roles={ownRole === undefined ? [] : grantableRoles(ownRole)} chosen={role} onChoose={setRole} />
        <p className="muted">A password is drawn and shown to you once.</p>
        <p id={problemId} className="problem" role="alert">
          {attempt.problem}
        </p>
        <div className="row end">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="primary" disabled={attempt.busy}>
            {attempt.busy ? 'Registering …' : 'Register'}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
