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
