import type { ErrorDetail } from '../../../contracts/errors.ts'

/** What the server said when it said no; `code` is its stable name, the message is for people. */
export class HttpError extends Error {
  readonly status: number
  readonly code: string
  readonly details: readonly ErrorDetail[]
  /** When asking again makes sense, where the server said so. */
  readonly retryAfterS: number | undefined

  constructor(
    status: number,
    code: string,
    message: string,
    { details = [], retryAfterS }: { readonly details?: readonly ErrorDetail[]; readonly retryAfterS?: number } = {},
  ) {
    super(message)
    this.name = 'HttpError'
    this.status = status
    this.code = code
    this.details = details
    this.retryAfterS = retryAfterS
  }
}

interface ErrorBody {
  readonly error?: { readonly code?: string; readonly message?: string; readonly details?: readonly ErrorDetail[] }
}

/** Answers that are not in our one error shape come from something in between, such as a proxy. */
export async function readError(response: Response): Promise<HttpError> {
  const body = (await response.json().catch(() => ({}))) as ErrorBody
  return new HttpError(
    response.status,
    body.error?.code ?? 'unknown',
    body.error?.message ?? `The server answered ${response.status} ${response.statusText}`.trim(),
    { details: body.error?.details, retryAfterS: readSeconds(response.headers.get('retry-after')) },
  )
}

/** Our server says it in seconds; a date, which HTTP allows too (RFC 9110, section 10.2.3), would come from elsewhere. */
function readSeconds(retryAfter: string | null): number | undefined {
  return retryAfter !== null && /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) : undefined
}

export function toError(thrown: unknown): Error {
  if (thrown instanceof TypeError) return new Error('The server could not be reached.', { cause: thrown })
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
