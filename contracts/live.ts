import { z } from 'zod'
import type { Alert } from './alert.ts'
import type { IngestStats } from './ports/telemetry.ts'
import type { SosRecord } from './sos.ts'

/**
 * The operators' live feed over Socket.IO.
 *
 * client: `live:subscribe` {viewport?, resume?: {epoch, seq}} -> acknowledged with {ok: true, resumed: boolean} or {error}
 * client: `live:viewport` {box, zoom}
 * server: `live:snapshot` LiveSnapshot, `live:delta` LiveDelta, both with `epoch` and `seq`
 *
 * `seq` rises by one per delta of the one city-wide log; `epoch` names the run of the server it belongs to. A client that
 * comes back with a number still in the log gets what it missed, any other gets a snapshot. A socket that cannot keep
 * up gets one coalesced delta for all that it missed: `seq` then jumps and `fromSeq` says from where.
 */
export const liveEvents = {
  subscribe: 'live:subscribe',
  viewport: 'live:viewport',
  snapshot: 'live:snapshot',
  delta: 'live:delta',
} as const

export const viewportSchema = z.object({
  west: z.number().min(-180).max(180),
  south: z.number().min(-90).max(90),
  east: z.number().min(-180).max(180),
  north: z.number().min(-90).max(90),
})
export const liveSubscribeSchema = z.object({
  viewport: viewportSchema.nullish(),
  resume: z.object({ epoch: z.string().max(64), seq: z.number().int().nonnegative() }).nullish(),
})

/** A device as the map needs it; small on purpose, there are ten thousand of them. */
export interface LiveDevice {
  readonly id: string
  readonly name: string
  readonly latitude: number | undefined
  readonly longitude: number | undefined
  readonly online: boolean
  readonly simulated: boolean
  readonly state: 'ok' | 'alert' | 'no-data' | 'offline' | 'never-seen'
  /** Highest severity among the device's open alerts. */
  readonly severity: Alert['severity'] | undefined
  /** kind id -> newest reading */
  readonly latest: Readonly<
    Record<string, { readonly atMs: number; readonly values: Readonly<Record<string, number>> }>
  >
}

export interface LiveSystem {
  readonly atMs: number
  readonly ingest: IngestStats
  readonly connections: number
  readonly readingsPerS: number
}

export interface LiveSnapshot {
  readonly epoch: string
  readonly seq: number
  readonly devices: readonly LiveDevice[]
  readonly alerts: readonly Alert[]
  readonly sos: readonly SosRecord[]
  readonly system: LiveSystem
}

export interface LiveDelta {
  readonly epoch: string
  readonly seq: number
  /** First number this delta stands for; equal to `seq` unless coalesced. */
  readonly fromSeq: number
  /** Whole devices, only those that changed and are in the viewport. */
  readonly devices?: readonly LiveDevice[]
  readonly devicesRemoved?: readonly string[]
  readonly alerts?: readonly Alert[]
  readonly sos?: readonly SosRecord[]
  readonly system?: LiveSystem
}
