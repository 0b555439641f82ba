import type { WatchedRule } from './alert.ts'
import type { Severity } from './severity.ts'

export interface RuleReplayQuery {
  readonly rule: WatchedRule
  /** Event time, inclusive. */
  readonly fromMs: number
  /** Event time, exclusive. */
  readonly toMs: number
  /** Only these of the devices that the rule is about. */
  readonly deviceIds?: readonly string[] | undefined
}

/** One alert there would have been. */
export interface ReplayedAlert {
  /** `areaSource` when it is about an area. */
  readonly deviceId: string
  readonly raisedAtMs: number
  /** Undefined when it was still open at the end. */
  readonly clearedAtMs: number | undefined
  /** The value furthest beyond the limit; undefined for silence and for conditions of several fields. */
  readonly peak: number | undefined
  /** The gravest it was. */
  readonly severity: Severity
}

/** What a rule would have done, had it been watched and had every reading come in time. */
export interface RuleReplay {
  /** In the order they were raised; the first 500. */
  readonly alerts: readonly ReplayedAlert[]
  readonly alertCount: number
  /** Devices with a reading in the period. */
  readonly deviceCount: number
  readonly readingCount: number
  /** Up to when it was replayed: before the end of the period when there was too much to read. */
  readonly replayedToMs: number
  readonly isCutShort: boolean
}
