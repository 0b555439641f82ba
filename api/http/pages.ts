import type { Page } from '../../store/index.ts'

/** A page of records as the API answers it. Its cursor is the store's own, opaque already. */
export function presentPage<Row, Item>(
  page: Page<Row>,
  present: (row: Row) => Item,
): { items: Item[]; nextCursor: string | null } {
  return { items: page.items.map((row) => present(row)), nextCursor: page.nextCursor ?? null }
}
