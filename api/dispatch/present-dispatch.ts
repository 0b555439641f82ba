import type { Assignment, Broadcast, Incident, IncidentEntry, Unit } from '../../contracts/dispatch.ts'
import type {
  AssignmentResource,
  BroadcastResource,
  IncidentResource,
  UnitResource,
} from '../../contracts/http/dispatch.ts'
import { toTime, toTimeOrNull } from '../http/inputs.ts'

export function presentUnit(unit: Unit, nowMs: number): UnitResource {
  const { positionAtMs } = unit
  return {
    id: unit.id,
    unitNumber: unit.unitNumber,
    unit_number: unit.unitNumber,
    kind: unit.kind,
    name: unit.name,
    state: unit.state,
    status: unit.state,
    capabilities: [...unit.capabilities],
    deviceId: unit.deviceId ?? null,
    position: unit.position ?? null,
    positionAt: toTimeOrNull(positionAtMs),
    positionAgeS: positionAtMs === undefined ? null : Math.max(0, Math.round((nowMs - positionAtMs) / 1000)),
    createdAt: toTime(unit.createdAtMs),
    updatedAt: toTime(unit.updatedAtMs),
  }
}

export function presentAssignment(assignment: Assignment): AssignmentResource {
  return {
    id: assignment.id,
    caseType: assignment.caseType,
    caseId: assignment.caseId,
    unitId: assignment.unitId,
    unitNumber: assignment.unitNumber,
    state: assignment.state,
    assignedBy: assignment.assignedBy,
    assignedAt: toTime(assignment.assignedAtMs),
    seenAt: toTimeOrNull(assignment.seenAtMs),
    unansweredAt: toTimeOrNull(assignment.unansweredAtMs),
    answeredAt: toTimeOrNull(assignment.answeredAtMs),
    answeredBy: assignment.answeredBy ?? null,
    enRouteAt: toTimeOrNull(assignment.enRouteAtMs),
    onSceneAt: toTimeOrNull(assignment.onSceneAtMs),
    endedAt: toTimeOrNull(assignment.endedAtMs),
    reason: assignment.reason ?? null,
    updatedAt: toTime(assignment.updatedAtMs),
  }
}

export function presentIncident(incident: Incident): IncidentResource {
  return {
    id: incident.id,
    type: incident.type,
    severity: incident.severity,
    state: incident.state,
    status: incident.state,
    position: incident.position ?? null,
    address: incident.address ?? null,
    description: incident.description ?? null,
    reportedBy: incident.reportedBy,
    reportedAt: toTime(incident.reportedAtMs),
    dispatchedAt: toTimeOrNull(incident.dispatchedAtMs),
    onSceneAt: toTimeOrNull(incident.onSceneAtMs),
    resolvedAt: toTimeOrNull(incident.resolvedAtMs),
    resolvedBy: incident.resolvedBy ?? null,
    updatedAt: toTime(incident.updatedAtMs),
  }
}

export function presentIncidentEntry({ atMs, actor, action, fromState, toState, note }: IncidentEntry) {
  return { at: toTime(atMs), actor, action, from: fromState ?? null, to: toState ?? null, note: note ?? null }
}

export function presentBroadcast(broadcast: Broadcast): BroadcastResource {
  const { id, area, text, severity, sentBy, sentAtMs, expiresAtMs, counts, announcedAtMs } = broadcast
  return {
    id,
    area,
    text,
    severity,
    sentBy,
    sentAt: toTime(sentAtMs),
    expiresAt: toTime(expiresAtMs),
    counts: presentCounts(counts),
    announcedAt: toTimeOrNull(announcedAtMs),
  }
}

export function presentCounts({ devices, devicesConnected, people }: Broadcast['counts']) {
  return { devices, devicesConnected: devicesConnected ?? null, people }
}
