import { useSyncExternalStore } from 'react'
import type { ProfileResource, SessionResource } from '../../../contracts/http/account.ts'
import { decodeAnswer } from '../http/decode.ts'
import type { Decoded } from '../http/decoded.ts'
import { explainFault } from '../http/explain-fault.ts'
import { HttpError, readError } from '../http/http-error.ts'

/** Who is signed in, as they see themselves. */
export type Profile = Decoded<ProfileResource>

export type Session =
  | { readonly state: 'restoring' }
  | { readonly state: 'signed-out'; readonly notice: string | undefined }
  | { readonly state: 'signed-in'; readonly user: Profile }

/** What somebody shows to be let in; `totp` is a code of their second factor, or a recovery code. */
export type Claim = { readonly totp?: string } & (
  | { readonly email: string; readonly password: string }
  | { readonly phone: string; readonly code: string }
)

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
let rechecking: Promise<void> | undefined

// A duplicated tab starts with a copy of the other's refresh token; when one rotates it, the other must follow.
tabs.addEventListener('message', (event: MessageEvent<{ from: string; to: string }>) => {
  if (sessionStorage.getItem(refreshKey) === event.data.from) sessionStorage.setItem(refreshKey, event.data.to)
})

function setSession(next: Session): void {
  session = next
  for (const listener of listeners) listener()
}

function adopt({ accessToken: token, refreshToken, user }: SessionResource): void {
  const previous = sessionStorage.getItem(refreshKey)
  accessToken = token
  sessionStorage.setItem(refreshKey, refreshToken)
  if (previous !== null) tabs.postMessage({ from: previous, to: refreshToken })
  takeUser(decodeAnswer(user) as Profile)
}

/** What is shown follows the user's role and settings; it is drawn anew only when they have changed. */
export function takeUser(user: Profile): void {
  if (session.state === 'signed-in' && JSON.stringify(session.user) === JSON.stringify(user)) return
  setSession({ state: 'signed-in', user })
}

/** Ends the session on this side. @param notice tells on the sign-in page why */
export function forgetSession(notice: string | undefined): void {
  accessToken = undefined
  sessionStorage.removeItem(refreshKey)
  setSession({ state: 'signed-out', notice })
}

async function postJson(path: string, body: unknown): Promise<SessionResource> {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw await readError(response)
  return (await response.json()) as SessionResource
}

/** @throws HttpError when the server says no; `second-factor-required` asks for the same with `totp` */
export async function signIn(claim: Claim): Promise<void> {
  adopt(await postJson('email' in claim ? '/api/auth/login' : '/api/auth/otp/verify', claim))
}

export async function signOut(): Promise<void> {
  const refreshToken = sessionStorage.getItem(refreshKey)
  const signedInWith = accessToken
  forgetSession(undefined)
  // The server forgets too, where it can be reached; here the session has ended either way.
  try {
    const isOver = (await endSession(signedInWith)).status !== 401
    // The access token ran out while nobody was looking; the session has not.
    if (!isOver && refreshToken !== null)
      await endSession((await postJson('/api/auth/refresh', { refreshToken })).accessToken)
  } catch {
    return
  }
}

function endSession(token: string | undefined): Promise<Response> {
  return fetch('/api/auth/logout', { method: 'POST', headers: { authorization: `Bearer ${token}` } })
}

/** Asks the server who one is by now: after a no, the role may be another one, or the session may be over. */
export function recheckUser(): Promise<void> {
  rechecking ??= recheckOnce().finally(() => {
    rechecking = undefined
  })
  return rechecking
}

async function recheckOnce(): Promise<void> {
  const headers = { authorization: `Bearer ${accessToken}` }
  const response = await fetch('/api/auth/profile', { headers }).catch(() => undefined)
  if (response?.ok) {
    const user = decodeAnswer(await response.json()) as Profile
    // Signed out meanwhile, the answer comes too late.
    if (session.state === 'signed-in') takeUser(user)
  } else if (response?.status === 401 || response?.status === 403) {
    // Only this says for certain that the session is over, and why.
    await refreshSession().catch(() => false)
  }
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
    if (session.state !== 'signed-out') forgetSession(undefined)
    return false
  }
  try {
    adopt(await postJson('/api/auth/refresh', { refreshToken }))
    return true
  } catch (error) {
    if (!(error instanceof HttpError) || error.status >= 500 || error.status === 429) throw error
    forgetSession(error.code === 'account-banned' ? explainFault(error) : 'Your session has ended. Sign in again.')
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
