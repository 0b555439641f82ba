import { distanceM, type Position } from '../../contracts/geo.ts'

/** A place and when somebody was there. */
export interface Fix extends Readonly<Position> {
  readonly observedAtMs: number
  readonly accuracyM?: number | undefined
  readonly isPlausible: boolean
}

/** 250 km/h: faster than any car or train of a city, slower than a jump. */
const speedMpsMax = 70
/** What a receiver that says nothing of its accuracy is taken to have. */
const accuracyMUsual = 50
/** A receiver that says it may be anywhere is not believed to be everywhere. */
const accuracyMMax = 1000
/** So many in a row that agree with each other are right, and what was before them was not. */
const agreeingMin = 3

/**
 * Whether somebody can be where they are said to be, given where they were. All are kept; only what is plausible becomes
 * the place that help is sent to.
 * @param earlier oldest first
 */
export function isPlausible(next: Omit<Fix, 'isPlausible'>, earlier: readonly Fix[]): boolean {
  const lastPlausible = earlier.findLast((fix) => fix.isPlausible)
  if (lastPlausible === undefined || isReachable(lastPlausible, next)) return true
  const doubted = earlier.slice(earlier.lastIndexOf(lastPlausible) + 1)
  const chain = [...doubted.slice(1 - agreeingMin), next]
  return chain.length >= agreeingMin && chain.every((fix, at) => at === 0 || isReachable(chain[at - 1]!, fix))
}

/** How many fixes are worth giving to `isPlausible`. */
export const fixesWorthKnowing = 50

function isReachable(from: Omit<Fix, 'isPlausible'>, to: Omit<Fix, 'isPlausible'>): boolean {
  const elapsedS = Math.abs(to.observedAtMs - from.observedAtMs) / 1000
  return distanceM({ from, to }) <= elapsedS * speedMpsMax + errorM(from) + errorM(to)
}

function errorM({ accuracyM = accuracyMUsual }: Omit<Fix, 'isPlausible'>): number {
  return Math.min(accuracyM, accuracyMMax)
}
