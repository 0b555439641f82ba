import type { Logger } from 'pino'
import type { Bus } from '../../contracts/bus.ts'
import { AppError } from '../../contracts/errors.ts'
import { type NoticeChannel, type NoticeEvent, noticeChannels } from '../../contracts/notice.ts'
import type { AddressType, MessageChannel } from '../../contracts/ports/messages.ts'
import type { OutboxStats, SocketPager } from '../../contracts/ports/outbox.ts'
import type { Service } from '../../contracts/service.ts'
import type { ClaimedNotice, NoticeOutcome, Records } from '../../store/index.ts'
import { createDeviceSender, createMessageSender, createSocketSender, type NoticeSender } from './notice-channel.ts'
import { createNoticePlanner } from './notice-planner.ts'
import { decideAfterFailure, type TryLimits } from './notice-tries.ts'

export interface OutboxOptions extends TryLimits {
  /** Rows on their way at one time, by channel. What is no SOS may take half of them. */
  readonly sendingMax: Readonly<Record<NoticeChannel, number>>
  /** How long one try may take. */
  readonly tryMsMax: number
  /** From then on a notice is stale. */
  readonly staleAfterMs: number
  /** How long a stop waits for what is on its way. */
  readonly stopMsMax: number
  /** The outbox is looked at this often though nobody says that there is something in it. */
  readonly lookEveryMs: number
  /** How long the outbox rests when the records do not take what it has to note. */
  readonly troubleRestMs: number
}

const usual: OutboxOptions = {
  sendingMax: { socket: 64, mqtt: 16, sms: 8, email: 8 },
  tryMsMax: 10_000,
  triesMaxBeforeFallback: 3,
  triesMax: 10,
  restMsFirst: 1000,
  restMsMax: 60_000,
  staleAfterMs: 15 * 60_000,
  stopMsMax: 5000,
  lookEveryMs: 5000,
  troubleRestMs: 1000,
}

export interface OutboxDeps {
  readonly records: Records
  readonly bus: Bus
  /** What carries messages to each type of address; undefined: nothing does. */
  readonly carriers: Readonly<Record<AddressType, MessageChannel | undefined>>
  readonly now: () => number
  /** 0 to 1. */
  readonly random: () => number
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>
  readonly options?: Partial<OutboxOptions>
}

/** Tells people what the records say they are to be told. What is put in, by `records.notices.enqueue`, survives a crash. */
export interface Outbox extends Service {
  /** Says how open sockets are reached; before that nobody is connected. */
  attachSockets(pager: SocketPager): void
  stats(): Promise<OutboxStats>
}

const urgencies: readonly NoticeEvent['urgency'][] = ['sos', 'usual']

/**
 * The worker of the outbox. A row is marked as on its way before it is sent, and as sent after: a crash between the two
 * leaves it on its way, and the next start tries it again under the same id, because a notice that comes twice is better
 * than one that never comes. What is marked as sent is never tried again.
 */
