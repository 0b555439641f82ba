import type {
  SosLocation,
  SosPosition,
  SosPressEntry,
  SosRecord,
  SosSource,
  SosTimelineEntry,
  SosTrigger,
} from '../../contracts/sos.ts'
import type { SosPositionRow, SosPressRow, SosRow, SosTimelineRow } from './sos-tables.ts'

/** A press from any source, as it is stored. */
export interface NewPress {
  readonly source: SosSource
  readonly deviceId?: string | undefined
  readonly trigger: SosTrigger
  readonly observedAtMs: number
  readonly receivedAtMs: number
  readonly seq?: number | undefined
  readonly location?: SosLocation | undefined
  readonly batteryPct?: number | undefined
}

export function pressColumns(press: NewPress): Omit<SosPressRow, 'id' | 'sos_id'> {
  return {
    source: press.source,
    device_id: press.deviceId ?? null,
    trigger_name: press.trigger,
    observed_at_ms: press.observedAtMs,
    received_at_ms: press.receivedAtMs,
    seq: press.seq ?? null,
    ...locationColumns(press.location),
    battery_pct: press.batteryPct ?? null,
  }
}

export function locationColumns(location: SosLocation | undefined) {
  return {
    latitude: location?.latitude ?? null,
    longitude: location?.longitude ?? null,
    accuracy_m: location?.accuracyM ?? null,
  }
}

export function toPressEntry(row: Omit<SosPressRow, 'id' | 'sos_id'>): SosPressEntry {
  return {
    source: row.source,
    deviceId: row.device_id ?? undefined,
    receivedAtMs: row.received_at_ms,
    observedAtMs: row.observed_at_ms,
    seq: row.seq ?? undefined,
    trigger: row.trigger_name,
    location:
      row.latitude === null || row.longitude === null
        ? undefined
        : { latitude: row.latitude, longitude: row.longitude, accuracyM: row.accuracy_m ?? undefined },
    batteryPct: row.battery_pct ?? undefined,
  }
}

export function toSos(row: SosRow): SosRecord {
  return {
    ...toPressEntry(row),
    id: row.id,
    roomId: row.room_id,
    state: row.state,
    outcome: row.outcome ?? undefined,
    ownerId: row.owner_id ?? undefined,
    personName: row.person_name ?? undefined,
    personPhone: row.person_phone ?? undefined,
    message: row.message ?? undefined,
    address: row.address ?? undefined,
    severity: row.severity,
    severityReasons: JSON.parse(row.severity_reasons) as readonly string[],
    severityShown: row.severity_shown ?? undefined,
    isDuress: row.is_duress === 1,
    cancelledAtMs: row.cancelled_at_ms ?? undefined,
    pinFailures: row.pin_failures,
    escalation: row.escalation as SosRecord['escalation'],
    countdownEndsAtMs: row.countdown_ends_at_ms ?? undefined,
    policeNotifiedAtMs: row.police_notified_at_ms ?? undefined,
    acknowledgedAtMs: row.acknowledged_at_ms ?? undefined,
    acknowledgedBy: row.acknowledged_by ?? undefined,
    dispatchedAtMs: row.dispatched_at_ms ?? undefined,
    onSceneAtMs: row.on_scene_at_ms ?? undefined,
    closedAtMs: row.closed_at_ms ?? undefined,
    closedBy: row.closed_by ?? undefined,
    mergedInto: row.merged_into ?? undefined,
    lastSeenAtMs: row.last_seen_at_ms,
    silentSinceMs: row.silent_since_ms ?? undefined,
    pressCount: row.press_count,
    updatedAtMs: row.updated_at_ms,
  }
}

export function toTimelineEntry(row: SosTimelineRow): SosTimelineEntry {
  return {
    id: row.id,
    atMs: row.at_ms,
    actor: row.actor,
    action: row.action,
    fromState: row.from_state ?? undefined,
    toState: row.to_state ?? undefined,
    note: row.note ?? undefined,
    detail: JSON.parse(row.detail) as SosTimelineEntry['detail'],
  }
}

export function toPosition(row: SosPositionRow): SosPosition {
  return {
    sosId: row.sos_id,
    source: row.source,
    deviceId: row.device_id ?? undefined,
    observedAtMs: row.observed_at_ms,
    receivedAtMs: row.received_at_ms,
    latitude: row.latitude,
    longitude: row.longitude,
    accuracyM: row.accuracy_m ?? undefined,
    batteryPct: row.battery_pct ?? undefined,
    isPlausible: row.is_plausible === 1,
  }
}
