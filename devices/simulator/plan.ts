import { findKind } from '../../contracts/kinds/index.ts'
import { createRandom, shuffle } from '../random.ts'
import { createReadingSource } from '../reading-source.ts'
import { type FaultContext, type FaultId, faultIds, faults, publish, type Reading } from './faults.ts'
import type { Scenario } from './scenario.ts'
import type { Step } from './step.ts'

export interface SimulatedDevice {
  readonly id: string
  readonly kind: string
}

export interface PlanOptions {
  readonly device: SimulatedDevice
  /** Place of the device in the fleet; decides whether its sensor is stuck. */
  readonly index: number
  readonly scenario: Scenario
  readonly seed: number
  /** Event times are counted from here, so that the plan does not depend on how fast it is carried out. */
  readonly startedAtMs: number
}

/**
 * Everything one device will do, for ever, in order. A pure function of its options: the same seed and start give
 * the same bytes, and how far a run gets is all that the clock decides.
 */
export function* planSteps({ device, index, scenario, seed, startedAtMs }: PlanOptions): Generator<Step, never> {
  const kind = findKind(device.kind)!
  const random = createRandom(seed, device.id)
  const source = createReadingSource(kind, random)
  const isFrozen = scenario.frozenEvery !== undefined && index % scenario.frozenEvery === scenario.frozenEvery - 1
  const everyMs = stepMs(scenario, kind.reportEveryS)
  const feltAt = (atMs: number) => (scenario.hour === undefined ? atMs : atHour(atMs, scenario.hour))
  const frozenValues = isFrozen ? source.next(feltAt(startedAtMs)) : undefined
  let count = 0

  const reading = (): Reading => {
    const ts = Math.floor(startedAtMs + count * everyMs)
    const values = frozenValues ?? source.next(feltAt(ts))
    const seq = count
    count += 1
    return { ts, seq, ...values }
  }
  const context: FaultContext = { deviceId: device.id, kind, random, reading, startedAtMs }

  while (true) {
    const round: (FaultId | 'good')[] = [
      ...Array.from({ length: scenario.round.good }, () => 'good' as const),
      ...faultIds.flatMap((id) => Array.from({ length: scenario.round.faults[id] ?? 0 }, () => id)),
    ]
    for (const act of shuffle(random, round)) {
      if (act === 'good') yield publish(context, reading(), { stored: 1 })
      else yield* faults[act](context)
    }
  }
}

/** Event time between two readings. As fast as acknowledged, many readings share a millisecond and differ by `seq`. */
function stepMs({ pace }: Scenario, reportEveryS: number): number {
  return pace.type === 'clock' ? (reportEveryS * 1000) / pace.speedup : 0.01
}

/** The same minute of another hour: what the sensor feels, not what its clock says. */
function atHour(atMs: number, hour: number): number {
  const cityMidnightUtcH = 18.5
  const dayMs = 86_400_000
  return Math.floor(atMs / dayMs) * dayMs + ((cityMidnightUtcH + hour) % 24) * 3_600_000
}
