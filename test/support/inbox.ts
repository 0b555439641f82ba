import type { Message, Messenger } from '../../contracts/ports/messages.ts'

/** Takes every message as a person's inbox would, and finds the code in it. */
export interface Inbox extends Messenger {
  readonly messages: Message[]
  /** The code in the newest message to that address. */
  codeTo(address: string): string
}

export function anInbox({ reaches = ['email', 'phone'] as readonly string[] } = {}): Inbox {
  const messages: Message[] = []
  return {
    messages,
    canReach: (type) => reaches.includes(type),
    deliver: (message) => void messages.push(message),
    stats: () => ({
      waiting: 0,
      sending: 0,
      outcomes: { sent: messages.length, failed: 0, expired: 0, 'dropped-full': 0, 'dropped-stop': 0, 'no-channel': 0 },
    }),
    codeTo(address) {
      const message = messages.findLast(({ to }) => to.address === address)
      const [code] = /\b\d{6}\b/.exec(message?.text ?? '') ?? []
      if (code === undefined) throw new Error(`no code was sent to ${address}`)
      return code
    },
  }
}
