import { useEffect, useRef } from 'react'
import { request } from '../http/client.ts'
import { useQuery } from '../http/use-query.ts'
import { Link } from '../routing/link.tsx'
import { paths } from '../routing/router.ts'
import { useMay } from '../session/permissions.ts'
import { Empty, Failed, Loading } from '../ui/states.tsx'
import { Age, Time } from '../ui/time.tsx'
import { useOneself } from './oneself.ts'
import { type Person, stateOf } from './person.ts'
import { mayGrant, roleWords } from './role-words.ts'
import { UserActions } from './user-actions.tsx'
import { UserDevices } from './user-devices.tsx'
import { PersonState } from './user-table.tsx'

interface UserDetailsProps {
  readonly id: string
  readonly onChanged: (person: Person) => void
  readonly onClose: () => void
}

/** One person: what is known of them, what can be done about their account, what is theirs. */
export function UserDetails({ id, onChanged, onClose }: UserDetailsProps) {
  const { data, error, reload } = useQuery(id, (signal) =>
    request<Person>(`/api/users/${encodeURIComponent(id)}`, { signal }),
  )
  const mayManage = useMay('users.manage')
  const mayReadAudit = useMay('audit.read')
  const oneself = useOneself()
  const section = useRef<HTMLElement>(null)
  // On a phone it stands above the list in which it was chosen.
  useEffect(() => {
    section.current?.scrollIntoView({ block: 'nearest' })
  }, [])
  const isOneself = oneself?.id === id
  const isWithinRank = data !== undefined && oneself !== undefined && mayGrant(oneself.role, data.role)

  function changed(person: Person): void {
    onChanged(person)
    reload()
  }

  return (
    <section ref={section} className="card message-details" aria-label="Chosen person">
      <header className="card-head">
        <h2>{data === undefined ? 'Person' : data.name || '(no name)'}</h2>
        <button type="button" className="quiet" onClick={onClose}>
          Close
        </button>
      </header>
      {error !== undefined && data === undefined && <Failed what="the person" error={error} onRetry={reload} />}
      {error === undefined && data === undefined && <Loading what="the person" />}
      {data !== undefined && (
        <>
          <PersonFacts person={data} />
          {stateOf(data) === 'erased' && <Empty title="This account was erased." />}
          {stateOf(data) !== 'erased' && mayManage && isWithinRank && (
            <UserActions person={data} isOneself={isOneself} onChanged={changed} />
          )}
          {mayManage && !isWithinRank && <p className="muted">Only a super administrator changes this account.</p>}
          <UserDevices ownerId={id} />
          {mayReadAudit && (
            <p className="row wrap">
              <Link to={paths.auditBy(id)}>What they did</Link>
              <Link to={paths.auditAbout(`user:${id}`)}>What was done to their account</Link>
            </p>
          )}
        </>
      )}
    </section>
  )
}

function PersonFacts({ person }: { person: Person }) {
  return (
    <dl className="facts">
      <div>
        <dt>Role</dt>
        <dd>{roleWords[person.role].label}</dd>
      </div>
      <div>
        <dt>State</dt>
        <dd>
          <PersonState person={person} />
        </dd>
      </div>
      <Address name="E-mail" value={person.email} isVerified={person.isEmailVerified} />
      <Address name="Phone" value={person.phone} isVerified={person.isPhoneVerified} />
      {person.username !== undefined && (
        <div>
          <dt>Username</dt>
          <dd>{person.username}</dd>
        </div>
      )}
      {person.city !== undefined && (
        <div>
          <dt>City</dt>
          <dd>{person.city}</dd>
        </div>
      )}
      <div>
        <dt>Signs in with</dt>
        <dd>
          {person.hasPassword ? 'a password' : 'one-time codes'}
          {person.hasSecondFactor && ' and a second factor'}
        </dd>
      </div>
      <div>
        <dt>Signed in</dt>
        <dd>{person.lastLoginAtMs === undefined ? 'never' : <Age atMs={person.lastLoginAtMs} />}</dd>
      </div>
      <div>
        <dt>Registered</dt>
        <dd>
          <Time atMs={person.createdAtMs} />
        </dd>
      </div>
      <div>
        <dt>Id</dt>
        <dd className="mono">{person.id}</dd>
      </div>
    </dl>
  )
}

interface AddressProps {
  readonly name: string
  readonly value: string | undefined
  readonly isVerified: boolean
}

function Address({ name, value, isVerified }: AddressProps) {
  if (value === undefined) return null
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value} <span className="muted">· {isVerified ? 'verified' : 'not verified'}</span>
      </dd>
    </div>
  )
}
