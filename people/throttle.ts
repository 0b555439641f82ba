import { AppError } from '../contracts/errors.ts'

export interface Throttle {
  /**
   * Counts an attempt before what it brings is looked at, so that guesses made at once are all counted.
   * @param key whom and from where; whoever guesses from elsewhere cannot lock the owner out
   * @returns to be called when the attempt succeeded
   * @throws AppError `too-many-sign-ins`
   */
  attempt(key: string): () => void
}

const attemptsMax = 10
const windowMs = 15 * 60_000
/** When full, the oldest count is forgotten: guessing gets easier for one, signing in gets harder for nobody. */
const keysMax = 20_000

/** Slows down guessing. */
export function createThrottle(now: () => number): Throttle {
  const counts = new Map<string, { attempts: number; readonly endsAtMs: number }>()
  return {
    attempt(key) {
      let count = counts.get(key)
      if (!count || count.endsAtMs <= now()) {
        count = { attempts: 0, endsAtMs: now() + windowMs }
        counts.delete(key)
        counts.set(key, count)
        if (counts.size > keysMax) counts.delete(counts.keys().next().value!)
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
