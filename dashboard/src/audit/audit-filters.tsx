import type { DeviceResource } from '../../../contracts/http/device.ts'
import { request } from '../http/client.ts'
import { setQueryParameter, useQueryParameter } from '../routing/router.ts'
import type { Choice } from '../ui/choice.ts'
import { SearchPicker } from '../ui/search-picker.tsx'
import type { Page } from '../ui/use-pages.ts'
import type { Person } from '../users/person.ts'
import { toChoice } from '../users/person-picker.tsx'
import { usePeopleNames } from '../users/use-people-names.ts'
import { actionGroups, otherActions } from './action-groups.ts'
import { nameReference, type Reference, referToActor, referToSubject } from './audit-sentences.ts'
import { fromLocalField, toLocalField } from './local-field.ts'

const choicesMax = 6

/** By whom, what, about what, in which words and when; in the address, so that an answer can be shared. */
export function AuditFilters() {
  const [actor, setActor] = useQueryParameter('actor')
  const [action, setAction] = useQueryParameter('action')
  const [subject, setSubject] = useQueryParameter('subject')
  const [from] = useQueryParameter('from')
  const [to] = useQueryParameter('to')
  const [search, setSearch] = useQueryParameter('q')
  const references = [referToActor(actor), referToSubject(subject)]
  const names = usePeopleNames(references.flatMap(({ noun, id }) => (noun === 'user' && id !== '' ? [id] : [])))

  function chosen(value: string, reference: Reference): Choice | undefined {
    return value === '' ? undefined : { id: value, name: nameReference(reference, names), note: '' }
  }

  return (
    <search className="audit-filters">
      <SearchPicker
        label="By whom"
        placeholder="Name, e-mail or id"
        none="Nobody has this name."
        chosen={chosen(actor, referToActor(actor))}
        onChoose={(choice) => setActor(choice?.id ?? '')}
        find={findActors}
      />
      <label className="stacked">
        What
        <select value={action} onChange={(event) => setAction(event.target.value)}>
          <option value="">Anything</option>
          {actionGroups.map(({ label, prefix, actions }) => (
            <optgroup key={prefix} label={label}>
              <option value={`${prefix}*`}>{label}: everything</option>
              {actions.map((name) => (
                <option key={name} value={name}>
                  {name.replaceAll('-', ' ')}
                </option>
              ))}
            </optgroup>
          ))}
          <optgroup label="Other">
            {otherActions.map((name) => (
              <option key={name} value={name}>
                {name.replaceAll('-', ' ')}
              </option>
            ))}
          </optgroup>
        </select>
      </label>
      <SearchPicker
        label="About"
        placeholder="Person, device, or noun:id"
        none="Nothing has this name."
        chosen={chosen(subject, referToSubject(subject))}
        onChoose={(choice) => setSubject(choice?.id ?? '')}
        find={findSubjects}
      />
      <label className="stacked">
        Any word
        <input
          type="search"
          maxLength={100}
          placeholder="Address, name, reason …"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      </label>
      {(['from', 'to'] as const).map((name) => (
        <label key={name} className="stacked">
          {name === 'from' ? 'From' : 'To'}
          <input
            type="datetime-local"
            value={toLocalField(name === 'from' ? from : to)}
            onChange={(event) => setQueryParameter(name, fromLocalField(event.target.value))}
          />
        </label>
      ))}
    </search>
  )
}

async function findPeople(search: string, signal: AbortSignal): Promise<Choice[]> {
  const { items } = await request<Page<Person>>('/api/users', { signal, query: { search, limit: choicesMax } })
  return items.map(toChoice)
}

/** People, and whatever was typed as it stands: who acts is not always a person. */
async function findActors(text: string, signal: AbortSignal): Promise<Choice[]> {
  return [...(await findPeople(text, signal)), ...asTyped(text)]
}

async function findSubjects(search: string, signal: AbortSignal): Promise<Choice[]> {
  const [people, devices] = await Promise.all([
    findPeople(search, signal),
    request<Page<Pick<DeviceResource, 'id' | 'name'>>>('/api/devices', {
      signal,
      query: { search, limit: choicesMax },
    }),
  ])
  return [
    ...people.map((person) => ({ ...person, id: `user:${person.id}` })),
    ...devices.items.map(({ id, name }) => ({ id: `device:${id}`, name, note: `device ${id}` })),
    ...(search.includes(':') ? asTyped(search) : []),
  ]
}

function asTyped(text: string): Choice[] {
  return /\s/.test(text) ? [] : [{ id: text, name: text, note: 'exactly this' }]
}
