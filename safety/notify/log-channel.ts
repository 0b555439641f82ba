import type { Logger } from 'pino'
import type { MessageChannel } from '../../contracts/ports/messages.ts'

interface LogChannelDeps {
  readonly log: Pick<Logger, 'info'>
}

/** Development only: whoever reads the log is everybody that messages are for. */
export function createLogChannel({ log }: LogChannelDeps): MessageChannel {
  return {
    name: 'log',
    async send({ id, to, subject, text }) {
      log.info({ messageId: id, to: to.address, subject, text }, 'message for somebody')
    },
  }
}
