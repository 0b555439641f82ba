import { type Page, type PageQuery, rowsToRead, toPage } from './page.ts'
import type { Scope } from './scope.ts'
import type { AuditRow } from './tables.ts'

interface AuditEntry {
  readonly id: string
  readonly atMs: number
  /** A user's id, a device's id, or `system`. */
  readonly actor: string
  /** kebab-case, for example `user-signed-in`. */
  readonly action: string
  /** What it was done to, as `noun:id`. */
  readonly subject: string | undefined
  readonly detail: Readonly<Record<string, unknown>>
}

interface AuditQuery extends PageQuery {
  readonly actor?: string
  readonly action?: string
  readonly subject?: string
}

/** Who did what. Entries are added, never changed. */
export interface AuditRecords {
  append(entry: {
    readonly actor: string
    readonly action: string
    readonly subject?: string
    /** No secrets and no positions. */
    readonly detail?: Readonly<Record<string, unknown>>
  }): Promise<AuditEntry>
  /** Newest first. */
  list(query: AuditQuery): Promise<Page<AuditEntry>>
}

export function createAuditRecords({ db, now, makeId }: Scope): AuditRecords {
  return {
    async append({ actor, action, subject, detail = {} }) {
      const entry: AuditEntry = { id: makeId(), atMs: now(), actor, action, subject, detail }
      await db
        .insertInto('audit')
        .values({
          id: entry.id,
          at_ms: entry.atMs,
          actor,
          action,
          subject: subject ?? null,
          detail: JSON.stringify(detail),
        })
        .execute()
      return entry
    },
    async list(query) {
      let rows = db.selectFrom('audit').selectAll().orderBy('id', 'desc').limit(rowsToRead(query))
      if (query.cursor !== undefined) rows = rows.where('id', '<', query.cursor)
      if (query.actor !== undefined) rows = rows.where('actor', '=', query.actor)
      if (query.action !== undefined) rows = rows.where('action', '=', query.action)
      if (query.subject !== undefined) rows = rows.where('subject', '=', query.subject)
      return toPage(await rows.execute(), query, toAuditEntry)
    },
  }
}

function toAuditEntry(row: AuditRow): AuditEntry {
  return {
    id: row.id,
    atMs: row.at_ms,
    actor: row.actor,
    action: row.action,
    subject: row.subject ?? undefined,
    detail: JSON.parse(row.detail) as AuditEntry['detail'],
  }
}
