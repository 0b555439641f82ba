import type { RuleTransition, WatchedRule } from '../alert.ts'
import type { LedgerLine, QuarantinedMessage, QuarantineReason, Reading } from '../reading.ts'
import type { RuleReplay, RuleReplayQuery } from '../rule-replay.ts'

/** One telemetry PUBLISH (or HTTP body), its sender already known and allowed to send it. */
export interface InboundTelemetry {
  readonly deviceId: string
  /** Last level of the topic, not yet checked against the registry of kinds. */
  readonly kindId: string
  /** For quarantine; the device's own topic also when a gateway spoke for it. */
  readonly topic: string
  readonly payload: Uint8Array
  readonly receivedAtMs: number
}

/**
 * The way into ingest for every transport.
 * `settle` is called exactly once per message: without an error when all of its readings are durable wherever they
 * belong (stored, known already, or quarantined), with one when the store could not take them and the sender must retry.
 * The caller's slowness is the back-pressure: it must not read more from a sender whose messages have not settled.
 */
export interface TelemetryIntake {
  submit(message: InboundTelemetry, settle: (error?: Error) => void): void
  /** Counts what was refused at the door, so that the ledger adds up. Durable with the next batch. */
  countRejected(deviceId: string): void
  /** Messages accepted and not yet settled. */
  readonly pendingCount: number
}

/** A reading that changed what is latest for its device and kind. */
export type LatestReading = Reading

/** The newest reading of every device and kind, mirrored in memory, and what changed since the last look. */
export interface LatestReadings {
  of(deviceId: string): readonly LatestReading[]
  all(): Iterable<LatestReading>
  /** Called a few times a second with everything that changed in between. */
  onChange(listener: (changed: readonly LatestReading[]) => void): () => void
}

/** What ingest tells and is told by the rest of the house. */
export interface IngestControl {
  /**
   * All rules, each time. A rule that went or was switched off loses its state; so does one whose condition changed,
   * which then raises afresh if its condition still holds: its open alerts were resolved with the change.
   */
  setRules(rules: readonly WatchedRule[]): void
  /** Lines by device id, ascending; `after` is the last id of the page before. */
  ledger(query: {
    readonly deviceId?: string
    readonly after?: string
    readonly limit: number
  }): Promise<readonly LedgerLine[]>
  ledgerTotals(): Promise<Omit<LedgerLine, 'deviceId' | 'lastReceivedAtMs'> & { readonly deviceCount: number }>
  /** Sends quarantined messages through the pipeline again; those that pass leave quarantine. */
  replayQuarantine(query: QuarantineQuery): Promise<{ readonly replayed: number; readonly stillBad: number }>
  /**
   * What a rule would have done. Bounded, and it says when it was cut short.
   * @throws AppError `too-many-replays`
   */
  replayRule(query: RuleReplayQuery): Promise<RuleReplay>
  stats(): IngestStats
}

export interface QuarantineQuery {
  readonly ids?: readonly number[]
  readonly deviceId?: string
  readonly reason?: QuarantineReason
  readonly fromMs?: number
  readonly toMs?: number
  /** Newest first; only ids below this one. */
  readonly beforeId?: number
  readonly limit: number
}

export interface QuarantineStore {
  list(query: QuarantineQuery): Promise<readonly QuarantinedMessage[]>
  get(id: number): Promise<QuarantinedMessage | undefined>
  /** @returns how many were removed */
  purge(query: QuarantineQuery): Promise<number>
  counts(): Promise<readonly { readonly reason: QuarantineReason; readonly count: number }[]>
}

export interface IngestStats {
  /** Since start. */
  readonly readings: {
    readonly received: number
    readonly stored: number
    readonly duplicate: number
    readonly quarantined: number
    readonly rejected: number
    readonly late: number
  }
  readonly unknownFields: number
  readonly batches: number
  readonly batchRowsLast: number
  readonly commitMsLast: number
  readonly commitMsP99: number
  /** From receive to durable, of the newest batch. */
  readonly lagMs: number
  readonly pendingCount: number
  readonly openTransitions: number
}

/** Where the pipeline's rule transitions become alerts. Must be idempotent: a transition may come twice after a crash. */
export interface TransitionSink {
  apply(transitions: readonly RuleTransition[]): Promise<void>
}
