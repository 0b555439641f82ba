import { request } from '../http/client.ts'
import type { Choice } from '../ui/choice.ts'
import { SearchPicker } from '../ui/search-picker.tsx'
import type { Page } from '../ui/use-pages.ts'
import { addressesOf, type Person } from './person.ts'

interface PersonPickerProps {
  readonly label: string
  readonly chosen: Choice | undefined
  readonly onChoose: (person: Choice | undefined) => void
  readonly describedBy?: string | undefined
}

const choicesMax = 8

/** Finds a person by name, e-mail, phone or username. */
export function PersonPicker(props: PersonPickerProps) {
  return <SearchPicker {...props} placeholder="Name or e-mail" none="Nobody has this name." find={findPeople} />
}

async function findPeople(search: string, signal: AbortSignal): Promise<Choice[]> {
  const { items } = await request<Page<Person>>('/api/users', { signal, query: { search, limit: choicesMax } })
  return items.map(toChoice)
}

export function toChoice(person: Pick<Person, 'id' | 'name' | 'email' | 'phone' | 'username'>): Choice {
  return { id: person.id, name: person.name, note: addressesOf(person)[0] ?? '' }
}
