import type { RuleTransition, WatchedRule } from '../contracts/alert.ts'
import type { IngestStats } from '../contracts/ports/telemetry.ts'
import type { FrameArrays, TelemetryFrame } from './frame.ts'
import type { TimeLimits } from './observed-time.ts'
import type { PlainError } from './plain-error.ts'

/** What the thread with the sockets says to the thread with the store. */
export type ToWorker =
  | {
      readonly type: 'start'
      readonly rules: readonly WatchedRule[]
      readonly openAlerts: readonly OpenAlert[]
      readonly timeLimits: TimeLimits
    }
  | { readonly type: 'frame'; readonly frame: TelemetryFrame }
  | { readonly type: 'rules'; readonly rules: readonly WatchedRule[] }
  | { readonly type: 'transitions-applied'; readonly batchNo: number }
  | { readonly type: 'call'; readonly id: number; readonly method: string; readonly args: readonly unknown[] }
  | { readonly type: 'stop' }

/** And what it hears back. */
export type FromWorker =
  | { readonly type: 'ready' }
  | {
      readonly type: 'settled'
      readonly frameId: number
      readonly arrays: FrameArrays
      readonly error: string | undefined
    }
  | { readonly type: 'transitions'; readonly batchNo: number; readonly transitions: readonly RuleTransition[] }
  | { readonly type: 'latest'; readonly blocks: readonly LatestBlock[]; readonly stats: IngestStats }
  | { readonly type: 'answer'; readonly id: number; readonly value?: unknown; readonly error?: PlainError }
  | {
      readonly type: 'log'
      readonly level: 'info' | 'warn' | 'error'
      readonly fields: Record<string, unknown>
      readonly message: string
    }
  | { readonly type: 'stopped' }

export interface OpenAlert {
  readonly ruleId: string
  readonly deviceId: string
  readonly kind: string
}

/** Changed sources of one kind, packed: row `i` is the i-th entry of each, fields row by row. */
export interface LatestBlock {
  readonly kindId: string
  readonly deviceIds: readonly string[]
  readonly observedAtMs: Float64Array
  readonly receivedAtMs: Float64Array
  readonly seq: Float64Array
  readonly flags: Uint8Array
  readonly values: Float64Array
}
