import type { Client } from 'aedes'
import type { DevicePresence } from '../contracts/device.ts'
import type { BackendUser } from '../contracts/ports/backend-users.ts'
import type { StoredPacket } from './sessions/stored-packet.ts'
import type { Route } from './uplink/route.ts'
import type { Outbound } from './wire/outbound.ts'
import type { TokenBucket } from './wire/token-bucket.ts'

/**
 * Who is at the other end. `enrolling` came with a provisioning key and may only ask for an identity; `user` reads along
 * what devices send.
 */
export type Identity =
  | { readonly type: 'device'; readonly deviceId: string }
  | { readonly type: 'enrolling'; readonly provisioningKeyId: string }
  | ({ readonly type: 'user' } & BackendUser)

/** What the transport says of the peer's certificate. */
export type PeerCertificate =
  | { readonly type: 'none' }
  | { readonly type: 'invalid' }
  | {
      readonly type: 'valid'
      readonly commonName: string
      /** From when on it is valid; to the second. */
      readonly validFromMs: number
    }

/** One connection and all the broker knows of it, from accept to close. */
export interface Connection {
  readonly client: Client
  readonly certificate: PeerCertificate
  /** The peer's address, for the log. */
  readonly remote: string
  identity: Identity | undefined
  bucket: TokenBucket
  /** What its publishes resolved to; emptied when it is full or when devices change. */
  readonly routes: Map<string, Route>
  /** Devices that it, a gateway, has spoken for; each widens its allowance once. */
  readonly spokenFor: Set<string>
  readonly filters: Set<string>
  /** Command filters it reads, and whose commands they are. */
  readonly commandFilters: Map<string, string>
  readonly commandsSent: Set<string>
  /** QoS 1 messages sent to a session that ends with its connection, by packet identifier. */
  readonly forwarded: Map<number, StoredPacket>
  /** Devices that its status messages announced as present behind it. */
  readonly devicesBehind: Set<string>
  /** Set by whoever ends the connection, where it is not the device itself. */
  closeCause: DevicePresence['cause'] | undefined
  /** The newer connection of the same device that this one gives way to. */
  successor: Connection | undefined
  /** True from its first fault or its end: what fails after that fails because of it. */
  isOver: boolean
  /** Whether the error is what the parser found wrong with its bytes. */
  isParserError(error: unknown): boolean
  /** Lets its packets through, at the pace of its bucket. */
  open(): void
  /** Cuts the connection at once; nothing more of it is handled. */
  end(): void
}

/** The stream Aedes holds as `client.conn` carries its connection: a property read costs less than a map. */
export interface ConnectionStream extends Outbound {
  connection: Connection
}

export function connectionOf(client: Client): Connection {
  return (client.conn as unknown as ConnectionStream).connection
}

export function deviceIdOf(connection: Connection): string | undefined {
  return connection.identity?.type === 'device' ? connection.identity.deviceId : undefined
}
