import type {
  NaariSosResource,
  SosEvidenceResource,
  SosPositionResource,
  SosResource,
} from '../../contracts/http/sos.ts'
import type { SosEvidence, SosPosition, SosRecord, SosTimelineEntry } from '../../contracts/sos.ts'
import type { SosCase } from '../../contracts/sos-owner-view.ts'
import { toTime, toTimeOrNull } from '../http/inputs.ts'

export interface PresentedParts {
  readonly timeline?: readonly SosTimelineEntry[]
  readonly evidence?: readonly SosEvidence[]
}

export function presentSos(sos: SosRecord, { timeline = [], evidence = [] }: PresentedParts = {}): SosResource {
  const { id, deviceId, batteryPct } = sos
  return {
    id,
    _id: id,
    roomId: sos.roomId,
    source: sos.source,
    state: sos.state,
    status: statusOf(sos),
    outcome: sos.outcome ?? null,
    trigger: sos.trigger,
    alertType: sos.trigger,
    deviceId: deviceId ?? null,
    userId: sos.ownerId ?? null,
    userName: sos.personName ?? null,
    userPhone: sos.personPhone ?? null,
    message: sos.message ?? null,
    severity: sos.severity,
    severityReasons: [...sos.severityReasons],
    isDuress: sos.isDuress,
    escalation: sos.escalation,
    pressCount: sos.pressCount,
    batteryPct: batteryPct ?? null,
    location: presentLocation(sos),
    deviceInfo:
      deviceId === undefined && batteryPct === undefined
        ? null
        : { deviceId: deviceId ?? null, batteryLevel: batteryPct ?? null },
    policeNotified: sos.policeNotifiedAtMs !== undefined,
    policeNotifiedAt: toTimeOrNull(sos.policeNotifiedAtMs),
    contactsNotified: [],
    recording: presentRecording(evidence),
    aiAnalysis: null,
    timeline: timeline.map(presentEntry),
    countdownEndsAt: toTimeOrNull(sos.countdownEndsAtMs),
    triggeredAt: toTime(sos.receivedAtMs),
    acknowledgedAt: toTimeOrNull(sos.acknowledgedAtMs),
    acknowledgedBy: sos.acknowledgedBy ?? null,
    dispatchedAt: toTimeOrNull(sos.dispatchedAtMs),
    onSceneAt: toTimeOrNull(sos.onSceneAtMs),
    resolvedAt: toTimeOrNull(sos.state === 'resolved' ? sos.closedAtMs : undefined),
    cancelledAt: toTimeOrNull(sos.state === 'cancelled' ? sos.closedAtMs : undefined),
    closedBy: sos.closedBy ?? null,
    mergedInto: sos.mergedInto ?? null,
    lastSeenAt: toTime(sos.lastSeenAtMs),
    silentSince: toTimeOrNull(sos.silentSinceMs),
    responseTimes: {
      acknowledgeS: secondsSince(sos, sos.acknowledgedAtMs),
      dispatchS: secondsSince(sos, sos.dispatchedAtMs),
      onSceneS: secondsSince(sos, sos.onSceneAtMs),
      closeS: secondsSince(sos, sos.closedAtMs),
    },
    updatedAt: toTime(sos.updatedAtMs),
  }
}

function statusOf({ state }: SosRecord): SosResource['status'] {
  return state === 'resolved' || state === 'cancelled' ? state : 'active'
}

export function presentLocation({ location, address }: SosRecord): SosResource['location'] {
  if (location === undefined) return null
  const { latitude, longitude, accuracyM } = location
  return {
    type: 'Point',
    coordinates: [longitude, latitude],
    latitude,
    longitude,
    accuracy: accuracyM ?? null,
    address: address ?? null,
    city: null,
  }
}

function presentRecording(evidence: readonly SosEvidence[]): SosResource['recording'] {
  const newest = (kind: SosEvidence['kind']) => evidence.findLast((item) => item.kind === kind)
  const [audio, video] = [newest('audio'), newest('video')]
  return {
    audio: audio ? pathOfEvidence(audio) : null,
    video: video ? pathOfEvidence(video) : null,
    photos: evidence.filter(({ kind }) => kind === 'photo').map(pathOfEvidence),
  }
}

function presentEntry(entry: SosTimelineEntry): SosResource['timeline'][number] {
  return {
    at: toTime(entry.atMs),
    actor: entry.actor,
    action: entry.action,
    from: entry.fromState ?? null,
    to: entry.toState ?? null,
    note: entry.note ?? null,
    detail: { ...entry.detail },
  }
}

function secondsSince({ receivedAtMs }: SosRecord, atMs: number | undefined): number | null {
  return atMs === undefined ? null : Math.max(0, atMs - receivedAtMs) / 1000
}

export function presentPosition(position: SosPosition): SosPositionResource {
  const { latitude, longitude, accuracyM, batteryPct, source, observedAtMs, receivedAtMs, isPlausible } = position
  return {
    latitude,
    longitude,
    accuracyM: accuracyM ?? null,
    batteryPct: batteryPct ?? null,
    source,
    at: toTime(observedAtMs),
    receivedAt: toTime(receivedAtMs),
    isPlausible,
  }
}

export function presentEvidence(evidence: SosEvidence): SosEvidenceResource {
  const { id, kind, mediaType, bytes, sha256, addedAtMs, addedBy } = evidence
  return { id, kind, mediaType, bytes, sha256, addedAt: toTime(addedAtMs), addedBy, path: pathOfEvidence(evidence) }
}

function pathOfEvidence({ sosId, id }: SosEvidence): string {
  return `/api/sos/${sosId}/evidence/${id}`
}

export function presentNaariSos(sos: SosRecord): NaariSosResource {
  return {
    id: sos.id,
    room_id: sos.roomId,
    status: statusOf(sos),
    state: sos.state,
    severity: sos.severity,
    latitude: sos.location?.latitude ?? null,
    longitude: sos.location?.longitude ?? null,
    message: sos.message ?? null,
    name: sos.personName ?? null,
    phone: sos.personPhone ?? null,
    created_at: toTime(sos.receivedAtMs),
    updated_at: toTime(sos.updatedAtMs),
    resolved_at: toTimeOrNull(sos.closedAtMs),
  }
}

/** To take along. */
export function presentPersonalSos({ sos, timeline, trail }: SosCase) {
  return {
    id: sos.id,
    deviceId: sos.deviceId ?? null,
    state: sos.state,
    trigger: sos.trigger,
    location: sos.location === undefined ? null : { ...sos.location },
    message: sos.message ?? null,
    batteryPct: sos.batteryPct ?? null,
    pressCount: sos.pressCount,
    pressedAt: toTime(sos.observedAtMs),
    updatedAt: toTime(sos.updatedAtMs),
    timeline: timeline.map(presentEntry),
    trail: trail.map(presentPosition),
  }
}
