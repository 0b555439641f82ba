import type { FieldValues, Kind } from '../contracts/kinds/kind.ts'
import type { Random } from './random.ts'

/** Hours that the made-up city's clocks are ahead of UTC. */
const cityOffsetH = 5.5

export interface ReadingSource {
  /** The values a sensor would measure at a moment; call with moments in order. */
  next(atMs: number): Record<string, number>
}

/** A sensor of one kind that remembers what it measured last. The same random stream and moments give the same values. */
export function createReadingSource(kind: Kind, random: Random): ReadingSource {
  let previous: FieldValues | undefined
  let previousAtMs: number | undefined
  return {
    next(atMs) {
      const elapsedS = previousAtMs === undefined ? kind.reportEveryS : Math.max(0, (atMs - previousAtMs) / 1000)
      const values = kind.simulate({ random, hour: cityHour(atMs), previous, elapsedS })
      previous = values
      previousAtMs = atMs
      return { ...values }
    },
  }
}

/** Hour of day in the city, 0 <= hour < 24. */
function cityHour(atMs: number): number {
  return (atMs / 3_600_000 + cityOffsetH) % 24
}
