import type { AddressType, MessageChannel, Messenger } from '../contracts/ports/messages.ts'
import type { Service } from '../contracts/service.ts'
import {
  createLogChannel,
  createMessenger,
  createSmtpChannel,
  createTwilioChannel,
  createWebhookChannel,
} from '../safety/index.ts'
import type { Config } from './config/config.ts'
import type { Log } from './log.ts'

interface MessagesDeps {
  readonly config: Pick<Config, 'messages'>
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>
  readonly now: () => number
}

type Delivery = NonNullable<Config['messages'][keyof Config['messages']]>

/** What carries messages to each type of address; undefined: nothing does. */
export type Carriers = Readonly<Record<AddressType, MessageChannel | undefined>>

/** Builds the ways to people that the configuration names. */
export function createCarriers({ config, log, now }: MessagesDeps): Carriers {
  const open = (delivery: Delivery | undefined) => delivery && createChannel(delivery, { log, now })
  const { phone, email } = config.messages
  const phoneChannel = open(phone)
  // One way for both is one channel, with one queue.
  return { phone: phoneChannel, email: email === phone ? phoneChannel : open(email) }
}

/** Sends codes, by the same ways as the outbox sends notices. */
export function createMessages(deps: MessagesDeps, channels = createCarriers(deps)): Messenger & Service {
  return createMessenger({ ...deps, channels })
}

function createChannel(delivery: Delivery, { log, now }: Omit<MessagesDeps, 'config'>): MessageChannel {
  switch (delivery.channel) {
    case 'log':
      return createLogChannel({ log })
    case 'webhook':
      return createWebhookChannel({ ...delivery, now })
    case 'twilio':
      return createTwilioChannel(delivery)
    case 'smtp':
      return createSmtpChannel(delivery)
  }
}
