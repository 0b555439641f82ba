import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  clearState,
  isFiringState,
  noStep,
  type RuleState,
  stepFrozen,
  stepThreshold,
} from '../../ingest/rules/evaluate.ts'

const above = { type: 'above', kind: 'noise', field: 'laeqDb', raise: 70, clear: 65, holdS: 10 } as const
const below = { ...above, type: 'below', raise: 20, clear: 25 } as const
const frozen = { type: 'frozen', kind: 'noise', field: 'laeqDb', afterS: 60 } as const

type Step = readonly [atS: number, value: number]

function run(step: (state: RuleState, atMs: number, value: number) => typeof noStep, steps: readonly Step[]) {
  let state: RuleState = clearState
  return steps.map(([atS, value]) => {
    const result = step(state, atS * 1000, value)
    if (result !== noStep) state = result.state
    return result.edge
  })
}

describe('a threshold', () => {
  it.each<[string, readonly Step[], readonly (string | undefined)[]]>([
    [
      'raises when the hold is over',
      [
        [0, 71],
        [9, 71],
        [10, 71],
      ],
      [undefined, undefined, 'raise'],
    ],
    [
      'starts the hold over after a dip',
      [
        [0, 71],
        [5, 70],
        [6, 71],
        [12, 71],
        [16, 71],
      ],
      [undefined, undefined, undefined, undefined, 'raise'],
    ],
    [
      'stays raised between clear and raise',
      [
        [0, 71],
        [10, 71],
        [20, 66],
        [30, 65],
      ],
      [undefined, 'raise', undefined, undefined],
    ],
    [
      'clears below clear',
      [
        [0, 71],
        [10, 71],
        [20, 64],
      ],
      [undefined, 'raise', 'clear'],
    ],
    [
      'is not beyond at the limit itself',
      [
        [0, 70],
        [100, 70],
      ],
      [undefined, undefined],
    ],
  ])('%s', (_name, steps, edges) => {
    expect(run((state, at, value) => stepThreshold(above, state, at, value), steps)).toEqual(edges)
    const mirrored = steps.map(([at, value]) => [at, 90 - value] as const)
    expect(run((state, at, value) => stepThreshold(below, state, at, value), mirrored)).toEqual(edges)
  })

  it('raises at once without a hold', () => {
    expect(stepThreshold({ ...above, holdS: 0 }, clearState, 0, 71).edge).toBe('raise')
  })

  it('alternates raise and clear whatever comes, and only ever raises beyond the limit', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 55, max: 80 })), { maxLength: 60 }),
        (gaps) => {
          let at = 0
          const steps = gaps.map(([gap, value]) => {
            at += gap
            return [at, value] as const
          })
          const edges = run((state, atMs, value) => stepThreshold(above, state, atMs, value), steps)
          const told = edges.flatMap((edge, i) => (edge ? [[edge, steps[i]![1]] as const] : []))
          told.forEach(([edge, value], i) => {
            expect(edge).toBe(i % 2 === 0 ? 'raise' : 'clear')
            expect(edge === 'raise' ? value > 70 : value < 65).toBe(true)
          })
        },
      ),
    )
  })
})

describe('a frozen sensor', () => {
  it.each<[string, readonly Step[], readonly (string | undefined)[]]>([
    [
      'is raised when the value has not moved long enough',
      [
        [0, 5],
        [59, 5],
        [60, 5],
        [90, 5],
      ],
      [undefined, undefined, 'raise', undefined],
    ],
    [
      'is cleared by the smallest movement',
      [
        [0, 5],
        [60, 5],
        [61, 5.0001],
      ],
      [undefined, 'raise', 'clear'],
    ],
    [
      'is not raised by a value that returns',
      [
        [0, 5],
        [30, 6],
        [61, 5],
        [100, 5],
      ],
      [undefined, undefined, undefined, undefined],
    ],
  ])('%s', (_name, steps, edges) => {
    expect(run((state, at, value) => stepFrozen(frozen, state, at, value), steps)).toEqual(edges)
  })

  it('that is known to be raised waits for a movement it can see', () => {
    const first = stepFrozen(frozen, { phase: 'firing' }, 0, 5)
    expect(first.edge).toBeUndefined()
    expect(isFiringState(first.state)).toBe(true)
    expect(stepFrozen(frozen, first.state, 1000, 6).edge).toBe('clear')
  })
})
