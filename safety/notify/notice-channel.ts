import { AppError } from '../../contracts/errors.ts'
import type { NoticeSkip } from '../../contracts/notice.ts'
import type { MessageChannel } from '../../contracts/ports/messages.ts'
import type { SocketPager } from '../../contracts/ports/outbox.ts'
import type { ClaimedNotice, Records } from '../../store/index.ts'

/** One way for notices to travel. */
export interface NoticeSender {
  /** `sent` when the other side has taken it, `delivered` when it is known to have arrived. */
  send(notice: ClaimedNotice, signal: AbortSignal): Promise<'sent' | 'delivered' | { readonly skip: NoticeSkip }>
}

/** By text message or mail, whatever carries those. A webhook and a mailbox know a repeat by the id; Twilio does not. */
export function createMessageSender(type: 'phone' | 'email', channel: MessageChannel | undefined): NoticeSender {
  return {
    async send({ id, address, subject, text, expiresAtMs }, signal) {
      if (channel === undefined) return { skip: 'no-channel' }
      if (address === undefined) return { skip: 'no-address' }
      await channel.send({ id, to: { type, address }, subject, text, expiresAtMs }, signal)
      return 'sent'
    },
  }
}

/**
 * To a wearable, as a command `notice` that waits for it while it is offline. The device knows a repeat by `noticeId`;
 * that it has arrived is told by the command.
 */
export function createDeviceSender({
  records,
  now,
}: {
  readonly records: Pick<Records, 'commands'>
  readonly now: () => number
}): NoticeSender {
  return {
    async send({ id, address, subject, text, urgency, expiresAtMs }) {
      if (address === undefined) return { skip: 'no-address' }
      const keepS = Math.max(1, Math.ceil((expiresAtMs - now()) / 1000))
      const body = { noticeId: id, subject, text, urgency }
      try {
        await records.commands.queue({ deviceId: address, name: 'notice', body, keepS })
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'command-queue-full') throw error
        throw new AppError('unavailable', 'channel-busy', 'mqtt cannot take the notice now: commands wait', {
          cause: error,
        })
      }
      return 'sent'
    },
  }
}

/** To whatever sockets a person has open. */
export function createSocketSender(pager: () => SocketPager | undefined): NoticeSender {
  return {
    async send({ id, eventKey, address, urgency, subject, text }, signal) {
      const sockets = pager()
      if (sockets === undefined || address === undefined) return { skip: 'not-connected' }
      const shown = await sockets.page(address, { id, eventKey, urgency, subject, text }, signal)
      return shown ? 'delivered' : { skip: 'not-connected' }
    },
  }
}
