import type { Duplex } from 'node:stream'
import type { RefusalName } from '../refusals.ts'
import type { FairTurn } from './fair-turn.ts'
import {
  connackUnacceptableLevel,
  connackUnsupportedV5,
  frameLength,
  incomplete,
  isConnect,
  isPublish,
  isReply,
  isSosPublish,
  malformed,
  protocolLevel,
} from './frames.ts'
import { createHeldFrames } from './held-frames.ts'
import { refill, type TokenBucket, waitForTokensMs } from './token-bucket.ts'

interface GateLimits {
  readonly packetBytesMax: number
  /** Packets of one connection that Aedes or a store is busy with. */
  readonly inFlightMax: number
}

/** What all gates together hold, so that many slow stores' worth of connections cannot fill the memory. */
export interface SharedHold {
  bytes: number
  readonly bytesMax: number
}

export interface GateDeps {
  readonly raw: Duplex
  readonly limits: GateLimits
  readonly turn: FairTurn
  readonly hold: SharedHold
  readonly now: () => number
  readonly parse: (bytes: Buffer) => void
  readonly isCongested: () => boolean
  /** Ends the connection for a fault that is known before parsing. `answer` is sent first. */
  readonly refuse: (name: RefusalName, answer?: Buffer) => void
  /** The peer has sent its last byte and everything of it is handled. */
  readonly onDrained: () => void
  readonly onThrottled: (isThrottled: boolean) => void
}

export interface Gate {
  /** Lets frames through from now on; only CONNECT was let through before. */
  open(bucket: TokenBucket): void
  /** One packet that was let through is done with. */
  onHandled(): void
  /** The peer reads again. */
  onDrain(): void
  close(): void
}

/** Frames handed to the parser at once; between two such slices the round's budget is looked at again. */
const sliceFrames = 64
/** Panic presses of one connection let through ahead of their turn per round: a stuck button must not stop the city. */
const urgentPerRound = 16
/** Shortest time a throttled device is left alone, so that it is not served one frame per timer. */
const throttlePauseMs = 20

function spendsToken(bytes: Buffer, at: number, length: number): boolean {
  return isPublish(bytes, at) && !isSosPublish(bytes, at, length)
}

/**
 * Stands between a socket and the parser and decides when a frame goes on. It is where back-pressure, the rate limit,
 * the packet size and the right of way of SOS are kept, without looking into payloads:
 * - frames wait while too many packets of the connection are unsettled, while the device is above its rate, while the
 *   peer does not read its acknowledgements, and while it is others' turn;
 * - while they wait, up to one packet's worth of bytes is read ahead; then the socket is left unread;
 * - an SOS, a ping or an acknowledgement read ahead passes the frames that wait.
 */
