import type { Alert } from '../../contracts/alert.ts'
import type { Device, DeviceCommand } from '../../contracts/device.ts'
import type { Role } from '../../contracts/roles.ts'
import type { Severity } from '../../contracts/severity.ts'
import type { AssignmentRow, BroadcastRow, IncidentEntryRow, IncidentRow, UnitRow } from './dispatch-tables.ts'
import { type OutboxTables, outboxTableNames } from './outbox-tables.ts'
import type {
  SosEvidenceRow,
  SosPinsRow,
  SosPositionRow,
  SosPressRow,
  SosRow,
  SosShareRow,
  SosTimelineRow,
} from './sos-tables.ts'

/**
 * Rows as they lie in the tables. Only types that SQLite and PostgreSQL both have: text, bigint, double precision.
 * Times are epoch milliseconds, truth is 0 or 1, lists and objects are JSON in text.
 */
export interface Tables extends OutboxTables {
  devices: DeviceRow
  device_statuses: DeviceStatusRow
  provisioning_keys: ProvisioningKeyRow
  commands: CommandRow
  users: UserRow
  sessions: SessionRow
  refresh_tokens: RefreshTokenRow
  second_factors: SecondFactorRow
  recovery_codes: RecoveryCodeRow
  one_time_codes: OneTimeCodeRow
  audit: AuditRow
  audit_head: AuditHeadRow
  settings: SettingRow
  alert_rules: RuleRow
  alerts: AlertRow
  alert_notes: AlertNoteRow
  rule_progress: RuleProgressRow
  silences: SilenceRow
  alert_storms: AlertStormRow
  sos: SosRow
  sos_presses: SosPressRow
  sos_timeline: SosTimelineRow
  sos_positions: SosPositionRow
  sos_evidence: SosEvidenceRow
  sos_shares: SosShareRow
  sos_pins: SosPinsRow
  units: UnitRow
  assignments: AssignmentRow
  incidents: IncidentRow
  incident_timeline: IncidentEntryRow
  broadcasts: BroadcastRow
}

export const tableNames = [
  'devices',
  'device_statuses',
  'provisioning_keys',
  'commands',
  'users',
  'sessions',
  'refresh_tokens',
  'second_factors',
  'recovery_codes',
  'one_time_codes',
  'audit',
  'settings',
  'alert_rules',
  'alerts',
  'alert_notes',
  'rule_progress',
  'silences',
  'alert_storms',
  'sos',
  'sos_presses',
  'sos_timeline',
  'sos_positions',
  'sos_evidence',
  'sos_shares',
  'sos_pins',
  'units',
  'assignments',
  'incidents',
  'incident_timeline',
  'broadcasts',
  ...outboxTableNames,
] as const satisfies readonly (keyof Tables)[]

export interface DeviceRow {
  id: string
  name: string
  kinds: string
  latitude: number | null
  longitude: number | null
  gateway_id: string | null
  owner_id: string | null
  labels: string
  state: Device['state']
  simulated: number
  personal: number
  owned_since_ms: number | null
  secret_hash: string
  credentials_since_ms: number | null
  created_at_ms: number
  updated_at_ms: number
}

export interface DeviceStatusRow {
  device_id: string
  battery_pct: number | null
  firmware: string | null
  received_at_ms: number
}

export interface ProvisioningKeyRow {
  id: string
  name: string
  key_hash: string
  quota: number
  used_count: number
  created_at_ms: number
  expires_at_ms: number | null
  revoked_at_ms: number | null
}

export interface CommandRow {
  id: string
  device_id: string
  name: string
  body: string
  state: DeviceCommand['state']
  queued_at_ms: number
  expires_at_ms: number
  delivered_at_ms: number | null
  finished_at_ms: number | null
  result: string | null
}

