import type { Assignment, CaseType, Incident, IncidentState, Unit } from '../../contracts/dispatch.ts'
import type { Severity } from '../../contracts/severity.ts'

/** Rows of dispatch; see tables.ts. */

export interface UnitRow {
  id: string
  unit_number: string
  kind: Unit['kind']
  name: string
  state: Unit['state']
  capabilities: string
  device_id: string | null
  latitude: number | null
  longitude: number | null
  position_at_ms: number | null
  created_at_ms: number
  updated_at_ms: number
}

export interface AssignmentRow {
  id: string
  case_type: CaseType
  case_id: string
  unit_id: string
  unit_number: string
  state: Assignment['state']
  assigned_by: string
  assigned_at_ms: number
  seen_at_ms: number | null
  unanswered_at_ms: number | null
  answered_at_ms: number | null
  answered_by: string | null
  en_route_at_ms: number | null
  on_scene_at_ms: number | null
  ended_at_ms: number | null
  reason: string | null
  updated_at_ms: number
}

export interface IncidentRow {
  id: string
  type: Incident['type']
  severity: Severity
  state: IncidentState
  latitude: number | null
  longitude: number | null
  address: string | null
  description: string | null
  reported_by: string
  reported_at_ms: number
  dispatched_at_ms: number | null
  on_scene_at_ms: number | null
  resolved_at_ms: number | null
  resolved_by: string | null
  updated_at_ms: number
}

export interface IncidentEntryRow {
  id: string
  incident_id: string
  at_ms: number
  actor: string
  action: string
  from_state: IncidentState | null
  to_state: IncidentState | null
  note: string | null
}

export interface BroadcastRow {
  id: string
  area: string
  text: string
  severity: Severity
  sent_by: string
  sent_at_ms: number
  expires_at_ms: number
  device_count: number
  connected_count: number | null
  people_count: number
  announced_at_ms: number | null
}
