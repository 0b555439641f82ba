import type { AuditEntry, Records, Repositories } from '../../store/index.ts'

/** Who did what to which; no secrets and no positions in the detail. */
type Trace = Pick<AuditEntry, 'actor' | 'action'> & Partial<Pick<AuditEntry, 'subject' | 'detail'>>

/**
 * @returns a function that makes a change and leaves its trace as one step: where the trace cannot be left, nothing has
 * happened, and no secret was made that nobody has seen
 */
export function createAudited({ records }: { readonly records: Pick<Records, 'transaction'> }) {
  return function audited<T>(
    change: (repositories: Repositories) => Promise<T>,
    traceOf: (changed: T) => Trace,
  ): Promise<T> {
    return records.transaction(async (repositories) => {
      const changed = await change(repositories)
      await repositories.audit.append(traceOf(changed))
      return changed
    })
  }
}
