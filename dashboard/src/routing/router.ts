import { useSyncExternalStore } from 'react'

/**
 * The address bar is the only state of navigation: a path names the page, the query its filters, so that any view can be
 * shared as a link. A dozen pages need no library.
 */
const listeners = new Set<() => void>()
let shown = location.pathname + location.search
let guard: ((to: string) => boolean) | undefined

/** @param mayLeave asked before another page is shown; see `leave-guard.ts`. `undefined` asks nobody */
export function setLeaveGuard(mayLeave: ((to: string) => boolean) | undefined): void {
  guard = mayLeave
}

function mayGoTo(to: string): boolean {
  const isSamePage = new URL(to, location.href).pathname === new URL(shown, location.href).pathname
  return guard === undefined || isSamePage || guard(to)
}

function announce(): void {
  shown = location.pathname + location.search
  for (const listener of listeners) listener()
}

window.addEventListener('popstate', () => {
  if (mayGoTo(location.pathname + location.search)) announce()
  // The browser has gone back already; the page is put under its own address again.
  else history.pushState(null, '', shown)
})

/** @param options.replace keeps the number of history entries, for filters and selections */
export function navigate(to: string, options: { replace?: boolean } = {}): void {
  if (to === location.pathname + location.search || !mayGoTo(to)) return
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
  registerDevice: '/devices/register',
  importDevices: '/devices/import',
  provisioningKeys: '/devices/keys',
  alerts: '/alerts',
  alertRules: '/alerts/rules',
  alert: (id: string) => `/alerts?id=${encodeURIComponent(id)}`,
  sos: '/sos',
  sosCase: (id: string) => `/sos?id=${encodeURIComponent(id)}`,
  units: '/units',
  broadcasts: '/broadcasts',
  quarantine: '/quarantine',
  system: '/system',
  users: '/users',
  user: (id: string) => `/users?id=${encodeURIComponent(id)}`,
  audit: '/audit',
  auditBy: (userId: string) => `/audit?actor=${encodeURIComponent(userId)}`,
  auditAbout: (subject: string) => `/audit?subject=${encodeURIComponent(subject)}`,
  profile: '/profile',
} as const
