import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deviceInputSchema } from '../../contracts/device.ts'
import { findKind, kinds } from '../../contracts/kinds/index.ts'
import { fieldValuesSchema } from '../../contracts/kinds/kind.ts'
import { createRandom } from '../../devices/random.ts'
import { type FaultId, faultIds, faults } from '../../devices/simulator/faults.ts'
import { createSimulatedFleet } from '../../devices/simulator/fleet.ts'
import { type PlanOptions, planSteps } from '../../devices/simulator/plan.ts'
import { hostile } from '../../devices/simulator/scenarios/hostile.ts'
import { findScenario, scenarios } from '../../devices/simulator/scenarios/index.ts'
import { addOutcomes, nothing, type Outcome, type Step } from '../../devices/simulator/step.ts'
import { createReferenceLedger } from './reference-ledger.ts'

const startedAtMs = Date.UTC(2026, 5, 1, 6, 0)

function take(options: Partial<PlanOptions>, count: number): Step[] {
  const device = { id: 'sim-1-0001', kind: 'air-quality' }
  const steps = planSteps({ device, index: 0, scenario: hostile, seed: 1, startedAtMs, ...options })
  return Array.from({ length: count }, () => steps.next().value)
}

function isPublish(step: Step): step is Step & { type: 'publish' } {
  return step.type === 'publish'
}

describe('a plan', () => {
  it.each(scenarios.map(({ id }) => [id]))('of "%s" is the same bytes for the same seed', (id) => {
    const scenario = findScenario(id)!
    expect(take({ scenario }, 300)).toEqual(take({ scenario }, 300))
  })

  it('differs from seed to seed and from device to device', () => {
    expect(take({ seed: 2 }, 50)).not.toEqual(take({}, 50))
    expect(take({ device: { id: 'sim-1-0002', kind: 'air-quality' } }, 50)).not.toEqual(take({}, 50))
  })

  it('of the hostile fleet meets every fault in its first round', () => {
    // One step each, but for the reading sent twice and the three out of order.
    const roundLength = hostile.round.good + faultIds.length + 1 + 2
    const steps = take({}, roundLength)
    expect(steps.filter(({ type }) => type === 'drop')).toHaveLength(2)
    expect(steps.filter(({ type }) => type === 'trespass')).toHaveLength(1)
    const bodies = steps.filter(isPublish).map(({ payload }) => payload.toString())
    for (const sign of ['"colour"', '"yesterday"', '"seq":-1', '"hello"', '"high"', '"bt"']) {
      expect(
        bodies.some((body) => body.includes(sign)),
        sign,
      ).toBe(true)
    }
  })

  it('of a stuck sensor never changes its values', () => {
    const index = hostile.frozenEvery! - 1
    const good = take({ index, scenario: { ...hostile, round: { good: 1, faults: {} } } }, 50).filter(isPublish)
    const values = good.map(({ payload }) => {
      const { ts: _ts, seq: _seq, ...rest } = JSON.parse(payload.toString())
      return JSON.stringify(rest)
    })
    expect(new Set(values).size).toBe(1)
  })

  it('at rush hour measures rush-hour traffic whatever the clock says', () => {
    const speedOf = (scenario: string, startedAtMs: number) => {
      const steps = take(
        { scenario: findScenario(scenario)!, device: { id: 't', kind: 'traffic-flow' }, startedAtMs },
        20,
      )
      return JSON.parse((steps.filter(isPublish)[0]!.payload as Buffer).toString()).speedKmh as number
    }
    const night = Date.UTC(2026, 5, 1, 21, 30)
    expect(speedOf('rush-hour', night)).toBeLessThan(speedOf('calm', night))
  })
})

