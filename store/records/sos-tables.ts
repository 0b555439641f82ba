import type { Severity } from '../../contracts/severity.ts'
import type { SosAction, SosEvidence, SosOutcome, SosSource, SosState, SosTrigger } from '../../contracts/sos.ts'

interface PressColumns {
  source: SosSource
  device_id: string | null
  trigger_name: SosTrigger
  observed_at_ms: number
  received_at_ms: number
  seq: number | null
  latitude: number | null
  longitude: number | null
  accuracy_m: number | null
  battery_pct: number | null
}

export interface SosRow extends PressColumns {
  id: string
  room_id: string
  state: SosState
  outcome: SosOutcome | null
  owner_id: string | null
  person_name: string | null
  person_phone: string | null
  message: string | null
  address: string | null
  severity: Severity
  severity_reasons: string
  severity_shown: Severity | null
  is_duress: number
  cancelled_at_ms: number | null
  pin_failures: number
  escalation: number
  countdown_ends_at_ms: number | null
  /** When the clock has something to do about it. */
  due_at_ms: number | null
  press_count: number
  police_notified_at_ms: number | null
  acknowledged_at_ms: number | null
  acknowledged_by: string | null
  dispatched_at_ms: number | null
  on_scene_at_ms: number | null
  closed_at_ms: number | null
  closed_by: string | null
  merged_into: string | null
  last_seen_at_ms: number
  silent_since_ms: number | null
  updated_at_ms: number
}

export interface SosPressRow extends PressColumns {
  id: string
  sos_id: string
}

export interface SosTimelineRow {
  id: string
  sos_id: string
  at_ms: number
  actor: string
  action: SosAction
  from_state: SosState | null
  to_state: SosState | null
  note: string | null
  detail: string
}

export interface SosPositionRow {
  id: string
  sos_id: string
  source: SosSource
  device_id: string | null
  observed_at_ms: number
  received_at_ms: number
  latitude: number
  longitude: number
  accuracy_m: number | null
  battery_pct: number | null
  is_plausible: number
}

export interface SosEvidenceRow {
  id: string
  sos_id: string
  kind: SosEvidence['kind']
  media_type: string
  bytes: number
  sha256: string
  added_at_ms: number
  added_by: string
}

export interface SosShareRow {
  id: string
  sos_id: string
  token_hash: string
  created_by: string
  created_at_ms: number
  expires_at_ms: number
  revoked_at_ms: number | null
}

export interface SosPinsRow {
  user_id: string
  cancel_hash: string | null
  duress_hash: string | null
  updated_at_ms: number
}
