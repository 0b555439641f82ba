import { createHmac } from 'node:crypto'
import type { Message, MessageChannel } from '../../contracts/ports/messages.ts'
import { channelError, isOneLine } from './channel-error.ts'
import { post } from './http-post.ts'

interface WebhookChannelDeps {
  readonly url: string
  /** `whsec_` and the key in base64. */
  readonly secret: string
  readonly now: () => number
}

/**
 * Hands messages to a service of the city's own, which knows how to reach people. Signed, so that the service can
 * tell them from anybody else's; the id is the same for every try.
 * @see Standard Webhooks 1.0, "Webhook headers", "Signature scheme"
 */
export function createWebhookChannel({ url, secret, now }: WebhookChannelDeps): MessageChannel {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  return {
    name: 'webhook',
    async send(message, signal) {
      if (!isOneLine(message.id)) throw channelError('webhook', 'channel-refused', 'the id is not one line')
      const sentAtS = Math.floor(now() / 1000)
      const body = JSON.stringify(describe(message))
      const signature = createHmac('sha256', key).update(`${message.id}.${sentAtS}.${body}`).digest('base64')
      const headers = {
        'content-type': 'application/json',
        'webhook-id': message.id,
        'webhook-timestamp': String(sentAtS),
        'webhook-signature': `v1,${signature}`,
      }
      await post({ channel: 'webhook', url, headers, body, signal })
    },
  }
}

function describe({ id, to, subject, text, expiresAtMs }: Message) {
  return { type: 'message.requested', data: { id, to, subject, text, expiresAt: new Date(expiresAtMs).toISOString() } }
}