export function createGate(deps: GateDeps): Gate {
  const { raw, limits, turn, hold, now } = deps
  const held = createHeldFrames()
  let tail: Buffer[] = []
  let tailBytes = 0
  /** Bytes of the tail before which looking at it again is of no use. */
  let tailNeeded = 0
  let state: 'connecting' | 'waiting' | 'open' | 'closed' = 'connecting'
  let bucket: TokenBucket | undefined
  let inFlight = 0
  let isPumping = false
  let isQueued = false
  let throttle: NodeJS.Timeout | undefined
  let isPaused = false
  let hasEnded = false
  let countedBytes = 0
  let urgentRound = -1
  let urgentLeft = urgentPerRound

  const waiter = {
    takeTurn() {
      isQueued = false
      pump()
    },
  }

  raw.on('data', (chunk: Buffer) => {
    if (state === 'closed') return
    tail.push(chunk)
    tailBytes += chunk.length
    if (tailBytes >= tailNeeded) takeFrames(tail.length === 1 ? chunk : Buffer.concat(tail, tailBytes))
    pump()
  })
  raw.on('end', () => {
    hasEnded = true
    if (state === 'connecting') deps.onDrained()
    else pump()
  })

  /** Holds the frames that are complete and keeps the rest as the tail. */
  function takeFrames(bytes: Buffer): void {
    let from = 0
    let at = 0
    let needed = 1
    if (state === 'connecting' && !isConnect(bytes, 0)) {
      deps.refuse('not-connect')
      return
    }
    while (at < bytes.length) {
      const length = frameLength(bytes, at)
      if (length === malformed || length > limits.packetBytesMax) {
        deps.refuse(length === malformed ? 'malformed-packet' : 'packet-too-large')
        return
      }
      if (length === incomplete || at + length > bytes.length) {
        needed = length === incomplete ? bytes.length - at + 1 : length
        break
      }
      if (state === 'connecting') {
        if (!admit(bytes, length)) return
        from = length
      }
      at += length
    }
    if (at > from) held.push(bytes, from, at)
    tail = at < bytes.length ? [bytes.subarray(at)] : []
    tailBytes = bytes.length - at
    tailNeeded = needed
  }

  /** The first packet must be a CONNECT of a version we speak [MQTT-3.1.0-1], [MQTT-3.1.2-2]. */
  function admit(bytes: Buffer, length: number): boolean {
    const level = protocolLevel(bytes, 0, length)
    if (level === undefined) deps.refuse('malformed-packet')
    else if (level === 5) deps.refuse('protocol-version', connackUnsupportedV5)
    else if (level !== 3 && level !== 4) deps.refuse('protocol-version', connackUnacceptableLevel)
    else {
      // CONNECT goes straight on; what follows it in the same chunk waits for CONNACK.
      state = 'waiting'
      inFlight = 1
      deps.parse(bytes.subarray(0, length))
    }
    return state === 'waiting'
  }

  function isOpen(): boolean {
    return state === 'open'
  }

  function pump(): void {
    if (isPumping) return
    if (isOpen()) {
      isPumping = true
      while (!held.isEmpty) {
        const frames = allowance()
        if (frames === 0 || !handOn(frames)) break
      }
      if (!held.isEmpty) letUrgentPass()
      isPumping = false
      if (hasEnded && held.isEmpty && inFlight === 0) deps.onDrained()
    }
    balanceReading()
  }

  /** How many frames may go on now. When it is none, something has been arranged that will pump again. */
  function allowance(): number {
    if (isQueued || throttle !== undefined || deps.isCongested() || inFlight >= limits.inFlightMax) return 0
    const frames = Math.min(limits.inFlightMax - inFlight, sliceFrames, turn.allowance())
    if (frames <= 0) {
      queueForTurn()
      return 0
    }
    if (bucket!.tokens < frames) refill(bucket!, now())
    if (bucket!.tokens >= frames) return frames
    if (bucket!.tokens >= 1) return Math.floor(bucket!.tokens)
    slowDown()
    return 0
  }

  function handOn(frames: number): boolean {
    const slice = held.take(frames, spendsToken)
    inFlight += slice.frames
    bucket!.tokens -= slice.matching
    turn.spend(slice.frames)
    deps.parse(slice.bytes)
    return isOpen()
  }

  function queueForTurn(): void {
    isQueued = true
    turn.queue(waiter)
  }

  function slowDown(): void {
    deps.onThrottled(true)
    throttle = setTimeout(
      () => {
        throttle = undefined
        deps.onThrottled(false)
        pump()
      },
      Math.max(throttlePauseMs, waitForTokensMs(bucket!, 1)),
    )
  }

  /** An SOS must reach the desk although the readings before it cannot be stored, or may not be read yet. */
  function letUrgentPass(): void {
    if (urgentRound !== turn.round) {
      urgentRound = turn.round
      urgentLeft = urgentPerRound
    }
    const mayReply = !deps.isCongested()
    const urgent = held.extract(
      urgentLeft,
      (bytes, at, length) => isSosPublish(bytes, at, length) || (mayReply && isReply(bytes, at)),
    )
    urgentLeft -= urgent.length
    for (const frame of urgent) {
      if (!isOpen()) return
      inFlight++
      deps.parse(frame)
    }
    if (urgentLeft === 0 && !isQueued) queueForTurn()
  }

  /** Reads ahead by about one packet, then leaves the bytes in the kernel: that is what slows the sender down. */
  function balanceReading(): void {
    if (state === 'closed') return
    const bytes = held.bytes + tailBytes
    hold.bytes += bytes - countedBytes
    countedBytes = bytes
    const mustPause = !held.isEmpty && (bytes > limits.packetBytesMax || hold.bytes > hold.bytesMax)
    if (mustPause === isPaused) return
    isPaused = mustPause
    if (mustPause) raw.pause()
    else raw.resume()
  }

  return {
    open(allowed) {
      if (state !== 'waiting') return
      state = 'open'
      bucket = allowed
      // Aedes reports the CONNECT itself as handled right after this.
      inFlight = 1
    },
    onHandled() {
      if (inFlight > 0) inFlight--
      if (isPumping || isQueued || throttle !== undefined || state !== 'open') return
      if (held.isEmpty ? hasEnded && inFlight === 0 : inFlight <= limits.inFlightMax / 2) pump()
    },
    onDrain: pump,
    close() {
      if (state === 'closed') return
      state = 'closed'
      hold.bytes -= countedBytes
      countedBytes = 0
      held.clear()
      tail = []
      if (throttle !== undefined) deps.onThrottled(false)
      clearTimeout(throttle)
    },
  }
}