export function createOutbox({ records, bus, carriers, now, random, log, ...deps }: OutboxDeps): Outbox {
  const options: OutboxOptions = { ...usual, ...deps.options }
  let pager: SocketPager | undefined
  const senders: Readonly<Record<NoticeChannel, NoticeSender>> = {
    socket: createSocketSender(() => pager),
    mqtt: createDeviceSender({ records, now }),
    sms: createMessageSender('phone', carriers.phone),
    email: createMessageSender('email', carriers.email),
  }
  const reach = { phone: carriers.phone !== undefined, email: carriers.email !== undefined }
  const planner = createNoticePlanner({ records, reach, staleAfterMs: options.staleAfterMs, log })
  const onTheirWay = new Map<AbortController, { readonly notice: ClaimedNotice; readonly done: Promise<void> }>()
  const outcomes = { queued: 0, sent: 0, delivered: 0, failed: 0, skipped: 0 }
  let resumed = 0
  let state: 'new' | 'open' | 'closed' = 'new'
  let isLooking = false
  let isLookDue = false
  let looking: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  let subscriptions: (() => void)[] = []

  function lookSoon(): void {
    isLookDue = true
    if (isLooking || state !== 'open') return
    isLooking = true
    clearTimeout(timer)
    looking = look()
  }

  async function look(): Promise<void> {
    let restMs = options.lookEveryMs
    // Never in the turn of whoever has just committed an SOS.
    await new Promise((resolve) => setImmediate(resolve))
    try {
      while (isLookDue && state === 'open') {
        isLookDue = false
        const stale = await records.notices.expireDue()
        outcomes.skipped += stale
        if (stale > 0) log.warn({ stale }, 'notices were too old to be sent')
        if (await planner.planWaiting()) isLookDue = true
        for (const urgency of urgencies) for (const channel of noticeChannels) await sendDue(channel, urgency)
      }
      const dueAtMs = await records.notices.nextDueAtMs()
      // What is due and was not taken waits for room, and whatever ends makes room.
      if (dueAtMs !== undefined && dueAtMs > now()) restMs = Math.min(restMs, dueAtMs - now())
    } catch (error) {
      log.error({ err: error }, 'the outbox could not be worked on')
      restMs = options.troubleRestMs
    }
    isLooking = false
    if (state !== 'open') return
    // Somebody may have asked after the last look; where there was trouble, they wait too.
    if (isLookDue && restMs !== options.troubleRestMs) lookSoon()
    else timer = setTimeout(lookSoon, restMs)
  }

  async function sendDue(channel: NoticeChannel, urgency: NoticeEvent['urgency']): Promise<void> {
    if (state !== 'open') return
    const same = [...onTheirWay.values()].filter(({ notice }) => notice.channel === channel)
    const free = options.sendingMax[channel] - same.length
    const ordinary = same.filter(({ notice }) => notice.urgency === 'usual').length
    const limit =
      urgency === 'sos' ? free : Math.min(free, Math.max(1, Math.floor(options.sendingMax[channel] / 2)) - ordinary)
    for (const notice of await records.notices.claim({ channel, urgency, limit })) {
      const controller = new AbortController()
      onTheirWay.set(controller, { notice, done: tryAndSettle(notice, controller) })
    }
  }

  async function tryAndSettle(notice: ClaimedNotice, controller: AbortController): Promise<void> {
    const outcome = await tryOnce(notice, controller)
    await note(notice, outcome)
    onTheirWay.delete(controller)
    lookSoon()
  }

  async function tryOnce(notice: ClaimedNotice, controller: AbortController): Promise<NoticeOutcome> {
    let deadline: NodeJS.Timeout | undefined
    try {
      const skip = await planner.findLateSkip(notice)
      if (skip !== undefined) return { type: 'skipped', reason: skip, isForAll: true }
      // Stopped meanwhile: nobody would hear of it any more.
      if (controller.signal.aborted) throw notInTime(notice.channel)
      deadline = setTimeout(() => controller.abort(), options.tryMsMax)
      const sent = await Promise.race([
        senders[notice.channel].send(notice, controller.signal),
        whenAborted(notice.channel, controller.signal),
      ])
      return typeof sent === 'string' ? { type: sent } : { type: 'skipped', reason: sent.skip, isForAll: false }
    } catch (error) {
      return decideAfterFailure(notice, error, { limits: options, nowMs: now(), random: random() })
    } finally {
      clearTimeout(deadline)
    }
  }

  /** Until it is noted: a notice that was sent and is not known to have been would be sent again. */
  async function note(notice: ClaimedNotice, outcome: NoticeOutcome): Promise<void> {
    for (;;) {
      try {
        await records.notices.settle(notice.id, outcome)
        outcomes[outcome.type === 'again' ? 'queued' : outcome.type]++
        tell(notice, outcome)
        return
      } catch (error) {
        log.error({ err: error, noticeId: notice.id }, 'what became of a notice could not be noted')
        // The next start would take it up again.
        if (state === 'closed') return
        await new Promise((resolve) => setTimeout(resolve, options.troubleRestMs))
      }
    }
  }

  /** Neither words nor addresses: a notice may say who called for help. */
  function tell({ id, channel, eventKey, tries }: ClaimedNotice, outcome: NoticeOutcome): void {
    const about = { noticeId: id, eventKey, channel, tries }
    if ('reason' in outcome) {
      log.warn({ ...about, outcome: outcome.type, reason: outcome.reason }, 'not told by this channel')
    } else log.info({ ...about, outcome: outcome.type }, 'told')
  }

  return {
    name: 'outbox',
    attachSockets(sockets) {
      pager = sockets
    },
    async start() {
      // One server holds the records: what is on its way now was on its way when the last one ended.
      resumed = await records.notices.releaseAll()
      if (resumed > 0) log.warn({ resumed }, 'notices were on their way when the server ended, and are tried again')
      state = 'open'
      subscriptions = [
        bus.subscribe('notice-queued', lookSoon),
        bus.subscribe('command-changed', ({ command }) => {
          const { noticeId } = command.body
          if (command.name !== 'notice' || typeof noticeId !== 'string') return
          if (command.state !== 'delivered' && command.state !== 'done') return
          records.notices
            .markDelivered(noticeId)
            .catch((error: unknown) => log.error({ err: error, noticeId }, 'a delivery could not be noted'))
        }),
      ]
      lookSoon()
    },
    async stop() {
      state = 'closed'
      clearTimeout(timer)
      for (const unsubscribe of subscriptions) unsubscribe()
      await looking
      const deadline = setTimeout(() => {
        for (const controller of onTheirWay.keys()) controller.abort()
      }, options.stopMsMax)
      await Promise.all([...onTheirWay.values()].map(({ done }) => done))
      clearTimeout(deadline)
    },
    async stats() {
      const { queued, sending, oldestDueAtMs } = await records.notices.figures()
      const lagMs = oldestDueAtMs === undefined ? 0 : Math.max(0, now() - oldestDueAtMs)
      return { queued, sending, lagMs, outcomes: { ...outcomes }, resumed }
    },
  }
}

/** A channel that does not heed its signal keeps its own connection, not its place. */
function whenAborted(channel: NoticeChannel, signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(notInTime(channel)))
  })
}

function notInTime(channel: NoticeChannel): AppError {
  return new AppError('unavailable', 'channel-unreachable', `${channel} did not answer: no answer in time`)
}
