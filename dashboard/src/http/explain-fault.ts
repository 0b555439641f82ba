import { HttpError, toError } from './http-error.ts'

/** What a fault means to the person before the screen; for all others the server's own words are enough. */
const sentences: Readonly<Record<string, string>> = {
  'wrong-credentials': 'E-mail or password is not right.',
  'account-banned': 'This account is banned. Ask an administrator of your city.',
  'sign-in-busy': 'Too many people are signing in at this moment. Try again in a few seconds.',
  'second-factor-required': 'A code of your authenticator app is needed too.',
  'wrong-second-factor': 'This code is not right, or was used before. Wait for the next one.',
  'invalid-otp': 'This code is not right, has expired, or was tried too often.',
  'registration-needed': 'Nobody has confirmed this number as theirs. Sign in with your e-mail, or change the number.',
  'invalid-phone': 'This is not a phone number.',
  'invalid-email': 'This is not an e-mail address.',
  'wrong-password': 'This is not your password.',
  'email-taken': 'Somebody else has this e-mail address.',
  'phone-taken': 'Somebody else has this phone number.',
  'phone-country-not-served': 'No messages are sent to phones of that country.',
  'too-many-settings': 'These are more settings than are kept. Take some away first.',
  'password-needed-for-role': 'This role needs a password. They have to choose one first, on their profile.',
  'use-your-profile': 'Turn your own second factor off on your profile, with a code.',
  'user-erased': 'This account was erased.',
}

/** Codes that say: asked too often, come back later. */
const tooMany: Readonly<Record<string, string>> = {
  'too-many-sign-ins': 'Too many attempts.',
  'too-many-codes': 'Too many codes were asked for.',
  'too-many-requests': 'Too many requests.',
}

/** One sentence for whoever asked for something and was refused. */
export function explainFault(thrown: unknown): string {
  const error = toError(thrown)
  if (!(error instanceof HttpError)) return error.message
  const { code, retryAfterS, details } = error
  if (tooMany[code] !== undefined && retryAfterS !== undefined) {
    return `${tooMany[code]} Try again in ${formatWait(retryAfterS)}.`
  }
  const [detail] = details
  if (code === 'invalid-request' && detail !== undefined) {
    const field = detail.path?.split('.').slice(1).join('.')
    return toSentence(field ? `${field}: ${detail.message}` : detail.message)
  }
  return sentences[code] ?? toSentence(error.message)
}

function formatWait(waitS: number): string {
  return waitS < 100 ? `${waitS} s` : `${Math.ceil(waitS / 60)} min`
}

function toSentence(message: string): string {
  const end = /[.!?…]$/.test(message) ? '' : '.'
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}${end}`
}
