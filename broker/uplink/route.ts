import type { UpRoute } from '../../contracts/topics.ts'

/** Where a publish goes, with everything that its topic says already worked out. */
export interface Route {
  readonly type: UpRoute['type']
  readonly deviceId: string
  /** Kind of a reading, id of a command, or empty. */
  readonly detail: string
  /** The device's own topic, also when a gateway spoke for it. */
  readonly topic: string
}
