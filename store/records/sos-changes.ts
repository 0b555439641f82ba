import type { Severity } from '../../contracts/severity.ts'
import type { SosLocation, SosOutcome, SosRecord, SosState } from '../../contracts/sos.ts'
import { locationColumns } from './sos-rows.ts'
import type { SosRow } from './sos-tables.ts'

/** Absent leaves as it is; `null` takes away. */
export interface SosChange {
  readonly state?: SosState
  readonly outcome?: SosOutcome | null
  readonly severity?: Severity
  readonly severityReasons?: readonly string[]
  readonly severityShown?: Severity | null
  readonly isDuress?: boolean
  readonly cancelledAtMs?: number | null
  readonly pinFailures?: number
  readonly escalation?: SosRecord['escalation']
  readonly countdownEndsAtMs?: number | null
  readonly dueAtMs?: number | null
  readonly policeNotifiedAtMs?: number
  readonly acknowledgedAtMs?: number
  readonly acknowledgedBy?: string
  readonly dispatchedAtMs?: number
  readonly onSceneAtMs?: number
  readonly closedAtMs?: number
  readonly closedBy?: string
  readonly mergedInto?: string
  readonly deviceId?: string
  readonly ownerId?: string
  readonly lastSeenAtMs?: number
  readonly silentSinceMs?: number | null
  readonly location?: SosLocation
  readonly batteryPct?: number
  readonly address?: string
  readonly pressCount?: number
  readonly updatedAtMs: number
}

export function toColumns(change: SosChange): Partial<SosRow> {
  const { location, isDuress, severityReasons } = change
  const columns: Record<string, unknown> = {}
  for (const [field, column] of plainColumns) if (change[field] !== undefined) columns[column] = change[field]
  return {
    ...columns,
    ...(location !== undefined && locationColumns(location)),
    ...(isDuress !== undefined && { is_duress: isDuress ? 1 : 0 }),
    ...(severityReasons !== undefined && { severity_reasons: JSON.stringify(severityReasons) }),
  }
}

/** Fields whose values lie in the table as they are. */
const plainColumns = [
  ['state', 'state'],
  ['outcome', 'outcome'],
  ['severity', 'severity'],
  ['severityShown', 'severity_shown'],
  ['cancelledAtMs', 'cancelled_at_ms'],
  ['pinFailures', 'pin_failures'],
  ['escalation', 'escalation'],
  ['countdownEndsAtMs', 'countdown_ends_at_ms'],
  ['dueAtMs', 'due_at_ms'],
  ['policeNotifiedAtMs', 'police_notified_at_ms'],
  ['acknowledgedAtMs', 'acknowledged_at_ms'],
  ['acknowledgedBy', 'acknowledged_by'],
  ['dispatchedAtMs', 'dispatched_at_ms'],
  ['onSceneAtMs', 'on_scene_at_ms'],
  ['closedAtMs', 'closed_at_ms'],
  ['closedBy', 'closed_by'],
  ['mergedInto', 'merged_into'],
  ['deviceId', 'device_id'],
  ['ownerId', 'owner_id'],
  ['lastSeenAtMs', 'last_seen_at_ms'],
  ['silentSinceMs', 'silent_since_ms'],
  ['batteryPct', 'battery_pct'],
  ['address', 'address'],
  ['pressCount', 'press_count'],
  ['updatedAtMs', 'updated_at_ms'],
] as const satisfies readonly (readonly [keyof SosChange, keyof SosRow])[]
