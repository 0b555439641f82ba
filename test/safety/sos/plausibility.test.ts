import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Fix, isPlausible } from '../../../safety/sos/plausibility.ts'

const home: Fix = { latitude: 19, longitude: 72.8, observedAtMs: 0, isPlausible: true }
/** So many metres north, so many seconds later. */
const at = (northM: number, afterS: number, accuracyM?: number): Omit<Fix, 'isPlausible'> => ({
  latitude: 19 + northM / 111_195,
  longitude: 72.8,
  observedAtMs: afterS * 1000,
  accuracyM,
})

test.each([
  ['walking', at(15, 10), true],
  ['a car', at(300, 10), true],
  ['a train', at(2000, 30), true],
  ['a jump across the city in a second', at(10_000, 1), false],
  ['the same, by a receiver that may be a kilometre off', at(1050, 1, 1000), true],
  ['one that says it may be anywhere is not believed', at(10_000, 1, 1e9), false],
  ['the same distance in an hour', at(10_000, 3600), true],
  ['a clock that went back', at(15, -10), true],
])('%s', (_, next, expected) => {
  expect(isPlausible(next, [home])).toBe(expected)
})

test('the first is believed', () => {
  expect(isPlausible(at(0, 0), [])).toBe(true)
})

test('three in a row that agree with each other are right, two are not, and what disagrees is not counted', () => {
  const far = [at(20_000, 1), at(20_010, 2), at(20_020, 3)]
  const doubted = (fix: Omit<Fix, 'isPlausible'>) => ({ ...fix, isPlausible: false })
  expect(isPlausible(far[1]!, [home, doubted(far[0]!)])).toBe(false)
  expect(isPlausible(far[2]!, [home, doubted(far[0]!), doubted(far[1]!)])).toBe(true)
  expect(isPlausible(far[2]!, [home, doubted(far[0]!), doubted(at(-20_000, 2))])).toBe(false)
})

test('nobody who moves slower than the limit is ever doubted', () => {
  const steps = fc.array(fc.record({ northM: fc.integer({ min: -690, max: 690 }), afterS: fc.constant(10) }), {
    maxLength: 30,
  })
  fc.assert(
    fc.property(steps, (moves) => {
      const trail: Fix[] = [home]
      let [northM, atS] = [0, 0]
      for (const move of moves) {
        northM += move.northM
        atS += move.afterS
        const next = at(northM, atS)
        expect(isPlausible(next, trail)).toBe(true)
        trail.push({ ...next, isPlausible: true })
      }
    }),
  )
})
