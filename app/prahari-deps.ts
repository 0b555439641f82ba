import type { Config } from './config/config.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { Log } from './log.ts'

export interface PrahariDeps {
  readonly config: Config
  readonly log: Log
  readonly now: () => number
  /** Everything that starts is given to it, so that its stop ends all of it. */
  readonly lifecycle: Lifecycle
}
