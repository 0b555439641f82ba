import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { unitStates } from '../../../contracts/dispatch.ts'
import { type RecommendationInput, recommendUnits } from '../../../safety/dispatch/recommendation.ts'
import { startMs } from '../../store/records/fixture.ts'
import { anAssignment, aUnit, northOf, townHall } from './builders.ts'

const minute = 60_000

function recommend(input: Partial<RecommendationInput>) {
  return recommendUnits({
    units: [],
    at: townHall,
    needs: [],
    open: [],
    ofCase: [],
    nowMs: startMs,
    positionAgeMsMax: 10 * minute,
    ...input,
  })
}

describe('which unit to send', () => {
  it('the nearest first, with its distance and the age of its position', () => {
    const { candidates, excluded } = recommend({
      units: [
        aUnit({ unitNumber: 'far', position: northOf(3000) }),
        aUnit({ unitNumber: 'near', position: northOf(400), positionAtMs: startMs - 4 * minute }),
        aUnit({ unitNumber: 'back', position: northOf(900), state: 'returning' }),
      ],
      nowMs: startMs,
    })
    expect(candidates.map(({ unit }) => unit.unitNumber)).toEqual(['near', 'back', 'far'])
    expect(candidates[0]).toMatchObject({ positionAgeMs: 4 * minute })
    expect(candidates[0]!.distanceM).toBeCloseTo(400, -1)
    expect(excluded).toEqual([])
  })

  it('the newest position first where the place is not known', () => {
    const { candidates } = recommend({
      at: undefined,
      units: [aUnit({ unitNumber: 'a', positionAtMs: startMs - 2 * minute }), aUnit({ unitNumber: 'b' })],
    })
    expect(candidates.map(({ unit, distanceM }) => [unit.unitNumber, distanceM])).toEqual([
      ['b', undefined],
      ['a', undefined],
    ])
  })

  it.each([
    ['off duty', { unit: aUnit({ state: 'off-duty' }) }, 'off-duty', 'is off duty'],
    ['out of service', { unit: aUnit({ state: 'out-of-service' }) }, 'out-of-service', 'is out of service'],
    [
      'at another case',
      { unit: aUnit({ state: 'en-route' }), open: [anAssignment({ caseType: 'sos', caseId: 's-9' })] },
      'busy',
      'is on the way for SOS s-9',
    ],
    [
      'that has declined',
      { unit: aUnit(), ofCase: [anAssignment({ state: 'declined', reason: 'flat tyre' })] },
      'declined',
      'declined this case: flat tyre',
    ],
    [
      'without what is needed',
      { unit: aUnit({ capabilities: ['first-aid'] }), needs: ['ladder', 'first-aid', 'boat'] },
      'missing-capability',
      'lacks ladder, boat',
    ],
    [
      'that never said where it is',
      { unit: aUnit({ position: undefined, positionAtMs: undefined }) },
      'no-position',
      'has not said where it is',
    ],
    [
      'not heard from for too long',
      { unit: aUnit({ positionAtMs: startMs - 63 * minute - 17_000 }) },
      'stale-position',
      'was last heard from 1 h 3 min ago',
    ],
  ])('not a unit %s, and why', (_, { unit, ...rest }, code, text) => {
    const { candidates, excluded } = recommend({ units: [{ ...unit, id: 'u-1' }], ...rest })
    expect(candidates).toEqual([])
    expect(excluded).toEqual([{ unit: expect.objectContaining({ id: 'u-1' }), reasons: [{ code, text }] }])
  })

  it('tells every reason there is, not only the first', () => {
    const unit = aUnit({ state: 'off-duty', positionAtMs: startMs - 11 * minute })
    expect(recommend({ units: [unit], needs: ['boat'] }).excluded[0]!.reasons.map(({ code }) => code)).toEqual([
      'off-duty',
      'missing-capability',
      'stale-position',
    ])
  })

  it('a position is fresh to the very limit, and one from the future is new', () => {
    const at = (positionAtMs: number) => recommend({ units: [aUnit({ positionAtMs })] }).candidates[0]?.positionAgeMs
    expect([at(startMs - 10 * minute), at(startMs - 10 * minute - 1), at(startMs + minute)]).toEqual([
      10 * minute,
      undefined,
      0,
    ])
  })

  it('every unit is either recommended or excluded with a reason, never both, in order of distance', () => {
    const anyUnit = fc.record({
      state: fc.constantFrom(...unitStates),
      north: fc.double({ min: 0, max: 50_000, noNaN: true }),
      ageMs: fc.integer({ min: -minute, max: 30 * minute }),
      capabilities: fc.subarray(['first-aid', 'ladder']),
      isBusy: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(anyUnit, { maxLength: 20 }), fc.subarray(['first-aid', 'ladder']), (drawn, needs) => {
        const units = drawn.map(({ state, north, ageMs, capabilities }, at) =>
          aUnit({
            id: `u-${at}`,
            unitNumber: `P-${at}`,
            state,
            capabilities,
            position: northOf(north),
            positionAtMs: startMs - ageMs,
          }),
        )
        const open = units.filter((_, at) => drawn[at]!.isBusy).map(({ id }) => anAssignment({ unitId: id }))
        const { candidates, excluded } = recommend({ units, needs, open })
        expect([...candidates, ...excluded].map(({ unit }) => unit.id).sort()).toEqual(units.map(({ id }) => id).sort())
        expect(excluded.every(({ reasons }) => reasons.length > 0)).toBe(true)
        const distances = candidates.map(({ distanceM }) => distanceM!)
        expect(distances).toEqual([...distances].sort((a, b) => a - b))
      }),
    )
  })
})
