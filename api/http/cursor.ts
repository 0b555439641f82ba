import { z } from 'zod'

const cursorLengthMax = 512

/** Where the next page begins, in a form that says nothing to its bearer. */
export function encodeCursor(position: unknown): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url')
}

/** A cursor as a query parameter. What does not decode to `position` is a fault of the request, not of the server. */
export function cursorOf<T extends z.ZodType>(position: T) {
  return z
    .string()
    .max(cursorLengthMax)
    .transform((text, context): z.output<T> => {
      const parsed = position.safeParse(decode(text))
      if (parsed.success) return parsed.data
      context.addIssue({ code: 'custom', message: 'not a cursor of this list' })
      return z.NEVER
    })
    .describe('`nextCursor` of the page before')
}

function decode(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
}

/**
 * Cuts a page from one row more than was asked for.
 * @param rows up to `limit + 1` of them; the extra one only tells that there is more
 */
export function cutPage<Row, Item>(options: {
  readonly rows: readonly Row[]
  readonly limit: number
  readonly positionOf: (last: Row) => unknown
  readonly present: (row: Row) => Item
}): { items: Item[]; nextCursor: string | null } {
  const { rows, limit, positionOf, present } = options
  const last = rows.length > limit ? rows[limit - 1] : undefined
  return {
    items: rows.slice(0, limit).map((row) => present(row)),
    nextCursor: last === undefined ? null : encodeCursor(positionOf(last)),
  }
}
