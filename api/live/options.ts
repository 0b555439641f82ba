import type { EventLogLimits } from './event-log.ts'

export interface LiveOptions {
  /** Device changes are gathered for at least this long. Alerts and SOS do not wait for it. */
  readonly stepEveryMs: number
  readonly systemEveryMs: number
  /** The feed gives way to everything else on the thread after working this long. */
  readonly sliceMsMax: number

  readonly connectionsMax: number
  /** One wall of screens may well share an account; a runaway script must not take the whole feed. */
  readonly connectionsPerUserMax: number
  /** The same for those who have no part in the feed of the city; the rest of `connectionsMax` is kept for who has. */
  readonly personalConnectionsMax: number
  readonly personalConnectionsPerUserMax: number
  /** Rooms that one connection is in at once. */
  readonly roomsMax: number
  /** Reverse proxies in front whose `X-Forwarded-For` is believed. */
  readonly proxyHops: number
  readonly handshakeMsMax: number
  /** Connections that have not said yet who they are: of one client, and of all. They say so within milliseconds. */
  readonly waitingPerClientMax: number
  readonly waitingMax: number
  readonly messageBytesMax: number
  readonly requestsPerS: number
  readonly requestsBurst: number
  /** A socket that goes on over its rate this many times is closed. */
  readonly requestsRefusedMax: number

  /** How long a client whose token ran out may take to bring another. */
  readonly reauthenticateGraceMs: number
  /** Tokens are looked at again this often, should nobody say that access has changed. */
  readonly recheckEveryMs: number

  /** More devices in view than this are shown as an overview. */
  readonly devicesInFullMax: number
  readonly alertsInSnapshotMax: number
  readonly log: EventLogLimits
  /** For ordinary deltas. An SOS may go up to `urgentQueue`. */
  readonly queue: { readonly packetsMax: number; readonly bytesMax: number }
  readonly urgentQueue: { readonly packetsMax: number; readonly bytesMax: number }
  /** So many of them are sent at once between two steps; in a storm the others go with the next step. */
  readonly alertsAtOnceMax: number
  readonly sosAtOnceMax: number
}

export const defaultLiveOptions: LiveOptions = {
  stepEveryMs: 200,
  systemEveryMs: 1000,
  sliceMsMax: 5,
  connectionsMax: 5000,
  connectionsPerUserMax: 1500,
  personalConnectionsMax: 4000,
  personalConnectionsPerUserMax: 10,
  roomsMax: 20,
  proxyHops: 0,
  handshakeMsMax: 10_000,
  waitingPerClientMax: 200,
  waitingMax: 2000,
  messageBytesMax: 16_384,
  requestsPerS: 20,
  requestsBurst: 40,
  requestsRefusedMax: 200,
  reauthenticateGraceMs: 15_000,
  recheckEveryMs: 10_000,
  devicesInFullMax: 1000,
  alertsInSnapshotMax: 1000,
  log: { eventsMax: 5000, bytesMax: 4 * 1024 * 1024 },
  queue: { packetsMax: 16, bytesMax: 256 * 1024 },
  urgentQueue: { packetsMax: 64, bytesMax: 512 * 1024 },
  alertsAtOnceMax: 20,
  sosAtOnceMax: 100,
}
