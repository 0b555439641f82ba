import type { MessageChannel } from '../../contracts/ports/messages.ts'
import { channelError } from './channel-error.ts'
import { post } from './http-post.ts'

interface TwilioChannelDeps {
  readonly baseUrl: string
  readonly accountSid: string
  readonly authToken: string
  /** A number in E.164, or a sender's name. */
  readonly from: string
}

/** Anything else after `To=` may be another of Twilio's channels, which nobody asked for. */
const e164 = /^\+[1-9]\d{6,14}$/

/**
 * Text messages by Twilio. It knows no key for repeats: a try whose answer was lost may arrive twice.
 * @see Twilio, "Messages resource: create a Message"
 */
export function createTwilioChannel({ baseUrl, accountSid, authToken, from }: TwilioChannelDeps): MessageChannel {
  const url = `${baseUrl.replace(/\/+$/, '')}/2010-04-01/Accounts/${encodeURIComponent(accountSid)}/Messages.json`
  const authorization = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`
  return {
    name: 'twilio',
    async send({ to, text }, signal) {
      if (!e164.test(to.address)) throw channelError('twilio', 'channel-refused', 'not a phone number in E.164')
      const headers = { 'content-type': 'application/x-www-form-urlencoded', authorization }
      const body = new URLSearchParams({ To: to.address, From: from, Body: text }).toString()
      await post({ channel: 'twilio', url, headers, body, signal, findReason: findTwilioCode })
    },
  }
}

/** Twilio numbers its errors; their texts repeat the number that was called. */
function findTwilioCode(body: string): string | undefined {
  const [, code] = /"code"\s*:\s*(\d{1,6})\b/.exec(body) ?? []
  return code === undefined ? undefined : `Twilio error ${code}`
}
