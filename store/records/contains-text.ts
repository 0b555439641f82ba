import { type RawBuilder, sql } from 'kysely'

/** True of a column that has this text in it, whatever the case. The text means itself: it holds no wildcards. */
export function containsText(column: RawBuilder<unknown>, part: string): RawBuilder<boolean> {
  const pattern = `%${part.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`
  return sql<boolean>`lower(${column}) like ${pattern} escape '\\'`
}
