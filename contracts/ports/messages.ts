/** The kinds of address that messages travel to: an e-mail address, or a phone number in E.164. */
export type AddressType = 'email' | 'phone'

/** Something to tell one person. */
export interface Message {
  /** Known to the other side, where it can, as the key under which a repeat is recognised. Stands in the log. */
  readonly id: string
  readonly to: { readonly type: AddressType; readonly address: string }
  /** One line. Not everything that travels has one. */
  readonly subject: string
  readonly text: string
  /** From here on it helps nobody, and is not sent any more. */
  readonly expiresAtMs: number
}

export type ChannelName = 'log' | 'webhook' | 'smtp' | 'twilio'

/** One way for messages to travel. */
export interface MessageChannel {
  readonly name: ChannelName
  /**
   * Resolves when the other side has taken the message.
   * @param signal gives up on it; whether it was taken all the same is then unknown
   * @throws AppError `channel-refused`: sending the same again would not help; `channel-busy`: it might, later;
   *   `channel-unreachable`: nobody answered, or not to the end. The reason holds neither text nor address.
   */
  send(message: Message, signal: AbortSignal): Promise<void>
}

/** What became of a message. */
export const messageOutcomes = ['sent', 'failed', 'expired', 'dropped-full', 'dropped-stop', 'no-channel'] as const
export type MessageOutcome = (typeof messageOutcomes)[number]

export interface MessengerStats {
  /** Taken and not on its way yet, or resting before another try. */
  readonly waiting: number
  readonly sending: number
  readonly outcomes: Readonly<Record<MessageOutcome, number>>
}

/** Takes messages and chooses the channel for their address. */
export interface Messenger {
  /** Whether there is a channel for such addresses; it is the same for everybody. */
  canReach(type: AddressType): boolean
  /**
   * Returns at once and never throws, so that neither a caller's time nor its errors tell whether somebody was
   * written to.
   */
  deliver(message: Message): void
  stats(): MessengerStats
}
