import { z } from 'zod'
import { type Position, positionSchema } from './geo.ts'
import type { Severity } from './severity.ts'

export const sosTriggers = ['manual', 'shake', 'voice', 'ai', 'fall'] as const
export type SosTrigger = (typeof sosTriggers)[number]

/** `countdown`: on disk, and told to nobody until the time to take it back is over. What may follow what: safety/sos. */
export const sosStates = [
  'countdown',
  'active',
  'acknowledged',
  'dispatched',
  'on-scene',
  'resolved',
  'cancelled',
] as const
export type SosState = (typeof sosStates)[number]

export const openSosStates = sosStates.filter((state) => state !== 'resolved' && state !== 'cancelled')

export function isOpenSos({ state }: { readonly state: SosState }): boolean {
  return state !== 'resolved' && state !== 'cancelled'
}

/** What a resolved one turned out to be. */
export const sosOutcomes = ['founded', 'unfounded', 'false-alarm', 'test'] as const
export type SosOutcome = (typeof sosOutcomes)[number]

/** By which way it came. `operator`: somebody in the control room, on behalf of a person. */
export const sosSources = ['wearable', 'app', 'socket', 'anonymous', 'operator'] as const
export type SosSource = (typeof sosSources)[number]

/** An SOS must get through: what cannot be understood is dropped from the record, never the press itself. */
export const sosPayloadSchema = z.object({
  ts: z.union([z.number(), z.string()]).optional().catch(undefined),
  seq: z.number().int().nonnegative().optional().catch(undefined),
  trigger: z.enum(sosTriggers).catch('manual'),
  location: positionSchema
    .extend({ accuracyM: z.number().nonnegative().optional().catch(undefined) })
    .optional()
    .catch(undefined),
  batteryPct: z.number().min(0).max(100).optional().catch(undefined),
})

export interface SosLocation extends Readonly<Position> {
  readonly accuracyM?: number | undefined
}

/** A press of a button, as a device or an app tells it. */
interface PressFields {
  readonly receivedAtMs: number
  readonly observedAtMs: number
  readonly seq: number | undefined
  readonly trigger: SosTrigger
  readonly location: SosLocation | undefined
  readonly batteryPct: number | undefined
}

/** A press of a wearable. */
export interface SosPress extends PressFields {
  readonly deviceId: string
}

/** A call for help that comes from no device of ours. */
export interface SosCall {
  readonly source: Exclude<SosSource, 'wearable'>
  /** The account it is for; absent for a person who has none, or does not say. */
  readonly ownerId?: string | undefined
  readonly trigger: SosTrigger
  readonly receivedAtMs: number
  readonly location?: SosLocation | undefined
  readonly batteryPct?: number | undefined
  readonly personName?: string | undefined
  readonly personPhone?: string | undefined
  readonly message?: string | undefined
  readonly address?: string | undefined
}

/** One press of an SOS, whichever way it came. */
export interface SosPressEntry extends PressFields {
  readonly deviceId: string | undefined
  readonly source: SosSource
}

export interface SosRecord extends PressFields {
  readonly id: string
  /** Unguessable: whoever knows it may tell where an anonymous SOS is. For the one who called and for dispatchers. */
  readonly roomId: string
  readonly source: SosSource
  readonly state: SosState
  readonly outcome?: SosOutcome | undefined
  /** The wearable that pressed, if one did; the first of several. */
  readonly deviceId?: string | undefined
  /** The person whose device it was when it was pressed, or who called. */
  readonly ownerId?: string | undefined
  readonly personName?: string | undefined
  readonly personPhone?: string | undefined
  readonly message?: string | undefined
  /** As the caller says it. */
  readonly address?: string | undefined
  readonly severity: Severity
  /** Why it is as severe as that, for people. */
  readonly severityReasons: readonly string[]
  /** What it was before the person was made to cancel, and what they go on seeing. */
  readonly severityShown?: Severity | undefined
  /** The person was made to cancel it: for them it looks cancelled. Never shown to the owner, see `toOwnerView`. */
  readonly isDuress: boolean
  /** When the owner took it back, under duress or not. */
  readonly cancelledAtMs?: number | undefined
  /** Wrong PINs it was to be cancelled with. */
  readonly pinFailures: number
  /** 0: nobody was called again; 1: louder and wider; 2: supervisors. */
  readonly escalation: 0 | 1 | 2
  readonly countdownEndsAtMs?: number | undefined
  /** When the control room was told. */
  readonly policeNotifiedAtMs?: number | undefined
  readonly acknowledgedAtMs?: number | undefined
  readonly acknowledgedBy?: string | undefined
  readonly dispatchedAtMs?: number | undefined
  readonly onSceneAtMs?: number | undefined
  readonly closedAtMs?: number | undefined
  /** A user's id; `system` where none closed it. */
  readonly closedBy?: string | undefined
  /** The SOS that this one became part of. */
  readonly mergedInto?: string | undefined
  /** The last position, press or check-in. */
  readonly lastSeenAtMs: number
  /** Since when there has been none for too long. */
  readonly silentSinceMs?: number | undefined
  /** Presses that joined this one, itself included. */
  readonly pressCount: number
  readonly updatedAtMs: number
}

/** What happened to an SOS. Those that lead from one state to another carry both. */
export const sosActions = [
  'pressed',
  'activated',
  'acknowledged',
  'dispatched',
  'on-scene',
  'resolved',
  'cancelled',
  'cancelled-under-duress',
  'cancel-refused',
  'noted',
  'checked-in',
  'severity-changed',
  'escalated',
  'silent',
  'heard-again',
  'evidence-added',
  'evidence-viewed',
  'shared',
  'share-opened',
  'share-revoked',
  'merged',
] as const
export type SosAction = (typeof sosActions)[number]

/** One line of an SOS's history; lines are added, never changed. */
export interface SosTimelineEntry {
  readonly id: string
  readonly atMs: number
  /** A user's id, `device:` and a device's, `anonymous` or `system`. */
  readonly actor: string
  readonly action: SosAction
  /** Absent for the first line, and where the state did not change. */
  readonly fromState: SosState | undefined
  readonly toState: SosState | undefined
  readonly note: string | undefined
  readonly detail: Readonly<Record<string, unknown>>
}

/** One point of the trail. Impossible ones are kept, marked, and never become the place of the SOS. */
export interface SosPosition extends SosLocation {
  readonly sosId: string
  readonly observedAtMs: number
  readonly receivedAtMs: number
  readonly source: SosSource
  readonly deviceId: string | undefined
  readonly batteryPct: number | undefined
  readonly isPlausible: boolean
}

export const sosEvidenceKinds = ['photo', 'audio', 'video'] as const

export interface SosEvidence {
  readonly id: string
  readonly sosId: string
  readonly kind: (typeof sosEvidenceKinds)[number]
  readonly mediaType: string
  readonly bytes: number
  /** Hexadecimal SHA-256 of the file. */
  readonly sha256: string
  readonly addedAtMs: number
  readonly addedBy: string
}

/** A link by which somebody without an account sees this one SOS. */
export interface SosShare {
  readonly id: string
  readonly sosId: string
  readonly createdBy: string
  readonly createdAtMs: number
  readonly expiresAtMs: number
  readonly revokedAtMs: number | undefined
}
