import type { EnrolmentMode } from '../contracts/ports/devices.ts'

export interface BrokerOptions {
  readonly host: string
  /** 0 for any free port. */
  readonly port: number
  readonly tls?: TlsOptions | undefined
  /** Directory of sessions, subscriptions and retained messages. */
  readonly sessionsDir: string
  readonly enrolment: EnrolmentMode
  readonly limits?: Partial<BrokerLimits>
}

export interface TlsOptions {
  readonly port: number
  readonly certPath: string
  readonly keyPath: string
  /** Client certificates signed by this CA stand for the device that their CN names. */
  readonly clientCaPath?: string | undefined
}

export interface BrokerLimits {
  readonly connectionsMax: number
  /** Largest MQTT packet, fixed header included. */
  readonly packetBytesMax: number
  readonly topicLevelsMax: number
  /** From the open socket to the end of CONNECT. */
  readonly connectTimeoutMs: number
  /** How long a peer may leave unread what it is sent. */
  readonly drainTimeoutMs: number
  /** Keep-alive of a device that asks for none [MQTT 3.1.1, section 3.1.2.10]. */
  readonly keepaliveDefaultS: number
  /** Messages per second of one device before it is read more slowly; 0 for no limit. */
  readonly ratePerSMax: number
  /** Messages at once before the rate counts; they accrue while the device is away. */
  readonly burstMax: number
  /** Unsettled packets of one connection. */
  readonly inFlightMax: number
  /** Unsettled telemetry messages of all connections. */
  readonly pendingMax: number
  /** Packets parsed in one round of the event loop. */
  readonly framesPerTurn: number
  /** Bytes read ahead of the parser, over all connections. */
  readonly readAheadBytesMax: number
  readonly retainedMax: number
  readonly retainedPayloadBytesMax: number
  /** Broadcasts kept for one device while it is away. Commands are kept by the records store. */
  readonly offlineMessagesMax: number
  /** Connections of backend users: each costs a little of every message it reads. */
  readonly readersMax: number
  /** Bytes that wait for one backend user who reads slowly. */
  readonly readerBacklogBytesMax: number
  /** QoS 1 and 2 messages that one backend user has not acknowledged. */
  readonly readerUnacknowledgedMax: number
  /** Messages passed on to backend users, all of them together, SOS apart: the rest of the time is the devices'. */
  readonly forwardsPerSMax: number
}

export const defaultLimits: BrokerLimits = {
  connectionsMax: 20_000,
  packetBytesMax: 65_536,
  topicLevelsMax: 12,
  connectTimeoutMs: 10_000,
  drainTimeoutMs: 30_000,
  keepaliveDefaultS: 1800,
  ratePerSMax: 100,
  burstMax: 2000,
  inFlightMax: 256,
  pendingMax: 50_000,
  framesPerTurn: 256,
  readAheadBytesMax: 64 * 1024 * 1024,
  retainedMax: 200_000,
  retainedPayloadBytesMax: 4096,
  offlineMessagesMax: 100,
  readersMax: 100,
  readerBacklogBytesMax: 1024 * 1024,
  readerUnacknowledgedMax: 1000,
  forwardsPerSMax: 50_000,
}
