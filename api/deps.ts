import type { Server } from 'node:http'
import type { Logger } from 'pino'
import type { BrokerControl } from '../contracts/ports/broker.ts'
import type { JobRecords } from '../contracts/ports/jobs.ts'
import type { Messenger } from '../contracts/ports/messages.ts'
import type { OutboxStats } from '../contracts/ports/outbox.ts'
import type { IngestControl, LatestReadings, TelemetryIntake } from '../contracts/ports/telemetry.ts'
import type { TimeSeriesReader } from '../contracts/ports/time-series.ts'
import type { Accounts } from '../people/index.ts'
import type { AlertDesk, BroadcastDesk, DispatchDesk, IncidentDesk, SosDesk, UnitDesk } from '../safety/index.ts'
import type { MemoryDeviceDirectory, Records } from '../store/index.ts'
import type { RateLimits } from './http/rate-limits.ts'

export interface ApiOptions {
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
  readonly version: string
  /** The built dashboard; absent or empty, its place says how to build it. */
  readonly dashboardDir?: string
  /** GeoJSON of the streets and areas that maps are drawn from. */
  readonly cityMap: Readonly<Record<string, unknown>>
  /** True when simulated devices are running. */
  readonly demo: boolean
  /** Raster tiles under the map, `https://.../{z}/{x}/{y}.png`. */
  readonly tileUrl?: string
  readonly mqttWebSocketPath?: string
  readonly rateLimits?: RateLimits
  /** Where several instances count requests together; absent, each counts for itself. */
  readonly redisUrl?: string
  /** Origins of other web apps that may call the API; none unless named. */
  readonly corsOrigins?: readonly string[]
  /** Reverse proxies in front whose `X-Forwarded-For` is believed. */
  readonly proxyHops?: number
  /** Phones sign in without a code. Development alone. */
  readonly otpBypass?: boolean
  /** Bearer token for a scraper of /metrics, which cannot sign in. */
  readonly metricsToken?: string
  /** Holds every answer against its schema. Tests and development only. */
  readonly checkAnswers?: boolean
  /** Folder for exports that have to be files first; the system's own when absent. */
  readonly tempDir?: string
}

/** Everything the API stands on, as ports and desks; it reaches for nothing by itself. */
export interface ApiDeps {
  readonly options: ApiOptions
  readonly records: Records
  readonly accounts: Accounts
  readonly alertDesk: AlertDesk
  readonly sosDesk: SosDesk
  readonly unitDesk: UnitDesk
  readonly incidentDesk: IncidentDesk
  readonly dispatchDesk: DispatchDesk
  readonly broadcastDesk: BroadcastDesk
  readonly directory: MemoryDeviceDirectory
  readonly readings: TimeSeriesReader
  readonly latest: LatestReadings
  readonly ingest: IngestControl
  readonly intake: TelemetryIntake
  /** Absent when the broker runs in another process. */
  readonly broker?: BrokerControl
  /** What is on its way to people. */
  readonly messages: Pick<Messenger, 'stats'>
  readonly outbox: { stats(): Promise<OutboxStats> }
  /** Absent when another process works by the clock. */
  readonly jobs?: JobRecords
  readonly log: Logger
  readonly now: () => number
  /** The live feed, which listens on the same server. */
  readonly live?: LiveAttachment
}

interface LiveAttachment {
  /** Takes the server's upgrade requests; called once, before it listens. */
  attach(httpServer: Server): void
  stop(): Promise<void>
}
