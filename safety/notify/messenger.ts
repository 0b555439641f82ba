import type { Logger } from 'pino'
import {
  type AddressType,
  type MessageChannel,
  type MessageOutcome,
  type Messenger,
  messageOutcomes,
} from '../../contracts/ports/messages.ts'
import type { Service } from '../../contracts/service.ts'
import { createLane, type Lane, type LaneOptions } from './lane.ts'

interface MessengerDeps {
  /** How each type of address is reached; undefined: not at all. The same channel may serve both. */
  readonly channels: Readonly<Record<AddressType, MessageChannel | undefined>>
  readonly now: () => number
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>
  readonly options?: Partial<LaneOptions>
}

const usual: LaneOptions = {
  waitingMax: 1000,
  sendingMax: 8,
  tryMsMax: 10_000,
  restsMs: [1000, 5000],
  stopMsMax: 5000,
}

/**
 * Sends messages from memory: tried a few times, dropped when they expire, gone when the process is.
 * What must survive that has no place here.
 */
export function createMessenger({ channels, now, log, options }: MessengerDeps): Messenger & Service {
  const outcomes = Object.fromEntries(messageOutcomes.map((name) => [name, 0])) as Record<MessageOutcome, number>
  const count = (outcome: MessageOutcome) => {
    outcomes[outcome]++
  }
  const lanes = new Map<MessageChannel, Lane>()
  for (const channel of Object.values(channels)) {
    if (!channel || lanes.has(channel)) continue
    lanes.set(channel, createLane({ channel, options: { ...usual, ...options }, now, log, count }))
  }
  const laneOf = (type: AddressType): Lane | undefined => {
    const channel = channels[type]
    return channel && lanes.get(channel)
  }
  const sum = (figure: (lane: Lane) => number) => [...lanes.values()].reduce((total, lane) => total + figure(lane), 0)

  return {
    name: 'messenger',
    async start() {
      for (const lane of lanes.values()) lane.open()
    },
    async stop() {
      await Promise.all([...lanes.values()].map((lane) => lane.close()))
    },
    canReach: (type) => laneOf(type) !== undefined,
    deliver(message) {
      const lane = laneOf(message.to.type)
      if (lane) {
        lane.add(message)
        return
      }
      count('no-channel')
      log.error({ messageId: message.id, addressType: message.to.type }, 'message has no channel')
    },
    stats: () => ({
      waiting: sum((lane) => lane.waiting()),
      sending: sum((lane) => lane.sending()),
      outcomes: { ...outcomes },
    }),
  }
}
