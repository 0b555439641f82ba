import { AppError } from '../../contracts/errors.ts'
import type { SosState } from '../../contracts/sos.ts'

/** What may follow what: the one table. */
export const sosFollowing: Readonly<Record<SosState, readonly SosState[]>> = {
  countdown: ['active', 'cancelled'],
  active: ['acknowledged', 'dispatched', 'on-scene', 'resolved', 'cancelled'],
  acknowledged: ['dispatched', 'on-scene', 'resolved', 'cancelled'],
  // Back to acknowledged when every unit has declined or was released: somebody has to send another.
  dispatched: ['acknowledged', 'on-scene', 'resolved', 'cancelled'],
  'on-scene': ['resolved', 'cancelled'],
  resolved: [],
  cancelled: [],
}

export function mayBecome(from: SosState, to: SosState): boolean {
  return sosFollowing[from].includes(to)
}

/** @throws AppError `sos-illegal-transition`, naming both states */
export function assertMayBecome(
  { id, state }: { readonly id: string; readonly state: SosState },
  next: SosState,
): void {
  if (mayBecome(state, next)) return
  const details = [
    { path: 'from', message: state },
    { path: 'to', message: next },
  ]
  throw new AppError('conflict', 'sos-illegal-transition', `SOS ${id} is ${state} and cannot become ${next}`, {
    details,
  })
}
