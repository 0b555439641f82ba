import type { QuarantineReason } from '../contracts/reading.ts'
import type { KindRuntime } from './kind-runtime.ts'
import { parseObservedAt, type TimeLimits } from './observed-time.ts'

/** The one reading being looked at. Filled anew for every candidate; nothing may keep it. */
export interface ReadingInHand {
  observedAtMs: number
  receivedAtMs: number
  /** -1 when the device sent none. */
  seq: number
  /** Bit 0: the time is the broker's. */
  flags: number
  values: Float64Array
}

export interface Fault {
  reason: QuarantineReason
  field: string | undefined
}

export interface CandidateReader {
  /** @returns true with `reading` filled, or false with `fault` set */
  read(candidate: Record<string, unknown>, of: { kind: KindRuntime; receivedAtMs: number; clockMs: number }): boolean
  readonly reading: ReadingInHand
  readonly fault: Fault
  /** Sets `fault` for what never became a candidate. */
  refuse(reason: QuarantineReason, field?: string): false
  /** Names in candidates that no field of the kind has; ignored, but counted. */
  readonly unknownFields: number
}

/** Turns a decoded object into a reading: its time, its sequence, its values by the kind's ranges. */
export function createCandidateReader(limits: TimeLimits): CandidateReader {
  const reading: ReadingInHand = { observedAtMs: 0, receivedAtMs: 0, seq: -1, flags: 0, values: new Float64Array(0) }
  const fault: Fault = { reason: 'unparseable', field: undefined }
  let unknownFields = 0

  function refuse(reason: QuarantineReason, field?: string): false {
    fault.reason = reason
    fault.field = field
    return false
  }

  return {
    reading,
    fault,
    refuse,
    get unknownFields() {
      return unknownFields
    },
    read(candidate, { kind, receivedAtMs, clockMs }) {
      const { ts, seq } = candidate
      reading.receivedAtMs = receivedAtMs
      reading.observedAtMs = ts === undefined ? receivedAtMs : parseObservedAt(ts)
      reading.flags = ts === undefined ? 1 : 0
      if (Number.isNaN(reading.observedAtMs)) return refuse('bad-time', 'ts')
      if (reading.observedAtMs > clockMs + limits.aheadMsMax) return refuse('time-too-far-ahead', 'ts')
      if (reading.observedAtMs < receivedAtMs - limits.ageMsMax) return refuse('time-too-old', 'ts')
      if (seq === undefined) reading.seq = -1
      else if (Number.isSafeInteger(seq) && (seq as number) >= 0) reading.seq = seq as number
      else return refuse('bad-sequence', 'seq')
      const { check, values } = kind
      reading.values = values
      const reason = check.check(candidate, values)
      if (reason) return refuse(reason, check.faultyField)
      let names = 0
      for (const _ in candidate) names++
      unknownFields += names - check.presentCount - (ts === undefined ? 0 : 1) - (seq === undefined ? 0 : 1)
      return true
    },
  }
}
