export type AddressType = 'email' | 'phone'

interface AddressWords {
  readonly label: string
  /** What it is called in a sentence. */
  readonly noun: string
  readonly unconfirmed: string
  readonly codeLabel: string
}

export const addressWords: Readonly<Record<AddressType, AddressWords>> = {
  email: {
    label: 'E-mail',
    noun: 'e-mail address',
    unconfirmed: 'Show that it is yours, and that what is sent there reaches you.',
    codeLabel: 'Code from the e-mail',
  },
  phone: {
    label: 'Phone number',
    noun: 'phone number',
    unconfirmed: 'Once it is confirmed, you can sign in with it.',
    codeLabel: 'Code from the text message',
  },
}
