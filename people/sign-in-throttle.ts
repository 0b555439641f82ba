import { isIPv6 } from 'node:net'
import { AppError } from '../contracts/errors.ts'

export interface SignInThrottle {
  /**
   * Counts an attempt, before the password is looked at, so that guesses made at once are all counted.
   * @returns to be called when the attempt succeeded
   * @throws AppError `too-many-sign-ins`
   */
  attempt(of: { readonly email: string; readonly clientAddress: string }): () => void
}

const attemptsMax = 10
const windowMs = 15 * 60_000
/** When full, the oldest count is forgotten: guessing gets easier for one, signing in gets harder for nobody. */
const pairsMax = 20_000

/**
 * Slows down guessing at one account from one network. Counted per pair of the two, so that whoever guesses from
 * elsewhere cannot lock the owner out, nor an owner their neighbours.
 */
export function createSignInThrottle(now: () => number): SignInThrottle {
  const counts = new Map<string, { attempts: number; readonly endsAtMs: number }>()
  return {
    attempt({ email, clientAddress }) {
      const key = `${networkOf(clientAddress)} ${email}`
      let count = counts.get(key)
      if (!count || count.endsAtMs <= now()) {
        count = { attempts: 0, endsAtMs: now() + windowMs }
        counts.delete(key)
        counts.set(key, count)
        if (counts.size > pairsMax) counts.delete(counts.keys().next().value!)
      }
      if (count.attempts >= attemptsMax) {
        const waitMin = Math.ceil((count.endsAtMs - now()) / 60_000)
        throw new AppError('too-many', 'too-many-sign-ins', `too many attempts; try again in ${waitMin} min`)
      }
      count.attempts += 1
      return () => counts.delete(key)
    },
  }
}

/** One household or host may use any address of its IPv6 /64, and should count as one. */
function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
  if (!isIPv6(plain)) return plain
  const [head = '', tail] = plain.toLowerCase().split('::')
  const groups = head.split(':').filter(Boolean)
  const after = tail?.split(':').filter(Boolean) ?? []
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - after.length)
  return [...groups, ...Array<string>(zeros).fill('0'), ...after]
    .slice(0, 4)
    .map((group) => group.padStart(4, '0'))
    .join(':')
}
