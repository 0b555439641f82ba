/** What a handler answers, as a value; send.ts turns it into bytes. */
export type Answer<T> = JsonAnswer<T> | ContentAnswer | EmptyAnswer

export interface JsonAnswer<T> {
  readonly type: 'json'
  readonly body: T
  /** The route's own status when absent. */
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, string>>
}

export interface ContentAnswer {
  readonly type: 'content'
  readonly mediaType: string
  readonly body: string | Uint8Array | AsyncIterable<string | Uint8Array>
  /** Offered to be saved under this name. */
  readonly fileName: string | undefined
  readonly headers: Readonly<Record<string, string>>
}

export interface EmptyAnswer {
  readonly type: 'empty'
}

export function json<T>(
  body: T,
  options: { readonly status?: number; readonly headers?: Readonly<Record<string, string>> } = {},
): JsonAnswer<T> {
  return { type: 'json', body, status: options.status, headers: options.headers ?? {} }
}

export function content(options: {
  readonly mediaType: string
  readonly body: ContentAnswer['body']
  readonly fileName?: string
  readonly headers?: Readonly<Record<string, string>>
}): ContentAnswer {
  return { type: 'content', fileName: undefined, headers: {}, ...options }
}

/** 204. */
export function empty(): EmptyAnswer {
  return { type: 'empty' }
}
