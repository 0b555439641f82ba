import type { MessageChannel, Messenger } from '../contracts/ports/messages.ts'
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

/** Builds the ways to people that the configuration names. */
export function createMessages({ config, log, now }: MessagesDeps): Messenger & Service {
  const open = (delivery: Delivery | undefined) => delivery && createChannel(delivery, { log, now })
  const { phone, email } = config.messages
  const phoneChannel = open(phone)
  // One way for both is one channel, with one queue.
  const channels = { phone: phoneChannel, email: email === phone ? phoneChannel : open(email) }
  return createMessenger({ channels, now, log })
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
