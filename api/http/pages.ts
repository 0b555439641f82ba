import { z } from 'zod'
import type { Page } from '../../store/index.ts'
import { cursorOf, encodeCursor } from './cursor.ts'

/** A page of records as the API answers it. */
export function presentPage<Row, Item>(
  page: Page<Row>,
  present: (row: Row) => Item,
): { items: Item[]; nextCursor: string | null } {
  const { items, nextCursor } = page
  return {
    items: items.map((row) => present(row)),
    nextCursor: nextCursor === undefined ? null : encodeCursor(nextCursor),
  }
}

/** The store's own cursor, out of ours. */
export const recordCursorSchema = cursorOf(z.string().min(1).max(256))
