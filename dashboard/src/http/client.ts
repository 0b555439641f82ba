import { currentAccessToken, recheckUser, refreshSession } from '../session/session.ts'
import { decodeAnswer } from './decode.ts'
import { type HttpError, readError } from './http-error.ts'

interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly query?: Readonly<Record<string, string | number | undefined>>
  /** Sent as JSON. */
  readonly body?: unknown
  /** Sent as it is, in place of `body`. */
  readonly content?: { readonly contentType: string; readonly body: string }
  readonly signal?: AbortSignal
}

/**
 * One call to the server, the answer with its times decoded. The caller names the shape: server and dashboard are built
 * from the same contracts, and the browser tests run against the real server.
 * @throws HttpError when the server says no, TypeError when it cannot be reached
 */
export async function request<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const response = await answered(path, options)
  return (response.status === 204 ? undefined : decodeAnswer(await response.json())) as T
}

/** The same for an answer that is kept as it came. */
export async function requestText(path: string, options: RequestOptions = {}): Promise<string> {
  return (await answered(path, options)).text()
}

/** The same for a file. */
export async function requestBlob(path: string, options: RequestOptions = {}): Promise<Blob> {
  return (await answered(path, options)).blob()
}

/** An answer that says yes. */
async function answered(path: string, options: RequestOptions): Promise<Response> {
  const url = path + queryString(options.query)
  const first = await send(url, options)
  if (first.ok) return first
  const fault = await readError(first)
  if (!needsNewToken(fault)) throw fault
  if (!(await refreshSession())) throw fault
  const second = await send(url, options)
  if (second.ok) return second
  throw await readError(second)
}

/** Codes of 401 that speak of what was typed, not of the token: sent again, they would count as another try. */
const typedWrong: readonly string[] = ['wrong-credentials', 'second-factor-required', 'wrong-second-factor']

function needsNewToken({ status, code }: HttpError): boolean {
  if (status === 401) return !typedWrong.includes(code)
  // Only what the role may do is offered, so the role, or the whole account, is not what it was.
  if (code === 'forbidden' || code === 'account-banned') void recheckUser()
  return false
}

function send(url: string, { method = 'GET', body, content, signal }: RequestOptions): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json' }
  const token = currentAccessToken()
  if (token !== undefined) headers.authorization = `Bearer ${token}`
  const sent = content ?? (body !== undefined && { contentType: 'application/json', body: JSON.stringify(body) })
  if (sent) headers['content-type'] = sent.contentType
  return fetch(url, {
    method,
    headers,
    ...(sent && { body: sent.body }),
    ...(signal && { signal }),
  })
}

function queryString(query: RequestOptions['query']): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== '') parameters.set(name, String(value))
  }
  const text = parameters.toString()
  return text === '' ? '' : `?${text}`
}
