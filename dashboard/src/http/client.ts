import { currentAccessToken, refreshSession } from '../session/session.ts'
import { decodeAnswer } from './decode.ts'
import { readError } from './http-error.ts'

interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'DELETE'
  readonly query?: Readonly<Record<string, string | number | undefined>>
  readonly body?: unknown
  readonly signal?: AbortSignal
}

/**
 * One call to the server, the answer with its times decoded. The caller names the shape: server and dashboard are built
 * from the same contracts, and the browser tests run against the real server.
 * @throws HttpError when the server says no, TypeError when it cannot be reached
 */
export async function request<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const url = path + queryString(options.query)
  let response = await send(url, options)
  if (response.status === 401 && (await refreshSession())) response = await send(url, options)
  if (!response.ok) throw await readError(response)
  return (response.status === 204 ? undefined : decodeAnswer(await response.json())) as T
}

function send(url: string, { method = 'GET', body, signal }: RequestOptions): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json' }
  const token = currentAccessToken()
  if (token !== undefined) headers.authorization = `Bearer ${token}`
  if (body !== undefined) headers['content-type'] = 'application/json'
  return fetch(url, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
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
