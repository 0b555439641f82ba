import { type Duplex, Writable } from 'node:stream'
import { AppError } from '../../contracts/errors.ts'

/** The connection as Aedes sees it: it writes here, and is fed by the gate. */
export interface Outbound extends Writable {
  /** True while the peer does not read what it was sent. */
  readonly isCongested: boolean
  /** What waits to be taken by the kernel. */
  readonly backlogBytes: number
}

export interface OutboundOptions {
  readonly raw: Duplex
  /** How long a peer may leave its receive window shut. */
  readonly drainTimeoutMs: number
  readonly onDrain: () => void
}

/** Room for 256 acknowledgements; what is larger goes out by itself. */
const gatherBytes = 1024
const closeDeadlineMs = 1000

/**
 * The writing half of a connection. The packet writer sends a PUBACK as three writes of one and two bytes; going
 * through a socket's queue they cost more than the rest of the message. Here they are gathered into one buffer and
 * leave in one write when the current callback is done.
 */
export function createOutbound({ raw, drainTimeoutMs, onDrain }: OutboundOptions): Outbound {
  let gathered: Buffer | undefined
  let used = 0
  let isFlushing = false
  let isCongested = false
  let drainTimer: NodeJS.Timeout | undefined

  const stream = new Writable({
    destroy(error, callback) {
      flush()
      clearTimeout(drainTimer)
      closeRaw(raw, error !== null)
      callback(error)
    },
  })

  function flush(): void {
    isFlushing = false
    if (gathered === undefined) return
    const bytes = gathered.subarray(0, used)
    gathered = undefined
    used = 0
    send(bytes)
  }

  function send(bytes: Buffer | string): void {
    if (raw.destroyed || raw.writableEnded) return
    if (raw.write(bytes) || isCongested) return
    isCongested = true
    drainTimer = setTimeout(() => {
      stream.destroy(new AppError('too-many', 'slow-reader', 'the peer does not read what it is sent'))
    }, drainTimeoutMs)
    drainTimer.unref()
  }

  raw.on('drain', () => {
    isCongested = false
    clearTimeout(drainTimer)
    stream.emit('drain')
    onDrain()
  })

  function write(chunk: Buffer | string): boolean {
    if (stream.destroyed) return false
    const length = typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.length
    if (used + length > gatherBytes) flush()
    if (length > gatherBytes) {
      send(chunk)
      return !isCongested
    }
    gathered ??= Buffer.allocUnsafe(gatherBytes)
    if (typeof chunk === 'string') used += gathered.write(chunk, used)
    else if (length <= 2) for (let i = 0; i < length; i++) gathered[used++] = chunk[i]!
    else used += chunk.copy(gathered, used)
    if (!isFlushing) {
      isFlushing = true
      process.nextTick(flush)
    }
    return !isCongested
  }

  return Object.defineProperties(
    // Corking is what the gathering above does already.
    Object.assign(stream, { write, cork: () => {}, uncork: () => {} }),
    { isCongested: { get: () => isCongested }, backlogBytes: { get: () => raw.writableLength + used } },
  ) as unknown as Outbound
}

/** Lets the last answer out, but not for longer than the deadline: a dead peer must not hold the descriptor. */
function closeRaw(raw: Duplex, isFault: boolean): void {
  if (isFault || raw.writableLength === 0 || raw.destroyed) {
    raw.destroy()
    return
  }
  const deadline = setTimeout(() => raw.destroy(), closeDeadlineMs)
  raw.once('close', () => clearTimeout(deadline))
  raw.end(() => raw.destroy())
}
