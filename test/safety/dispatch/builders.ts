import { onTestFinished } from 'vitest'
import type { Assignment, Incident, IncidentInput, Unit, UnitInput } from '../../../contracts/dispatch.ts'
import type { Position } from '../../../contracts/geo.ts'
import type { CaseDesk } from '../../../contracts/ports/cases.ts'
import { createDispatchDesk } from '../../../safety/dispatch/dispatch-desk.ts'
import { createIncidentDesk } from '../../../safety/dispatch/incident-desk.ts'
import { createUnitDesk } from '../../../safety/dispatch/unit-desk.ts'
import { silentLog, someRecords, startMs } from '../../store/records/fixture.ts'

/** The middle of a made-up city. */
export const townHall: Position = { latitude: 19, longitude: 72.8 }

/** A place so far north of the town hall. */
export function northOf(metres: number): Position {
  return { ...townHall, latitude: townHall.latitude + metres / 111_195 }
}

export function aUnit(unit: Partial<Unit> = {}): Unit {
  return {
    id: unit.unitNumber ?? 'u-1',
    unitNumber: 'P-1',
    kind: 'patrol',
    name: 'Patrol 1',
    state: 'available',
    capabilities: [],
    deviceId: undefined,
    position: townHall,
    positionAtMs: startMs,
    createdAtMs: startMs,
    updatedAtMs: startMs,
    ...unit,
  }
}

export function anAssignment(assignment: Partial<Assignment> = {}): Assignment {
  return {
    id: 'a-1',
    caseType: 'incident',
    caseId: 'i-1',
    unitId: 'u-1',
    unitNumber: 'P-1',
    state: 'assigned',
    assignedBy: 'operator-1',
    assignedAtMs: startMs,
    seenAtMs: undefined,
    unansweredAtMs: undefined,
    answeredAtMs: undefined,
    answeredBy: undefined,
    enRouteAtMs: undefined,
    onSceneAtMs: undefined,
    endedAtMs: undefined,
    reason: undefined,
    updatedAtMs: startMs,
    ...assignment,
  }
}

export function anIncident(incident: Partial<Incident> = {}): Incident {
  return {
    id: 'i-1',
    type: 'fire',
    severity: 'high',
    state: 'open',
    position: townHall,
    address: undefined,
    description: undefined,
    reportedBy: 'operator-1',
    reportedAtMs: startMs,
    dispatchedAtMs: undefined,
    onSceneAtMs: undefined,
    resolvedAtMs: undefined,
    resolvedBy: undefined,
    updatedAtMs: startMs,
    ...incident,
  }
}

/** A place for SOS that has none. */
const noCases: CaseDesk = { find: async () => undefined, setProgress: async () => {}, note: async () => {} }

/** Dispatch over real records, with units that are on duty and say where they are. */
export async function aDispatch(options: Parameters<typeof someRecords>[0] & { sos?: CaseDesk } = {}) {
  const { sos = noCases, ...recordsOptions } = options
  const fixture = await someRecords(recordsOptions)
  const deps = { ...fixture, now: fixture.clock.now, log: silentLog }
  const units = createUnitDesk(deps)
  const incidents = createIncidentDesk(deps)
  const dispatch = createDispatchDesk({ ...deps, cases: { sos, incident: incidents.cases } })
  const assignmentEvents = fixture.listen('assignment-changed')
  await dispatch.start()
  onTestFinished(() => dispatch.stop())
  return {
    ...fixture,
    units,
    incidents,
    dispatch,
    assignmentEvents,
    async onDuty(unitNumber: string, input: Partial<UnitInput> & { at?: Position } = {}): Promise<Unit> {
      const { at = townHall, ...rest } = input
      const { id: unitId } = await units.create({ unitNumber, kind: 'patrol', capabilities: [], ...rest, by: 'admin' })
      await units.reportPosition({ unitId, position: at, atMs: fixture.clock.atMs })
      return units.setState({ unitId, state: 'available', by: 'admin' })
    },
    async reported(input: Partial<IncidentInput> = {}): Promise<Incident> {
      return incidents.report({ type: 'fire', severity: 'high', position: townHall, ...input, by: 'operator-1' })
    },
  }
}

export const incidentCase = ({ id }: { readonly id: string }) => ({ caseType: 'incident', caseId: id }) as const
