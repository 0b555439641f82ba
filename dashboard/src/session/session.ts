import { useSyncExternalStore } from 'react'
import type { SessionResource } from '../../../contracts/http/session.ts'
import { HttpError, readError } from '../http/http-error.ts'

export type SignedInUser = Omit<SessionResource['user'], 'createdAt'>

type TokenAnswer = Pick<SessionResource, 'accessToken' | 'refreshToken'> & { readonly user: SignedInUser }

export type Session =
  | { readonly state: 'restoring' }
  | { readonly state: 'signed-out'; readonly notice: string | undefined }
  | { readonly state: 'signed-in'; readonly user: SignedInUser }

/**
 * The access token lives in memory alone. The refresh token must outlive a reload, so it lies in the tab's
 * sessionStorage: it is gone with the tab, and rotated at each use, so that a copy betrays itself.
 */
const refreshKey = 'prahari-refresh'
const refreshLock = 'prahari-refresh'
const tabs = new BroadcastChannel('prahari-session')
const listeners = new Set<() => void>()
let accessToken: string | undefined
let session: Session = { state: 'restoring' }
let refreshing: Promise<boolean> | undefined

// A duplicated tab starts with a copy of the other's refresh token; when one rotates it, the other must follow.
tabs.addEventListener('message', (event: MessageEvent<{ from: string; to: string }>) => {
  if (sessionStorage.getItem(refreshKey) === event.data.from) sessionStorage.setItem(refreshKey, event.data.to)
})

function setSession(next: Session): void {
  session = next
  for (const listener of listeners) listener()
}

function adopt(answer: TokenAnswer): void {
  const previous = sessionStorage.getItem(refreshKey)
  accessToken = answer.accessToken
  sessionStorage.setItem(refreshKey, answer.refreshToken)
  if (previous !== null) tabs.postMessage({ from: previous, to: answer.refreshToken })
  if (session.state !== 'signed-in' || session.user.id !== answer.user.id) {
    setSession({ state: 'signed-in', user: answer.user })
  }
}

function forget(notice: string | undefined): void {
  accessToken = undefined
  sessionStorage.removeItem(refreshKey)
  setSession({ state: 'signed-out', notice })
}

async function postJson(path: string, body: unknown): Promise<TokenAnswer> {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw await readError(response)
  return (await response.json()) as TokenAnswer
}

/** @throws HttpError when the server says no */
export async function signIn(email: string, password: string): Promise<void> {
  adopt(await postJson('/api/auth/login', { email, password }))
}

export async function signOut(): Promise<void> {
  const headers = { authorization: `Bearer ${accessToken}` }
  forget(undefined)
  // The server forgets too, where it can be reached; here the session has ended either way.
  await fetch('/api/auth/logout', { method: 'POST', headers }).catch(() => undefined)
}

/**
 * New tokens for old; however many callers ask at once, the refresh token is used once.
 * @returns false when the session is over; a server that cannot be reached throws instead
 */
export function refreshSession(): Promise<boolean> {
  const running = refreshing ?? refreshInTurn()
  refreshing = running
  return running
}

async function refreshInTurn(): Promise<boolean> {
  try {
    // Over plain HTTP on another host there are no locks; then only duplicated tabs could get in each other's way.
    if (!('locks' in navigator)) return await refreshOnce()
    return await navigator.locks.request(refreshLock, refreshOnce)
  } finally {
    refreshing = undefined
  }
}

async function refreshOnce(): Promise<boolean> {
  const refreshToken = sessionStorage.getItem(refreshKey)
  if (refreshToken === null) {
    forget(undefined)
    return false
  }
  try {
    adopt(await postJson('/api/auth/refresh', { refreshToken }))
    return true
  } catch (error) {
    if (!(error instanceof HttpError) || error.status >= 500 || error.status === 429) throw error
    forget('Your session has ended. Sign in again.')
    return false
  }
}

export function currentAccessToken(): string | undefined {
  return accessToken
}

/** Picks the session up again after a reload. Keeps trying while the server is away. */
export async function restoreSession(): Promise<void> {
  for (let delayMs = 500; session.state === 'restoring'; delayMs = Math.min(delayMs * 2, 5000)) {
    try {
      await refreshSession()
      return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, delayMs))
    }
  }
}

export function useSession(): Session {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => session,
  )
}
