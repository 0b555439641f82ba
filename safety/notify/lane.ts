import type { Logger } from 'pino'
import { AppError } from '../../contracts/errors.ts'
import type { Message, MessageChannel, MessageOutcome } from '../../contracts/ports/messages.ts'
import { channelError, isWorthRetrying } from './channel-error.ts'

export interface LaneOptions {
  /** Messages held beyond those on their way; one more is dropped and counted. */
  readonly waitingMax: number
  /** Messages on their way at one time. */
  readonly sendingMax: number
  /** How long one try may take. */
  readonly tryMsMax: number
  /** How long a message rests before its second try, its third, and so on; there are no more. */
  readonly restsMs: readonly number[]
  /** How long a stop waits for what is on its way. */
  readonly stopMsMax: number
}

/** The queue in front of one channel, so that one which hangs holds up no other. */
export interface Lane {
  add(message: Message): void
  waiting(): number
  sending(): number
  open(): void
  /** Drops what waits, lets end what is on its way, within the time for it. */
  close(): Promise<void>
}

interface LaneDeps {
  readonly channel: MessageChannel
  readonly options: LaneOptions
  readonly now: () => number
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>
  readonly count: (outcome: MessageOutcome) => void
}

interface Held {
  readonly message: Message
  tries: number
}

export function createLane({ channel, options, now, log, count }: LaneDeps): Lane {
  const ready: Held[] = []
  const resting = new Map<Held, NodeJS.Timeout>()
  const sending = new Map<AbortController, Promise<void>>()
  let state: 'new' | 'open' | 'closed' = 'new'
  let isPumpDue = false
  let isFullTold = false

  const waiting = () => ready.length + resting.size

  function add(message: Message): void {
    const held: Held = { message, tries: 0 }
    if (state === 'closed') settle(held, 'dropped-stop')
    else if (waiting() >= options.waitingMax) dropFull()
    else {
      ready.push(held)
      pumpSoon()
    }
  }

  function dropFull(): void {
    count('dropped-full')
    // Once for each time it fills up: what fills it would fill the log too.
    if (isFullTold) return
    isFullTold = true
    log.error({ channel: channel.name, waiting: waiting() }, 'too many messages wait, more are dropped')
  }

  /** Not within the caller's turn, which would last longer where there is somebody to write to. */
  function pumpSoon(): void {
    if (isPumpDue || state !== 'open') return
    isPumpDue = true
    setImmediate(() => {
      isPumpDue = false
      pump()
    })
  }

  function pump(): void {
    while (state === 'open' && sending.size < options.sendingMax) {
      const held = ready.shift()
      if (!held) break
      if (held.message.expiresAtMs <= now()) {
        settle(held, 'expired')
        continue
      }
      send(held)
    }
    if (waiting() <= options.waitingMax / 2) isFullTold = false
  }

  function send(held: Held): void {
    held.tries++
    const controller = new AbortController()
    const end = (settleIt: () => void) => {
      sending.delete(controller)
      settleIt()
      pumpSoon()
    }
    const trying = tryOnce(held.message, controller).then(
      () => end(() => settle(held, 'sent')),
      (error: unknown) => end(() => giveUpOrRest(held, error)),
    )
    sending.set(controller, trying)
  }

  async function tryOnce(message: Message, controller: AbortController): Promise<void> {
    const deadline = setTimeout(() => controller.abort(), options.tryMsMax)
    try {
      await Promise.race([channel.send(message, controller.signal), whenAborted(controller.signal)])
    } finally {
      clearTimeout(deadline)
    }
  }

  /** A channel that does not heed its signal keeps its own connection, not its place in the lane. */
  function whenAborted(signal: AbortSignal): Promise<never> {
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () =>
        reject(channelError(channel.name, 'channel-unreachable', 'no answer in time')),
      )
    })
  }

  function giveUpOrRest(held: Held, error: unknown): void {
    const restMs = isWorthRetrying(error) ? options.restsMs[held.tries - 1] : undefined
    if (restMs === undefined) settle(held, 'failed', error)
    else if (state === 'closed') settle(held, 'dropped-stop', error)
    else if (now() + restMs >= held.message.expiresAtMs) settle(held, 'expired', error)
    else {
      log.warn({ ...about(held), ...plain(error), restMs }, 'message not sent, trying again')
      resting.set(held, setTimeout(wake, restMs, held))
    }
  }

  function wake(held: Held): void {
    resting.delete(held)
    ready.push(held)
    pumpSoon()
  }

  function settle(held: Held, outcome: Exclude<MessageOutcome, 'no-channel' | 'dropped-full'>, error?: unknown): void {
    count(outcome)
    if (outcome === 'sent') log.info(about(held), 'message sent')
    else log.warn({ ...about(held), ...(error !== undefined && plain(error)), outcome }, 'message not sent')
  }

  function about({ message, tries }: Held) {
    return { channel: channel.name, messageId: message.id, tries }
  }

  async function close(): Promise<void> {
    state = 'closed'
    for (const timer of resting.values()) clearTimeout(timer)
    const dropped = waiting()
    for (let at = 0; at < dropped; at++) count('dropped-stop')
    if (dropped > 0) log.warn({ channel: channel.name, dropped }, 'stopping, messages that waited are dropped')
    resting.clear()
    ready.length = 0
    const deadline = setTimeout(() => {
      for (const controller of sending.keys()) controller.abort()
    }, options.stopMsMax)
    await Promise.all(sending.values())
    clearTimeout(deadline)
  }

  return {
    add,
    waiting,
    sending: () => sending.size,
    open() {
      if (state !== 'new') return
      state = 'open'
      pumpSoon()
    },
    close,
  }
}

/** What may stand in a log. An error of somebody else's may hold the text or the address. */
function plain(error: unknown): { readonly code: string; readonly reason: string } {
  if (error instanceof AppError) return { code: error.code, reason: error.message }
  return { code: 'unexpected', reason: error instanceof Error ? error.name : typeof error }
}
