import type { Aedes } from 'aedes'
import type { Logger } from 'pino'
import type { Connection, ConnectionStream } from './connection.ts'
import type { Arrival } from './listeners/tcp.ts'
import type { BrokerLimits } from './options.ts'
import type { RefusalName, Refusals } from './refusals.ts'
import { takeOverReading } from './wire/aedes-feed.ts'
import type { FairTurn } from './wire/fair-turn.ts'
import { createGate, type Gate, type SharedHold } from './wire/gate.ts'
import { createOutbound } from './wire/outbound.ts'
import { createTokenBucket } from './wire/token-bucket.ts'

export interface ConnectionsDeps {
  readonly aedes: Aedes
  readonly limits: BrokerLimits
  readonly turn: FairTurn
  readonly refusals: Refusals
  readonly log: Logger
  readonly now: () => number
  readonly onClosed: (connection: Connection) => void
}

/** The connections there are, whether or not anybody has been recognised on them. */
export interface Connections {
  accept(arrival: Arrival): void
  /** Newcomers are let in from `open` to `close`. */
  open(): void
  close(): void
  all(): Iterable<Connection>
  readonly throttled: number
}

export function createConnections(deps: ConnectionsDeps): Connections {
  const { aedes, limits, turn, refusals, log, now } = deps
  const connections = new Set<Connection>()
  const hold: SharedHold = { bytes: 0, bytesMax: limits.readAheadBytesMax }
  let isOpen = false
  let throttled = 0

  function accept({ raw, certificate, remote }: Arrival): void {
    raw.on('error', () => {})
    if (!isOpen || connections.size >= limits.connectionsMax) {
      if (isOpen) refusals.count('connections-max')
      raw.destroy()
      return
    }
    const outbound = createOutbound({ raw, drainTimeoutMs: limits.drainTimeoutMs, onDrain: () => gate.onDrain() })
    const client = aedes.handle(outbound as unknown as Parameters<Aedes['handle']>[0])
    const feed = takeOverReading(client, () => gate.onHandled())
    const connection: Connection = {
      client,
      certificate,
      remote,
      identity: undefined,
      // Before it is recognised a client has nothing to send; this one serves enrolment.
      bucket: createTokenBucket({ ratePerS: 1, burst: 4, nowMs: now() }),
      routes: new Map(),
      spokenFor: new Set(),
      filters: new Set(),
      commandFilters: new Map(),
      commandsSent: new Set(),
      forwarded: new Map(),
      devicesBehind: new Set(),
      closeCause: undefined,
      successor: undefined,
      isOver: false,
      isParserError: feed.isParserError,
      open: () => gate.open(connection.bucket),
      end() {
        connection.isOver = true
        gate.close()
        outbound.destroy()
      },
    }
    ;(outbound as ConnectionStream).connection = connection
    const gate: Gate = createGate({
      raw,
      limits,
      turn,
      hold,
      now,
      parse: feed.parse,
      isCongested: () => outbound.isCongested,
      refuse: (name, answer) => refuse(connection, name, answer),
      onDrained: () => connection.end(),
      onThrottled: (isThrottled) => {
        throttled += isThrottled ? 1 : -1
        if (isThrottled) refusals.count('rate-limited')
      },
    })
    connections.add(connection)
    raw.on('error', (error) => outbound.destroy(error))
    raw.on('close', () => outbound.destroy())
    outbound.once('close', () => {
      connection.isOver = true
      gate.close()
      connections.delete(connection)
      deps.onClosed(connection)
    })
  }

  /** For what is wrong before Aedes sees it. */
  function refuse(connection: Connection, name: RefusalName, answer?: Buffer): void {
    refusals.count(name)
    log.debug({ reason: name, remote: connection.remote }, 'connection refused')
    if (answer !== undefined) (connection.client.conn as unknown as ConnectionStream).write(answer)
    connection.end()
  }

  return {
    accept,
    open() {
      isOpen = true
    },
    close() {
      isOpen = false
    },
    all: () => connections,
    get throttled() {
      return throttled
    },
  }
}
