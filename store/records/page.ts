/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[]
  /** Give it back to get the page after this one; absent on the last. */
  readonly nextCursor: string | undefined
}

export interface PageQuery {
  /** 1 to 1,000. */
  readonly limit: number
  /** The `nextCursor` of the page before. */
  readonly cursor?: string | undefined
}

const limitMax = 1000

/** One more row than asked for tells whether there is a next page. */
export function rowsToRead({ limit }: PageQuery): number {
  return Math.min(Math.max(1, limit), limitMax) + 1
}

/** @param rows as many as `rowsToRead` said, or fewer at the end */
export function toPage<R extends { readonly id: string }, T>(
  rows: readonly R[],
  query: PageQuery,
  toItem: (row: R) => T,
): Page<T> {
  const count = rowsToRead(query) - 1
  const items = rows.slice(0, count)
  return { items: items.map(toItem), nextCursor: rows.length > count ? items.at(-1)?.id : undefined }
}
