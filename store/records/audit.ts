import type { Page, PageQuery } from './page.ts'

export interface AuditEntry {
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

export interface AuditQuery extends PageQuery {
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
