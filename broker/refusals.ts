import { AppError } from '../contracts/errors.ts'

/**
 * Every limit and fault that acts on a connection or a message, by the name under which it is counted.
 * docs/device-guide.md tells a device's maker what each means.
 */
export const refusalNames = [
  // before the device is known
  'connections-max',
  'tls-handshake',
  'connect-timeout',
  'not-connect',
  'protocol-version',
  'client-id',
  'bad-credentials',
  'client-certificate',
  'device-not-allowed',
  'enrolment-refused',
  'will-not-own-status',
  'user-not-allowed',
  'session-not-clean',
  'readers-max',
  // of a connection
  'malformed-packet',
  'packet-too-large',
  'protocol-error',
  'text-frame',
  'topic-too-deep',
  'keepalive-timeout',
  'slow-reader',
  'taken-over',
  'qos2-window',
  'connection-lost',
  'rate-limited',
  'access-ended',
  // of a message
  'publish-not-own',
  'subscribe-not-own',
  'subscriptions-max',
  'store-unavailable',
  'sos-not-stored',
  'location-invalid',
  'status-invalid',
  'command-result-invalid',
  'command-result-unknown',
  'retained-full',
  'offline-queue-full',
  'reader-behind',
] as const
export type RefusalName = (typeof refusalNames)[number]

export interface Refusals {
  count(name: RefusalName): void
  counts(): Readonly<Record<RefusalName, number>>
}

/** Counters since start; every name is there from the beginning, so that a graph of it starts at zero. */
export function createRefusals(): Refusals {
  const counts = Object.fromEntries(refusalNames.map((name) => [name, 0])) as Record<RefusalName, number>
  return {
    count(name) {
      counts[name]++
    },
    counts: () => ({ ...counts }),
  }
}

const known: ReadonlySet<string> = new Set(refusalNames)

/** How Aedes words what it ends a connection for. */
const aedesMessages: readonly (readonly [RegExp, RefusalName])[] = [
  [/^connect did not arrive in time$/, 'connect-timeout'],
  [/^keep alive timeout$/, 'keepalive-timeout'],
  [/^drain timeout$/, 'slow-reader'],
  [/^topic has too many levels$/, 'topic-too-deep'],
  [/^identifier rejected$/, 'client-id'],
  [/^maxInflightInbound exceeded/, 'qos2-window'],
  [/^Invalid protocol$/, 'protocol-error'],
  [/not allowed in PUBLISH$/, 'protocol-error'],
  [/^impossible to (UN)?SUBSCRIBE to an empty topic$/, 'protocol-error'],
  [/only allowed in (UN)?SUBSCRIBE/, 'protocol-error'],
  [/^connection closed$/, 'connection-lost'],
]

/** The name under which the end of a connection is counted, from the error that ended it. */
export function nameRefusal(error: Error, isParserError: boolean): RefusalName {
  if (isParserError) return 'malformed-packet'
  if (error instanceof AppError) return known.has(error.code) ? (error.code as RefusalName) : 'store-unavailable'
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') return 'packet-too-large'
  if (code?.startsWith('WS_ERR_')) return 'protocol-error'
  // System errors of the socket, and a stream written to or closed while its peer went away.
  if (code !== undefined && /^(E[A-Z]+$|ERR_STREAM_|ERR_SSL_)/.test(code)) return 'connection-lost'
  for (const [pattern, name] of aedesMessages) if (pattern.test(error.message)) return name
  // What is left came through a port: a store that could not take the message.
  return 'store-unavailable'
}
