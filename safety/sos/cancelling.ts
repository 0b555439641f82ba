import { AppError } from '../../contracts/errors.ts'
import type { SosRecord } from '../../contracts/sos.ts'
import { toOwnerView } from '../../contracts/sos-owner-view.ts'
import { assertMayBecome } from './life-cycle.ts'
import type { SosTools } from './sos-deps.ts'
import { findSos, type StepPlan, takeStep } from './steps.ts'

export interface Cancel {
  readonly sosId: string
  readonly by: string
  readonly reason?: string | undefined
  readonly pin?: string | undefined
}

/** The owner takes an SOS back: freely, or so that it looks like that. */
export function createCancelling(tools: SosTools) {
  const { records, pins, now } = tools

  /** @throws AppError `sos-not-found`, `not-your-sos`, `sos-illegal-transition` */
  function assertMayCancel(sos: SosRecord, by: string): void {
    if (sos.ownerId !== by) throw new AppError('forbidden', 'not-your-sos', 'only who called for help can take it back')
    assertMayBecome(toOwnerView(sos), 'cancelled')
  }

  return async function cancel({ sosId, by, reason, pin }: Cancel): Promise<SosRecord> {
    assertMayCancel(await findSos(records, sosId), by)
    const answer = (await pins?.check(by, pin)) ?? 'unset'
    if (answer === 'missing') throw new AppError('forbidden', 'sos-pin-required', 'the PIN is needed to take it back')
    const sos = await takeStep(tools, sosId, (before) => {
      // Somebody may have been quicker while the PIN was looked at.
      assertMayCancel(before, by)
      if (answer === 'wrong') return refuse(before, by)
      return answer === 'duress' ? pretend(before, by, reason) : cancelled(by, reason)
    })
    if (answer === 'wrong') throw new AppError('forbidden', 'wrong-sos-pin', 'this is not the PIN')
    return sos
  }

  function cancelled(by: string, reason: string | undefined): StepPlan {
    const atMs = now()
    const change = { closedAtMs: atMs, closedBy: by, cancelledAtMs: atMs, lastSeenAtMs: atMs, countdownEndsAtMs: null }
    return { action: 'cancelled', actor: by, to: 'cancelled', note: reason, change, tells: 'cancel-confirmed' }
  }

  function refuse(before: SosRecord, by: string): StepPlan {
    return { action: 'cancel-refused', actor: by, change: { pinFailures: before.pinFailures + 1 } }
  }

  /** Stays open, and goes to the supervisors at once. */
  function pretend(before: SosRecord, by: string, reason: string | undefined): StepPlan {
    return {
      action: 'cancelled-under-duress',
      actor: by,
      note: reason,
      detail: { from: before.state },
      ...(before.state === 'countdown' && { to: 'active' as const }),
      change: {
        isDuress: true,
        cancelledAtMs: now(),
        lastSeenAtMs: now(),
        severityShown: before.severityShown ?? before.severity,
        escalation: 2,
        countdownEndsAtMs: null,
        ...(before.policeNotifiedAtMs === undefined && { policeNotifiedAtMs: now() }),
      },
      tells: 'cancel-confirmed',
    }
  }
}
