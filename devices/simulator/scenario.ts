import type { FaultId } from './faults.ts'

/** How fast devices speak: by the clock, or as fast as the server acknowledges. */
type Pace =
  | { readonly type: 'clock'; readonly speedup: number }
  | { readonly type: 'as-acknowledged'; readonly window: number }

/** A run of the simulator as data; one file each in `scenarios/`. */
export interface Scenario {
  readonly id: string
  readonly summary: string
  readonly pace: Pace
  /** Hour of day the sensors believe in; the real one when absent. */
  readonly hour?: number
  /**
   * What a device does in one round, before the round is dealt anew: so many good readings, and each fault so many
   * times. A round rather than a chance per reading, so that even a short run meets every fault.
   */
  readonly round: { readonly good: number; readonly faults: Readonly<Partial<Record<FaultId, number>>> }
  /** Every so many-th device is a sensor that is stuck; none when absent. */
  readonly frozenEvery?: number
}

export function defineScenario(scenario: Scenario): Scenario {
  return scenario
}
