import type { Logger } from 'pino'
import type { Connection } from '../connection.ts'
import type { Refusals } from '../refusals.ts'

/** An attempt to publish or subscribe outside what the client may. */
export interface AccessViolation {
  /** Undefined while it is enrolling, and of a backend user. */
  readonly deviceId: string | undefined
  readonly userId: string | undefined
  readonly action: 'publish' | 'subscribe'
  /** As the client named it, cut to 256 characters. */
  readonly topic: string
  readonly remote: string
  readonly atMs: number
}

export interface ViolationsDeps {
  readonly refusals: Refusals
  readonly log: Logger
  readonly now: () => number
  readonly onViolation: ((violation: AccessViolation) => void) | undefined
}

export function createReportViolation({ refusals, log, now, onViolation }: ViolationsDeps) {
  return function reportViolation(connection: Connection, action: 'publish' | 'subscribe', topic: string): void {
    const { identity, remote } = connection
    const deviceId = identity?.type === 'device' ? identity.deviceId : undefined
    const userId = identity?.type === 'user' ? identity.userId : undefined
    // Publishing ends the connection and is counted there.
    if (action === 'subscribe') refusals.count('subscribe-not-own')
    log.warn({ deviceId, userId, action, remote }, 'client outside its own topics')
    onViolation?.({ deviceId, userId, action, topic: topic.slice(0, 256), remote, atMs: now() })
  }
}
