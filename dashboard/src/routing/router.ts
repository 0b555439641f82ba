import { useSyncExternalStore } from 'react'

/**
 * The address bar is the only state of navigation: a path names the page, the query its filters, so that any view can be
 * shared as a link. Six pages need no library.
 */
const listeners = new Set<() => void>()

function announce(): void {
  for (const listener of listeners) listener()
}

window.addEventListener('popstate', announce)

/** @param options.replace keeps the number of history entries, for filters and selections */
export function navigate(to: string, options: { replace?: boolean } = {}): void {
  if (to === location.pathname + location.search) return
  if (options.replace) history.replaceState(null, '', to)
  else history.pushState(null, '', to)
  announce()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function usePath(): string {
  return useSyncExternalStore(subscribe, () => location.pathname)
}

function useSearch(): string {
  return useSyncExternalStore(subscribe, () => location.search)
}

/** One parameter of the query; setting it to `''` takes it out. */
export function useQueryParameter(name: string): [string, (value: string) => void] {
  const search = useSearch()
  const value = new URLSearchParams(search).get(name) ?? ''
  return [value, (next) => setQueryParameter(name, next)]
}

export function setQueryParameter(name: string, value: string): void {
  const query = new URLSearchParams(location.search)
  if (value === '') query.delete(name)
  else query.set(name, value)
  const text = query.toString()
  navigate(location.pathname + (text === '' ? '' : `?${text}`), { replace: true })
}

export const paths = {
  map: '/',
  devices: '/devices',
  device: (id: string) => `/devices/${encodeURIComponent(id)}`,
  alerts: '/alerts',
  alert: (id: string) => `/alerts?id=${encodeURIComponent(id)}`,
  quarantine: '/quarantine',
  system: '/system',
} as const
