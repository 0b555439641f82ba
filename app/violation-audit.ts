import type { AccessViolation } from '../broker/index.ts'
import type { Records } from '../store/index.ts'
import type { Log } from './log.ts'

export interface ViolationAuditDeps {
  readonly audit: Pick<Records['audit'], 'append'>
  readonly log: Pick<Log, 'error'>
}

/** A client that tries the same door in a loop must not fill the disk with it. */
const restMs = 60_000
const actorsRememberedMax = 10_000

/** Writes attempts on topics that are not one's own to the audit: the first of each client, and one a minute with the count since. */
export function createViolationAudit({ audit, log }: ViolationAuditDeps): (violation: AccessViolation) => void {
  const seen = new Map<string, { writtenAtMs: number; unwritten: number }>()

  return function auditViolation({ deviceId, userId, action, topic, remote, atMs }) {
    const actor = userId ?? (deviceId === undefined ? `address:${remote}` : `device:${deviceId}`)
    const last = seen.get(actor)
    if (last && atMs - last.writtenAtMs < restMs) {
      last.unwritten++
      return
    }
    seen.delete(actor)
    if (seen.size >= actorsRememberedMax) seen.delete(seen.keys().next().value!)
    seen.set(actor, { writtenAtMs: atMs, unwritten: 0 })
    const detail = { topic, remote, repeats: last?.unwritten ?? 0 }
    audit
      .append({
        actor,
        action: `mqtt-${action}-refused`,
        subject: deviceId === undefined ? undefined : `device:${deviceId}`,
        detail,
      })
      .catch((error: unknown) => log.error({ err: error }, 'audit entry not written'))
  }
}
