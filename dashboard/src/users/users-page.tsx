import { useRef, useState } from 'react'
import { roles } from '../../../contracts/roles.ts'
import { request } from '../http/client.ts'
import { useQueryParameter } from '../routing/router.ts'
import { useMay } from '../session/permissions.ts'
import { useShortcuts } from '../ui/shortcuts.ts'
import { ShownOnce } from '../ui/shown-once.tsx'
import { Empty, Failed, Loading } from '../ui/states.tsx'
import { type Page, usePages } from '../ui/use-pages.ts'
import { useSettled } from '../ui/use-settled.ts'
import { type Person, personStates } from './person.ts'
import { RegisterPerson } from './register-person.tsx'
import { roleWords } from './role-words.ts'
import { UserDetails } from './user-details.tsx'
import { UserTable } from './user-table.tsx'

const pageSize = 50
const typingPauseMs = 250

/** Everybody with an account: who they are, what they may do, and whether they may come in. */
export function UsersPage() {
  const [search, setSearch] = useQueryParameter('q')
  const [role, setRole] = useQueryParameter('role')
  const [state, setState] = useQueryParameter('state')
  const [selectedId, select] = useQueryParameter('id')
  const [registers, setRegisters] = useState(false)
  const [registered, setRegistered] = useState<{ readonly person: Person; readonly password: string }>()
  const [changed, setChanged] = useState<ReadonlyMap<string, Person>>(new Map())
  const mayManage = useMay('users.manage')
  const searchField = useRef<HTMLInputElement>(null)
  const asked = useSettled(search.trim(), typingPauseMs)
  const people = usePages<Person>(`${asked}\n${role}\n${state}`, (cursor) =>
    request<Page<Person>>('/api/users', { query: { search: asked, role, state, cursor, limit: pageSize } }),
  )
  useShortcuts('This page', [
    ['/', 'Search people', () => searchField.current?.focus()],
    ['Escape', 'Close the person', () => select('')],
  ])

  /** A row stays where it is, whatever the filter now says of it. */
  function take(person: Person): void {
    setChanged((earlier) => new Map(earlier).set(person.id, person))
  }

  const rows = people.items?.map((person) => changed.get(person.id) ?? person)
  const isFiltered = asked !== '' || role !== '' || state !== ''
  return (
    <div className="page">
      <header className="page-head">
        <h1>People</h1>
        {mayManage && (
          <button type="button" className="head-end" onClick={() => setRegisters(true)}>
            Register a person
          </button>
        )}
      </header>
      {registered !== undefined && (
        <ShownOnce
          title={`Password of ${registered.person.name}`}
          what="the password"
          value={registered.password}
          onDone={() => setRegistered(undefined)}
        >
          <p>
            They sign in as <strong>{registered.person.email}</strong>. Tell them in person or by phone, and ask them to
            change it on their profile.
          </p>
        </ShownOnce>
      )}
      <search className="filters">
        <label className="grow">
          <span className="unseen">Search by name, e-mail, phone or username</span>
          <input
            ref={searchField}
            type="search"
            placeholder="Name, e-mail, phone or username  /"
            maxLength={120}
            value={search}
            onChange={(event) => setSearch(event.target.value)}
            onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
          />
        </label>
        <label>
          <span className="unseen">Role</span>
          <select value={role} onChange={(event) => setRole(event.target.value)}>
            <option value="">Any role</option>
            {roles.map((name) => (
              <option key={name} value={name}>
                {roleWords[name].label}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span className="unseen">State</span>
          <select value={state} onChange={(event) => setState(event.target.value)}>
            <option value="">Any state</option>
            {personStates.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </search>
      {people.error !== undefined && <Failed what="the people" error={people.error} onRetry={people.reload} />}
      {rows === undefined && people.loading && <Loading what="the people" />}
      {rows?.length === 0 && <Empty title={isFiltered ? 'Nobody passes the filter.' : 'Nobody has an account yet.'} />}
      <div className="split-grid people-grid" data-chosen={selectedId !== ''}>
        {rows !== undefined && rows.length > 0 && (
          <div>
            <UserTable people={rows} selectedId={selectedId} onSelect={select} />
            {people.hasMore && (
              <button type="button" className="more" disabled={people.loading} onClick={people.loadMore}>
                {people.loading ? 'Loading …' : 'Show more people'}
              </button>
            )}
          </div>
        )}
        {selectedId !== '' && (
          <UserDetails key={selectedId} id={selectedId} onChanged={take} onClose={() => select('')} />
        )}
      </div>
      {registers && (
        <RegisterPerson
          onClose={() => setRegisters(false)}
          onRegistered={(person, password) => {
            setRegisters(false)
            setRegistered({ person, password })
            people.reload()
          }}
        />
      )}
    </div>
  )
}
