import type { Keyring } from './keys.ts'
import type { AuditHeadRow, AuditRow } from './tables.ts'

/** The chain before the first row there ever was. */
export const chainStart = '0'.repeat(64)

/** Written by `append` itself where the head it was to continue from is not what was left there. */
export const headAlteredAction = 'audit-head-altered'

/** What of a row its chain value stands for: all of it. */
export type LinkedColumns = Omit<AuditRow, 'chain'>

/**
 * The value that ties a row to all rows before it.
 * @param before the value of the row before
 */
export function linkOf(keys: Keyring, before: string, row: LinkedColumns): string {
  const { seq, id, at_ms, actor, action, subject, detail } = row
  // JSON leaves no doubt where one column ends; what is altered into another type reads differently as well.
  return keys.stamp('audit', JSON.stringify(['row', before, seq, id, at_ms, actor, action, subject, detail]))
}

/** Without it whoever cuts rows off could write a head that fits what is left: their chain values stand in the rows. */
export function sealOf(keys: Keyring, head: Omit<AuditHeadRow, 'id' | 'seal'>): string {
  const { seq, chain, first_seq, first_chain, updated_at_ms } = head
  return keys.stamp('audit', JSON.stringify(['head', seq, chain, first_seq, first_chain, updated_at_ms]))
}

export function isSealed(keys: Keyring, head: AuditHeadRow): boolean {
  return head.seal === sealOf(keys, head)
}

/** Text as SQLite gives it back: UTF-8, and nothing after a zero. Chained otherwise, it would look altered. */
export function toStorable(text: string): string {
  return Buffer.from(text.replaceAll('\0', '\uFFFD'), 'utf8').toString('utf8')
}
