import { chainStart } from './audit-chain.ts'
import { type AuditQuery, searchTrail } from './audit-search.ts'
import { type AuditHead, type AuditVerdict, type VerifyOptions, verifyTrail } from './audit-verifier.ts'
import { appendToTrail, type NewAuditEntry } from './audit-writer.ts'
import type { Page } from './page.ts'
import type { Scope } from './scope.ts'
import type { AuditRow } from './tables.ts'

export interface AuditEntry {
  readonly id: string
  /** 1, 2, 3 ... in the order they were written, without a gap. */
  readonly seq: number
  readonly atMs: number
  /** A user's id, `device:` and a device's, `address:` and a network address, or `system`. */
  readonly actor: string
  /** kebab-case, for example `user-signed-in`. */
  readonly action: string
  /** What it was done to, as `noun:id`. */
  readonly subject: string | undefined
  readonly detail: Readonly<Record<string, unknown>>
}

/**
 * Who did what. Entries are added, each tied to all before it, and never changed; only the oldest are deleted, when
 * their keep is over.
 */
export interface AuditRecords {
  append(entry: NewAuditEntry): Promise<AuditEntry>
  /** Newest first. A page may be shorter than asked for before the last: see `nextCursor`. */
  list(query: AuditQuery): Promise<Page<AuditEntry>>
  /** Worth noting down where nobody who can write to the database can: `verify` holds the trail against it. */
  head(): Promise<AuditHead>
  /** @throws AppError `audit-head-pruned` */
  verify(options?: VerifyOptions): Promise<AuditVerdict>
}

export function createAuditRecords(scope: Scope): AuditRecords {
  return {
    append: async (entry) => toAuditEntry(await appendToTrail(scope, entry)),
    async list(query) {
      const { items, nextCursor } = await searchTrail(scope, query)
      return { items: items.map(toAuditEntry), nextCursor }
    },
    async head() {
      const head = await scope.db.selectFrom('audit_head').select(['seq', 'chain']).executeTakeFirst()
      // Gone, which `verify` says and the next entry mends; it is no reason to make no backup.
      return head ?? { seq: 0, chain: chainStart }
    },
    verify: (options) => verifyTrail(scope, options),
  }
}

function toAuditEntry(row: AuditRow): AuditEntry {
  return {
    id: row.id,
    seq: row.seq,
    atMs: row.at_ms,
    actor: row.actor,
    action: row.action,
    subject: row.subject ?? undefined,
    detail: JSON.parse(row.detail) as AuditEntry['detail'],
  }
}
