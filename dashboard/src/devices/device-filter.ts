import type { LiveDevice } from '../../../contracts/live.ts'
import { setQueryParameter, useQueryParameter } from '../routing/router.ts'
import { type MarkName, markNames, markOf, marks } from '../ui/shapes.ts'

/** What is looked for, on the map as in the list; kept in the address so that it can be shared. */
export interface DeviceFilter {
  readonly kind: string
  /** A mark, `attention` for everything that is not well, or empty. */
  readonly state: string
  readonly text: string
}

export const stateChoices: readonly { readonly value: string; readonly label: string }[] = [
  { value: 'attention', label: 'Needs attention' },
  { value: 'alert', label: 'Any alert' },
  ...markNames.map((name) => ({ value: name, label: marks[name].label })),
]

export function useDeviceFilter(): DeviceFilter {
  const [kind] = useQueryParameter('kind')
  const [state] = useQueryParameter('state')
  const [text] = useQueryParameter('q')
  return { kind, state, text }
}

export function setDeviceFilter(name: 'kind' | 'state' | 'q', value: string): void {
  setQueryParameter(name, value)
}

export function createDeviceTest({ kind, state, text }: DeviceFilter): (device: LiveDevice) => boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  return (device) => {
    if (kind !== '' && device.latest[kind] === undefined) return false
    if (state !== '' && !isInState(markOf(device), state)) return false
    if (words.length === 0) return true
    const name = `${device.name} ${device.id}`.toLowerCase()
    return words.every((word) => name.includes(word))
  }
}

function isInState(mark: MarkName, state: string): boolean {
  if (state === 'attention') return marks[mark].rank >= marks.offline.rank
  if (state === 'alert') return marks[mark].rank >= marks.low.rank
  return mark === state
}

/** Worst first, then by name. */
export function compareDevices(a: LiveDevice, b: LiveDevice): number {
  const byRank = marks[markOf(b)].rank - marks[markOf(a)].rank
  if (byRank !== 0) return byRank
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0
}
