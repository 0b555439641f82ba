import type { Incident, IncidentState } from '../../contracts/dispatch.ts'
import { AppError } from '../../contracts/errors.ts'

/** What may follow what. */
const following: Readonly<Record<IncidentState, readonly IncidentState[]>> = {
  open: ['dispatched', 'on-scene', 'resolved'],
  // Open again when every unit has declined or was released: somebody has to send another.
  dispatched: ['open', 'on-scene', 'resolved'],
  'on-scene': ['resolved'],
  resolved: [],
}

export function mayIncidentBecome(from: IncidentState, to: IncidentState): boolean {
  return following[from].includes(to)
}

/** @throws AppError `incident-illegal-transition`, naming both states */
export function moveIncident(
  incident: Incident,
  to: IncidentState,
  { by, nowMs }: { readonly by: string; readonly nowMs: number },
): Incident {
  const { id, state } = incident
  if (!mayIncidentBecome(state, to)) {
    const details = [
      { path: 'from', message: state },
      { path: 'to', message: to },
    ]
    const message = `incident ${id} is ${state} and cannot become ${to}`
    throw new AppError('conflict', 'incident-illegal-transition', message, { details })
  }
  const next: Incident = { ...incident, state: to, updatedAtMs: nowMs }
  switch (to) {
    case 'dispatched':
      return { ...next, dispatchedAtMs: nowMs }
    case 'on-scene':
      return { ...next, dispatchedAtMs: incident.dispatchedAtMs ?? nowMs, onSceneAtMs: nowMs }
    case 'resolved':
      return { ...next, resolvedAtMs: nowMs, resolvedBy: by }
    case 'open':
      return next
  }
}
