import { useEffect, useRef, useSyncExternalStore } from 'react'

export interface Shortcut {
  /** One key, or two pressed one after the other with a space between: `g m`. */
  readonly keys: string
  readonly label: string
  /** Heading in the help dialog. */
  readonly group: string
}

interface Registered extends Shortcut {
  readonly run: () => void
}

const sequenceMaxMs = 1200
const listeners = new Set<() => void>()
let registered: readonly Registered[] = []
let prefix = { key: '', atMs: 0 }

function setRegistered(next: readonly Registered[]): void {
  registered = next
  for (const listener of listeners) listener()
}

/** Offers shortcuts while the component is shown; the help dialog lists exactly what is offered. */
export function useShortcuts(
  group: string,
  shortcuts: readonly [keys: string, label: string, run: () => void][],
): void {
  const newest = useRef(shortcuts)
  newest.current = shortcuts
  const names = shortcuts.map(([keys, label]) => `${keys}\t${label}`).join('\n')
  useEffect(() => {
    if (names === '') return
    const mine = names.split('\n').map((line, index): Registered => {
      const [keys, label] = line.split('\t') as [string, string]
      return { keys, label, group, run: () => newest.current[index]?.[2]() }
    })
    setRegistered([...registered, ...mine])
    return () => setRegistered(registered.filter((shortcut) => !mine.includes(shortcut)))
  }, [group, names])
}

export function useOfferedShortcuts(): readonly Shortcut[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => registered,
  )
}

/** Keys belong to whoever is being typed into, and to a dialog while one is open. */
function isTaken(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return true
  const target = event.target as HTMLElement
  return (
    target.isContentEditable ||
    ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName) ||
    document.querySelector('dialog[open]') !== null
  )
}

function onKeyDown(event: KeyboardEvent): void {
  if (isTaken(event)) return
  const now = event.timeStamp
  const sequence = now - prefix.atMs < sequenceMaxMs && prefix.key !== '' ? `${prefix.key} ${event.key}` : event.key
  prefix = { key: '', atMs: 0 }
  // The one registered last is the innermost part of the screen.
  const found = registered.findLast((shortcut) => shortcut.keys === sequence)
  if (found !== undefined) {
    event.preventDefault()
    found.run()
  } else if (registered.some((shortcut) => shortcut.keys.startsWith(`${event.key} `))) {
    prefix = { key: event.key, atMs: now }
  }
}

export function startShortcuts(): void {
  window.addEventListener('keydown', onKeyDown)
}
