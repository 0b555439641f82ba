import { type RefObject, useRef } from 'react'
import { kinds } from '../../../contracts/kinds/index.ts'
import { useShortcuts } from '../ui/shortcuts.ts'
import { setDeviceFilter, stateChoices, useDeviceFilter } from './device-filter.ts'

/** Search, kind and state, the same wherever devices are listed. */
export function DeviceFilterBar() {
  const filter = useDeviceFilter()
  const search = useRef<HTMLInputElement>(null)
  useShortcuts('This page', [['/', 'Search devices', () => focusAndSelect(search)]])
  return (
    <search className="filters">
      <label className="grow">
        <span className="unseen">Search by name or id</span>
        <input
          ref={search}
          type="search"
          placeholder="Search  /"
          value={filter.text}
          onChange={(event) => setDeviceFilter('q', event.target.value)}
          onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
        />
      </label>
      <label>
        <span className="unseen">Kind of reading</span>
        <select value={filter.kind} onChange={(event) => setDeviceFilter('kind', event.target.value)}>
          <option value="">All kinds</option>
          {kinds.map(({ id, label }) => (
            <option key={id} value={id}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span className="unseen">State</span>
        <select value={filter.state} onChange={(event) => setDeviceFilter('state', event.target.value)}>
          <option value="">All states</option>
          {stateChoices.map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
    </search>
  )
}

function focusAndSelect(input: RefObject<HTMLInputElement | null>): void {
  input.current?.focus()
  input.current?.select()
}
