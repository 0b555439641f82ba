import type { SosPosition, SosRecord, SosTimelineEntry } from './sos.ts'

/** An SOS with what happened and where the person went. */
export interface SosCase {
  readonly sos: SosRecord
  readonly timeline: readonly SosTimelineEntry[]
  readonly trail: readonly SosPosition[]
}

/** The reason for severity that no owner is shown. */
export const duressReason = 'cancelled under duress'

/**
 * What the owner is shown: under duress, an SOS that was cancelled like any other, whoever looks over their shoulder.
 * What dispatchers do with it from then on is not in it.
 * @param location where it was when it was cancelled
 */
export function toOwnerView(sos: SosRecord, location: SosRecord['location'] = sos.location): SosRecord {
  if (!sos.isDuress) return sos
  const { cancelledAtMs, severityShown, ...rest } = sos
  const shown: SosRecord = {
    ...rest,
    cancelledAtMs,
    isDuress: false,
    severity: severityShown ?? sos.severity,
    severityReasons: sos.severityReasons.filter((reason) => reason !== duressReason),
    escalation: 0,
    silentSinceMs: undefined,
  }
  if (cancelledAtMs === undefined) return shown
  const until = (atMs: number | undefined) => (atMs !== undefined && atMs <= cancelledAtMs ? atMs : undefined)
  const acknowledgedAtMs = until(sos.acknowledgedAtMs)
  return {
    ...shown,
    state: 'cancelled',
    outcome: undefined,
    location,
    closedAtMs: cancelledAtMs,
    closedBy: sos.ownerId,
    updatedAtMs: cancelledAtMs,
    lastSeenAtMs: Math.min(sos.lastSeenAtMs, cancelledAtMs),
    // A countdown that ends in duress is told to the control room with the cancel, not before it.
    policeNotifiedAtMs: sos.policeNotifiedAtMs === cancelledAtMs ? undefined : until(sos.policeNotifiedAtMs),
    acknowledgedAtMs,
    acknowledgedBy: acknowledgedAtMs === undefined ? undefined : sos.acknowledgedBy,
    dispatchedAtMs: until(sos.dispatchedAtMs),
    onSceneAtMs: until(sos.onSceneAtMs),
  }
}

/** The same for all of it. */
export function toOwnersCase({ sos, timeline, trail }: SosCase): SosCase {
  const untilMs = sos.isDuress ? sos.cancelledAtMs : undefined
  const shownTrail = untilMs === undefined ? trail : trail.filter(({ receivedAtMs }) => receivedAtMs <= untilMs)
  const last = shownTrail.findLast((position) => position.isPlausible)
  const location = untilMs === undefined ? sos.location : last && toLocation(last)
  return {
    sos: toOwnerView(sos, location),
    trail: shownTrail,
    timeline: timeline.flatMap((entry) => toOwnerEntry(entry, sos)),
  }
}

function toLocation({ latitude, longitude, accuracyM }: SosPosition) {
  return { latitude, longitude, accuracyM }
}

/** Who did what is for those who did it; that something was done, and when, is for the owner too. */
const actionsOfOwner: ReadonlySet<SosTimelineEntry['action']> = new Set([
  'pressed',
  'activated',
  'acknowledged',
  'dispatched',
  'on-scene',
  'resolved',
  'cancelled',
  'checked-in',
  'cancel-refused',
])

function toOwnerEntry(entry: SosTimelineEntry, sos: SosRecord): readonly SosTimelineEntry[] {
  const isOwn = entry.actor === sos.ownerId || entry.actor.startsWith('device:')
  const shown = {
    ...entry,
    ...(!isOwn && { actor: 'control-room', note: undefined }),
    detail: isOwn ? entry.detail : {},
  }
  if (entry.action === 'cancelled-under-duress') {
    const isShown = sos.cancelledAtMs !== undefined && entry.atMs >= sos.cancelledAtMs
    const fromState = entry.detail.from as SosTimelineEntry['fromState']
    return isShown ? [{ ...shown, action: 'cancelled', fromState, toState: 'cancelled', detail: {} }] : []
  }
  if (!actionsOfOwner.has(entry.action)) return []
  const isAfter = sos.isDuress && sos.cancelledAtMs !== undefined && entry.atMs > sos.cancelledAtMs
  return isAfter ? [] : [shown]
}
