import { z } from 'zod'
import type { Alert } from './alert.ts'
import { deviceIdSchema } from './device.ts'
import type { BoundingBox } from './geo.ts'
import { type LiveArea, liveAreaSchema } from './live-area.ts'
import type { IngestStats } from './ports/telemetry.ts'
import type { SosRecord } from './sos.ts'

/**
 * The operators' live feed over Socket.IO (namespace `/`, path `/socket.io`, access token in `auth.token`).
 * A client keeps its picture with `live-state.ts`, which alone knows how to read snapshots and deltas.
 *
 * client: `live:subscribe` LiveSubscribe -> {ok: true, resumed, expiresAtMs} or {error}
 * client: `live:viewport` LiveViewport -> {ok: true} or {error}
 * client: `live:authenticate` {token} -> {ok: true, expiresAtMs} or {error}; keeps the socket when a token ends
 * server: `live:snapshot` LiveSnapshot, `live:delta` LiveDelta
 * server: `notice` SocketNotice, to be answered {shown: true} once a person can see it; else they are told another way
 * server: `live:reauthenticate` {error, graceMs}: the feed stands still until `live:authenticate`; then it goes on
 *         without a gap. After `graceMs` the socket is closed.
 *
 * `seq` rises by one per step of the one city-wide log; `epoch` names the run of the server it belongs to. What does
 * not concern a client is not sent to it: `fromSeq`..`seq` says what a delta stands for. A client that comes back with
 * a number still in the log gets what it missed, any other gets a snapshot. A socket that cannot keep up is sent
 * nothing until it can, and then one delta for all that it missed.
 */
export const liveEvents = {
  subscribe: 'live:subscribe',
  viewport: 'live:viewport',
  authenticate: 'live:authenticate',
  snapshot: 'live:snapshot',
  delta: 'live:delta',
  reauthenticate: 'live:reauthenticate',
  notice: 'notice',
} as const

/** A box whose west is greater than its east crosses the antimeridian (RFC 7946, section 5.2). */
const viewportSchema = z
  .object({
    west: z.number().min(-180).max(180),
    south: z.number().min(-90).max(90),
    east: z.number().min(-180).max(180),
    north: z.number().min(-90).max(90),
  })
  .refine((box) => box.south <= box.north, { message: 'south lies above north', path: ['south'] })

export const liveViewportSchema = z.object({
  /** Null or absent: the whole city, devices without a position included. */
  viewport: viewportSchema.nullish(),
  /** Devices to tell of in full, wherever they are: the one whose page is open, say. */
  focus: z.array(deviceIdSchema).max(16).nullish(),
})
export interface LiveViewport {
  readonly viewport?: BoundingBox | null | undefined
  readonly focus?: readonly string[] | null | undefined
}

/**
 * `full`: every field of every reading. `overview`: the primary field of each kind, its time to 0.1 s; used while more
 * devices are in view than a screen can show the readings of. Everything else of a device is the same in both.
 */
const liveDetails = ['full', 'overview'] as const
export type LiveDetail = (typeof liveDetails)[number]

/** What a client is told of; decided by the server, echoed by the client when it comes back. */
const liveViewSchema = z.object({
  /** Null: the whole city. */
  area: liveAreaSchema.nullable(),
  detail: z.enum(liveDetails),
  focus: z.array(deviceIdSchema).max(16),
})
export interface LiveView {
  readonly area: LiveArea | null
  readonly detail: LiveDetail
  readonly focus: readonly string[]
}

export const liveSubscribeSchema = liveViewportSchema.extend({
  /** Where the client's picture stands: `epoch`, `seq` and `view` of its state. Without a view it gets a snapshot. */
  resume: z
    .object({ epoch: z.string().max(64), seq: z.number().int().nonnegative(), view: liveViewSchema.nullish() })
    .nullish(),
})
export interface LiveSubscribe extends LiveViewport {
  readonly resume?: { readonly epoch: string; readonly seq: number; readonly view?: LiveView | null } | null | undefined
}