describe.each(kinds.map(({ id }) => [id]))('every good reading of %s', (kindId) => {
  const schema = fieldValuesSchema(findKind(kindId)!)

  it.each(scenarios.map((scenario) => [scenario.id, scenario] as const))('validates in "%s"', (_id, scenario) => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const steps = take(
          { seed, scenario: { ...scenario, round: { good: 1, faults: {} } }, device: { id: 'd', kind: kindId } },
          40,
        )
        for (const step of steps.filter(isPublish)) {
          const { ts, seq, ...values } = JSON.parse(step.payload.toString())
          expect(schema.safeParse(values).success).toBe(true)
          expect(ts).toBeGreaterThanOrEqual(startedAtMs)
          expect(seq).toBeGreaterThanOrEqual(0)
        }
      }),
      { numRuns: 20 },
    )
  })
})

/** What the contract says of each fault, in readings; nothing here is computed. */
const contract: Record<FaultId, Partial<Outcome>> = {
  late: { stored: 1 },
  'sent-twice': { stored: 1, duplicate: 1 },
  'doubled-in-a-batch': { stored: 1, duplicate: 1 },
  reordered: { stored: 3 },
  'batch-of-readings': { stored: 5 },
  'senml-pack': { stored: 1 },
  'time-as-text': { stored: 1 },
  'no-time': { stored: 1 },
  'clock-a-little-ahead': { stored: 1 },
  'clock-an-hour-ahead': { quarantined: 1 },
  'clock-reset': { quarantined: 1 },
  'a-month-old': { quarantined: 1 },
  'time-is-nonsense': { quarantined: 1 },
  'sequence-is-nonsense': { quarantined: 1 },
  garbage: { quarantined: 1 },
  'cut-off': { quarantined: 1 },
  'not-an-object': { quarantined: 1 },
  'wrong-type': { quarantined: 1 },
  'out-of-range': { quarantined: 1 },
  'no-field-of-its-kind': { quarantined: 1 },
  'unknown-kind': { quarantined: 1 },
  'one-bad-in-a-batch': { stored: 2, quarantined: 1 },
  'oversize-batch': { quarantined: 1 },
  'line-dropped': {},
  'reconnect-storm': {},
  trespass: { rejected: 1 },
}

describe.each(faultIds.map((id) => [id]))('the fault "%s"', (id) => {
  const expected = { ...nothing, ...contract[id] }

  it.each(kinds.map((kind) => [kind.id]))('of %s is expected to end where the contract says, and does', (kindId) => {
    const device = { id: 'sim-1-0001', kind: kindId }
    const plan = planSteps({
      device,
      index: 0,
      scenario: { ...hostile, round: { good: 0, faults: { [id]: 1 } } },
      seed: 5,
      startedAtMs,
    })
    const length = faults[id]({
      deviceId: device.id,
      kind: findKind(kindId)!,
      random: createRandom(5),
      reading: () => ({ ts: startedAtMs, seq: 0 }),
      startedAtMs,
    }).length
    const ledger = createReferenceLedger()
    for (let round = 1; round <= 3; round++) {
      const steps = Array.from({ length }, () => plan.next().value)
      const planned = steps.reduce((sum, step) => ('expected' in step ? addOutcomes(sum, step.expected) : sum), nothing)
      expect(planned).toEqual(expected)
      for (const step of steps) {
        if (!('payload' in step)) continue
        expect(step.payload.length).toBeLessThan(65_536)
        ledger.receive({
          clientId: device.id,
          topic: step.topic,
          payload: step.payload,
          receivedAtMs: startedAtMs + round,
        })
      }
    }
    const { received: _received, ...counted } = ledger.counts.get(device.id) ?? { ...nothing, received: 0 }
    const thrice = addOutcomes(addOutcomes(expected, expected), expected)
    expect(counted).toEqual(thrice)
  })
})

describe('the simulated fleet', () => {
  it('is the same for the same seed, with ids of its own that the API takes', () => {
    const fleet = createSimulatedFleet({ count: 50, seed: 3 })
    expect(createSimulatedFleet({ count: 50, seed: 3 })).toEqual(fleet)
    expect(new Set(fleet.map(({ id }) => id)).size).toBe(50)
    for (const { input } of fleet) expect(deviceInputSchema.parse(input)).toEqual(input)
    expect(createSimulatedFleet({ count: 50, seed: 4 }).some(({ id }) => fleet.some((other) => other.id === id))).toBe(
      false,
    )
  })
})