export interface UserRow {
  id: string
  email: string | null
  phone: string | null
  username: string | null
  name: string
  city: string | null
  flat_number: string | null
  flat_confirmed_at_ms: number | null
  unit_number: string | null
  settings: string
  role: Role
  state: 'active' | 'banned' | 'erased'
  password_hash: string | null
  password_length: number | null
  email_verified_at_ms: number | null
  pending_email: string | null
  pending_phone: string | null
  phone_verified_at_ms: number | null
  signed_in_at_ms: number | null
  created_at_ms: number
  updated_at_ms: number
}

export interface SessionRow {
  id: string
  user_id: string
  token_hash: string | null
  network: string | null
  client_address: string | null
  user_agent: string | null
  created_at_ms: number
  used_at_ms: number
  expires_at_ms: number
  revoked_at_ms: number | null
}

export interface SecondFactorRow {
  user_id: string
  sealed_secret: string
  created_at_ms: number
  confirmed_at_ms: number | null
  /** The newest time step whose code was used: no code opens twice. */
  last_step: number
}

interface RecoveryCodeRow {
  user_id: string
  code_hash: string
  used_at_ms: number | null
}

export interface OneTimeCodeRow {
  id: string
  purpose: string
  address: string
  network: string
  code_hash: string
  created_at_ms: number
  expires_at_ms: number
  /** Wrong tries from the network that asked for it. */
  tries: number
  /** Wrong tries from elsewhere. */
  foreign_tries: number
  redeemed_at_ms: number | null
  /** Who brought it: the network, and what sort of client. */
  redeemed_by: string | null
  spent_at_ms: number | null
}

interface RefreshTokenRow {
  token_hash: string
  session_id: string
  issued_at_ms: number
  used_at_ms: number | null
}

export interface AuditRow {
  /** 1, 2, 3 ... */
  seq: number
  id: string
  at_ms: number
  actor: string
  action: string
  subject: string | null
  detail: string
  /** What ties the row to all before it; see audit-chain.ts. */
  chain: string
}

/** One row: where the trail ends, and where what is kept of it begins. */
export interface AuditHeadRow {
  id: 1
  seq: number
  chain: string
  first_seq: number
  /** Of the row before the first. */
  first_chain: string
  updated_at_ms: number
  seal: string
}

interface SettingRow {
  key: string
  value: string
  updated_at_ms: number
}

export interface RuleRow {
  id: string
  name: string
  severity: Severity
  enabled: number
  condition: string
  built_in: number
  edited: number
  updated_at_ms: number
  /** What of a rule is about its alerts, not about what is watched. */
  settings: string
}

export interface AlertRow {
  id: string
  rule_id: string
  rule_name: string
  device_id: string
  kind: string
  severity: Severity
  state: Alert['state']
  message: string
  value: number | null
  raised_at_ms: number
  acknowledged_at_ms: number | null
  acknowledged_by: string | null
  resolved_at_ms: number | null
  resolved_by: string | null
  assigned_to: string | null
  updated_at_ms: number
  severity_since_ms: number | null
  silenced_until_ms: number | null
  silence_id: string | null
  inhibited_by: string | null
  escalated_at_ms: number | null
  storm_id: string | null
  /** Roughly where the device is; what is in one cell may become a storm. */
  cell: string | null
}

export interface SilenceRow {
  id: string
  rule_id: string | null
  device_id: string | null
  kind: string | null
  area: string | null
  from_ms: number
  until_ms: number
  reason: string
  created_by: string
  created_at_ms: number
  ended_at_ms: number | null
  ended_by: string | null
}

interface AlertStormRow {
  id: string
  kind: string
  cell: string
  started_at_ms: number
  last_raised_at_ms: number
  /** Set when it takes no more members. */
  closed_at_ms: number | null
}

interface AlertNoteRow {
  id: string
  alert_id: string
  at_ms: number
  author: string
  action: string
  note: string | null
}

export interface RuleProgressRow {
  rule_id: string
  device_id: string
  raised_at_ms: number | null
  cleared_at_ms: number | null
}
