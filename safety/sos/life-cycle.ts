import { AppError } from '../../contracts/errors.ts'
import type { SosRecord } from '../../contracts/sos.ts'

type State = SosRecord['state']

/** What may follow what. */
const following: Readonly<Record<State, readonly State[]>> = {
  active: ['resolved'],
  resolved: [],
}

/** @throws AppError `sos-already-resolved` */
export function assertMayBecome({ id, state }: SosRecord, next: State): void {
  if (following[state].includes(next)) return
  const details = [
    { path: 'from', message: state },
    { path: 'to', message: next },
  ]
  throw new AppError('conflict', `sos-already-${state}`, `SOS ${id} is ${state} and cannot become ${next}`, { details })
}