export const liveAuthenticateSchema = z.object({ token: z.string().min(1).max(4096) })

export const liveDeviceStates = ['ok', 'alert', 'no-data', 'offline', 'never-seen'] as const
export type LiveDeviceState = (typeof liveDeviceStates)[number]

export interface LiveReading {
  readonly atMs: number
  readonly values: Readonly<Record<string, number>>
}

/** A device as the map needs it. */
export interface LiveDevice {
  readonly id: string
  readonly name: string
  /** Not told of a device that belongs to a person. */
  readonly latitude: number | undefined
  readonly longitude: number | undefined
  readonly online: boolean
  readonly simulated: boolean
  readonly state: LiveDeviceState
  /** Highest severity among the device's open alerts. */
  readonly severity: Alert['severity'] | undefined
  /** kind id -> newest reading */
  readonly latest: Readonly<Record<string, LiveReading>>
}

export interface LiveSystem {
  readonly atMs: number
  readonly ingest: IngestStats
  /** MQTT connections. */
  readonly connections: number
  readonly readingsPerS: number
  /** Sockets on the live feed. */
  readonly viewers: number
}

/**
 * Devices on the wire, one column per property, ten thousand to the megabyte. `number` stands for the device for the
 * length of an epoch; the first is whole, each other is the distance from the one before.
 */
export interface LiveDeviceColumns {
  readonly number: readonly number[]
  readonly id: readonly string[]
  /** Null where it is the id. */
  readonly name: readonly (string | null)[]
  readonly latitude: readonly (number | null)[]
  readonly longitude: readonly (number | null)[]
  /** 1: online, 2: simulated. */
  readonly flags: readonly number[]
  /** Place in `liveDeviceStates`. */
  readonly state: readonly number[]
  /** Place in `severities`, or null. */
  readonly severity: readonly (number | null)[]
}

/** Newest readings of one kind on the wire; `number` as in LiveDeviceColumns. */
export interface LiveReadingColumns {
  readonly kind: string
  readonly number: readonly number[]
  /** How long before `atMs` of the message it was measured, in units of `agoUnitMs`. */
  readonly ago: readonly number[]
  readonly agoUnitMs: number
  /** Field -> column; null where the reading does not have the field. */
  readonly values: Readonly<Record<string, readonly (number | null)[]>>
}

export interface LiveSnapshot {
  readonly epoch: string
  readonly seq: number
  readonly atMs: number
  readonly view: LiveView
  readonly devices: readonly LiveDeviceColumns[]
  readonly readings: readonly LiveReadingColumns[]
  /** Open alerts, the gravest first. */
  readonly alerts: readonly Alert[]
  /** Open alerts beyond what a snapshot carries; the alerts page has them all. */
  readonly alertsOmitted: number
  /** Open ones; empty for a role that may not see them. */
  readonly sos: readonly SosRecord[]
  readonly system: LiveSystem
}

export interface LiveDelta {
  readonly epoch: string
  /** First number this delta stands for; `seq + 1` when it only fills in a moved viewport. */
  readonly fromSeq: number
  /** 0 for an SOS sent ahead of its turn: show it now; it is told again in its place. */
  readonly seq: number
  readonly atMs: number
  /** Present when what the client is told of has changed; what is outside of it is to be forgotten. */
  readonly view?: LiveView
  /** Numbers of devices that are gone or have left the view. */
  readonly devicesRemoved?: readonly number[]
  readonly devices?: readonly LiveDeviceColumns[]
  readonly readings?: readonly LiveReadingColumns[]
  /** Each change in order; the same alert may come more than once. */
  readonly alerts?: readonly Alert[]
  readonly sos?: readonly SosRecord[]
  readonly system?: LiveSystem
}

/** How every `live:` request is answered when it is refused. */
export interface LiveRefusal {
  readonly error: { readonly code: string; readonly message: string }
}
