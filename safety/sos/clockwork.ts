import { isOpenSos, type SosRecord } from '../../contracts/sos.ts'

export interface SosClockOptions {
  /** An SOS that nobody took in hand is told louder and wider after this. */
  readonly escalateAfterMs: number
  /** And to supervisors after this. */
  readonly superviseAfterMs: number
  /** Somebody who was not heard of for this long is worth a call. */
  readonly silentAfterMs: number
}

export const sosClockDefaults: SosClockOptions = {
  escalateAfterMs: 30_000,
  superviseAfterMs: 120_000,
  silentAfterMs: 300_000,
}

export type DueStep =
  | { readonly type: 'activate' }
  | { readonly type: 'escalate'; readonly to: 1 | 2 }
  | { readonly type: 'mark-silent' }

interface Timed {
  readonly atMs: number
  readonly step: DueStep
}

/** What the clock has to do about an SOS, the first first. */
function planOf(sos: SosRecord, options: SosClockOptions): readonly Timed[] {
  if (!isOpenSos(sos)) return []
  if (sos.state === 'countdown') {
    return sos.countdownEndsAtMs === undefined ? [] : [{ atMs: sos.countdownEndsAtMs, step: { type: 'activate' } }]
  }
  const plan: Timed[] = []
  const toldAtMs = sos.policeNotifiedAtMs ?? sos.receivedAtMs
  if (sos.state === 'active') {
    if (sos.escalation < 1) plan.push({ atMs: toldAtMs + options.escalateAfterMs, step: { type: 'escalate', to: 1 } })
    if (sos.escalation < 2) plan.push({ atMs: toldAtMs + options.superviseAfterMs, step: { type: 'escalate', to: 2 } })
  }
  if (sos.silentSinceMs === undefined) {
    plan.push({ atMs: sos.lastSeenAtMs + options.silentAfterMs, step: { type: 'mark-silent' } })
  }
  return plan.sort((a, b) => a.atMs - b.atMs)
}

/** @returns null when the clock has nothing to do about it */
export function nextDueAtMs(sos: SosRecord, options: SosClockOptions): number | null {
  return planOf(sos, options)[0]?.atMs ?? null
}

/** @returns what is due, the last of it first: who was away for an hour goes to the supervisors at once */
export function dueStep(sos: SosRecord, nowMs: number, options: SosClockOptions): DueStep | undefined {
  return (
    planOf(sos, options).findLast(({ atMs, step }) => atMs <= nowMs && step.type !== 'mark-silent')?.step ??
    planOf(sos, options).find(({ atMs }) => atMs <= nowMs)?.step
  )
}
