import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatRows, percentile } from '../../bench/table.ts'

describe('percentile', () => {
  it.each([
    [[5], 0.99, 5],
    [[1, 2, 3, 4], 0.5, 2],
    [[4, 3, 2, 1], 1, 4],
    [Array.from({ length: 100 }, (_none, at) => at + 1), 0.99, 99],
  ])('of %j at %d', (values, share, expected) => {
    expect(percentile(values, share)).toBe(expected)
  })

  it('is one of the values, with at least that share at or below it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer(), { minLength: 1 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (values, share) => {
          const found = percentile(values, share)
          expect(values).toContain(found)
          expect(values.filter((value) => value <= found).length / values.length).toBeGreaterThanOrEqual(share - 1e-9)
        },
      ),
    )
  })

  it('of nothing is not a number', () => {
    expect(percentile([], 0.5)).toBeNaN()
  })
})

describe('a result table', () => {
  it('says in words whether a target was met, and nothing of a yardstick', () => {
    const lines = formatRows('Speed', [
      { what: 'yardstick', measured: '9/s', figures: { n: 1 } },
      { what: 'ours', measured: '8/s', target: '>= 5/s', isMet: true, figures: { n: 12_000, x: 0.5 } },
      { what: 'theirs', measured: '3/s', target: '>= 5/s', isMet: false, figures: {} },
    ])
    expect(lines[3]).not.toMatch(/met|MISSED/)
    expect(lines[4]).toMatch(/8\/s {2}>= 5\/s {2}met +12,000 +0\.50$/)
    expect(lines[5]).toContain('MISSED')
  })
})
