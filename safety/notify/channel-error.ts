import { AppError } from '../../contracts/errors.ts'
import type { ChannelName } from '../../contracts/ports/messages.ts'

type ChannelErrorCode = 'channel-refused' | 'channel-busy' | 'channel-unreachable'

const does: Readonly<Record<ChannelErrorCode, string>> = {
  'channel-refused': 'refuses the message',
  'channel-busy': 'cannot take the message now',
  'channel-unreachable': 'did not answer',
}

/**
 * @param reason a status or a name out of a protocol, never what the other side wrote: that may repeat text or address
 */
export function channelError(channel: ChannelName, code: ChannelErrorCode, reason: string): AppError {
  return new AppError('unavailable', code, `${channel} ${does[code]}: ${reason}`)
}

/** Whether the same message may be taken another time. */
export function isWorthRetrying(error: unknown): boolean {
  return error instanceof AppError && (error.code === 'channel-busy' || error.code === 'channel-unreachable')
}

/** A text that ends in no line but its own: what goes into a header must be one. */
export function isOneLine(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return !/[\u0000-\u001f\u007f\u2028\u2029]/.test(text)
}
