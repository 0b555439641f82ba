/** Where readings end up, as in the server's ledger; counted in readings, an unreadable message being one. */
export interface Outcome {
  readonly stored: number
  readonly duplicate: number
  readonly quarantined: number
  readonly rejected: number
}
export const outcomeNames = ['stored', 'duplicate', 'quarantined', 'rejected'] as const
export const nothing: Outcome = { stored: 0, duplicate: 0, quarantined: 0, rejected: 0 }

export function addOutcomes(a: Outcome, b: Outcome): Outcome {
  return {
    stored: a.stored + b.stored,
    duplicate: a.duplicate + b.duplicate,
    quarantined: a.quarantined + b.quarantined,
    rejected: a.rejected + b.rejected,
  }
}

/** One thing a device does, and what must become of it. */
export type Step =
  | {
      readonly type: 'publish'
      readonly topic: string
      readonly payload: Buffer
      readonly expected: Outcome
      /** Sending it twice is not the same as sending it once: nothing may happen to the line until it is acknowledged. */
      readonly once?: true
    }
  /** A publish to a topic that is not its own; the server must close the connection. */
  | { readonly type: 'trespass'; readonly topic: string; readonly payload: Buffer; readonly expected: Outcome }
  /** The line is cut, so many times in a row, whatever is on its way. */
  | { readonly type: 'drop'; readonly times: number }
