import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  clearState,
  firingState,
  isFiringState,
  noStep,
  type RuleEdge,
  type RuleState,
  type RuleStep,
  stepOutside,
  stepThreshold,
} from '../../ingest/rules/evaluate.ts'
import { type PartsCondition, stepParts } from '../../ingest/rules/parts.ts'
import { type RateCondition, stepRate, windowSamplesMax } from '../../ingest/rules/rate.ts'
import { createSchedule } from '../../ingest/rules/schedule.ts'

type Told = readonly [RuleEdge, string | undefined] | undefined

/** Runs a rule over steps of time and value. @returns what each step told */
function run<T>(
  step: (state: RuleState, atMs: number, value: T) => RuleStep,
  steps: readonly (readonly [number, T])[],
) {
  let state: RuleState = clearState
  return steps.map(([atS, value]): Told => {
    const result = step(state, atS * 1000, value)
    if (result === noStep) return undefined
    state = result.state
    return result.edge && [result.edge, result.severity]
  })
}

describe('a threshold with steps', () => {
  const steps = [
    { raise: 80, severity: 'high' },
    { raise: 90, severity: 'critical' },
  ] as const
  const above = { type: 'above', raise: 70, clear: 65, holdS: 0, steps } as const
  const below = {
    type: 'below',
    raise: 30,
    clear: 35,
    holdS: 0,
    steps: steps.map((s) => ({ ...s, raise: 100 - s.raise })),
  } as const

  it.each<[string, readonly number[], readonly Told[]]>([
    [
      'rises step by step',
      [71, 81, 91],
      [
        ['raise', undefined],
        ['level', 'high'],
        ['level', 'critical'],
      ],
    ],
    [
      'rises several at once',
      [71, 95],
      [
        ['raise', undefined],
        ['level', 'critical'],
      ],
    ],
    ['raises at the step it begins beyond', [85, 86], [['raise', 'high'], undefined]],
    [
      'falls only when it is back by the gap',
      [85, 76, 75, 74],
      [['raise', 'high'], undefined, undefined, ['level', 'medium']],
    ],
    [
      'falls to its own severity and clears below',
      [95, 66, 64],
      [
        ['raise', 'critical'],
        ['level', 'medium'],
        ['clear', undefined],
      ],
    ],
    ['is not beyond at the limit itself', [71, 80], [['raise', undefined], undefined]],
  ])('%s', (_, values, told) => {
    const told1 = run(
      (state, at, value: number) => stepThreshold(above, state, at, value, 'medium'),
      values.map((v, i) => [i, v]),
    )
    expect(told1).toEqual(told)
    const mirrored = run(
      (state, at, value: number) => stepThreshold(below, state, at, value, 'medium'),
      values.map((v, i) => [i, 100 - v]),
    )
    expect(mirrored).toEqual(told)
  })

  it('says where it stands when only the fire is known, as after a restart', () => {
    expect(stepThreshold(above, firingState, 0, 68, 'medium')).toMatchObject({ edge: 'level', severity: 'medium' })
    expect(stepThreshold(above, firingState, 0, 92, 'medium')).toMatchObject({ edge: 'level', severity: 'critical' })
  })

  it('ends where a naive walk over all limits ends', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 55, max: 100 }), { maxLength: 40 }), (values) => {
        let state: RuleState = clearState
        let severity: string | undefined
        // The reference: -1 clear, else steps passed; every step is a little threshold of its own.
        let level = -1
        for (const [i, value] of values.entries()) {
          const step = stepThreshold(above, state, i, value, 'medium')
          if (step !== noStep) {
            state = step.state
            if (step.edge === 'raise') severity = step.severity ?? 'medium'
            if (step.edge === 'level') severity = step.severity
            if (step.edge === 'clear') severity = undefined
          }
          if (level === -1 ? value > 70 : value >= 65) {
            level = Math.max(level, 0)
            for (const limit of [80, 90]) if (value > limit) level = Math.max(level, limit / 10 - 7)
            for (const limit of [90, 80]) if (value < limit - 5) level = Math.min(level, limit / 10 - 8)
          } else level = -1
          expect(severity).toBe([undefined, 'medium', 'high', 'critical'][level + 1])
        }
      }),
    )
  })
})

describe('a rate of change', () => {
  const rising: RateCondition = {
    type: 'rate',
    kind: 'bin-level',
    field: 'fillPct',
    direction: 'rising',
    raise: 2,
    clear: 1,
    windowS: 320,
    holdS: 0,
  }
  const edges = (c: RateCondition, steps: readonly (readonly [number, number])[]) =>
    run((state, at, value: number) => stepRate(c, state, at, value), steps).map((told) => told?.[0])
  /** A reading every 20 s: `pace` a minute from the first on. */
  const slope = (pace: number, count: number, from: readonly [number, number] = [0, 10]) =>
    Array.from({ length: count }, (_, i) => [from[0] + i * 20, from[1] + (pace * i) / 3] as const)

  it('is raised once half of the window has been faster than the limit', () => {
    expect(edges(rising, slope(3, 10))).toEqual([...Array(8).fill(undefined), 'raise', undefined])
    expect(edges(rising, slope(1.9, 30)).filter(Boolean)).toEqual([])
  })

  it.each([
    ['rising', 3, true],
    ['rising', -3, false],
    ['falling', 3, false],
    ['falling', -3, true],
    ['either', 3, true],
    ['either', -3, true],
  ] as const)('%s, changing by %d a minute: %s', (direction, pace, isRaised) => {
    expect(edges({ ...rising, direction }, slope(pace, 12)).includes('raise')).toBe(isRaised)
  })

  it('is cleared when it slows down, not between the limits', () => {
    const fast = slope(3, 20)
    const last = fast.at(-1)!
    const slower = slope(1.5, 40, [last[0] + 20, last[1] + 0.5])
    expect(edges(rising, [...fast, ...slower]).filter(Boolean)).toEqual(['raise'])
    const still = slope(0, 40, [last[0] + 20, last[1]])
    expect(edges(rising, [...fast, ...still]).filter(Boolean)).toEqual(['raise', 'clear'])
  })

  it('says nothing of a jump between two neighbours', () => {
    expect(
      edges(rising, [
        [0, 10],
        [20, 90],
        [40, 10],
      ]).filter(Boolean),
    ).toEqual([])
  })

  it('remembers a bounded number of readings, whatever the pace of the device', () => {
    let state: RuleState = clearState
    for (let at = 0; at < 10_000; at++) {
      const step = stepRate(rising, state, at * 100, at)
      if (step !== noStep) state = step.state
    }
    expect(state.phase === 'rate' && state.samples.length / 2).toBeLessThanOrEqual(windowSamplesMax + 1)
  })

  it('agrees with a reference that keeps everything', () => {
    const gap = fc.integer({ min: 1, max: 120 })
    fc.assert(
      fc.property(fc.array(fc.tuple(gap, fc.integer({ min: 0, max: 100 })), { maxLength: 60 }), (gaps) => {
        let atS = 0
        const steps = gaps.map(([gapS, value]) => {
          atS += gapS
          return [atS, value] as const
        })
        const kept: [number, number][] = []
        let isFiring = false
        const expected = steps.map(([at, value]) => {
          const last = kept.at(-1)
          if (last === undefined || at - last[0] >= 10) kept.push([at, value])
          const oldest = kept.find(([keptAt]) => keptAt >= at - 320)
          if (oldest === undefined || at - oldest[0] < 160) return undefined
          const pace = ((value - oldest[1]) / (at - oldest[0])) * 60
          if (!isFiring && pace > 2 + 1e-9) {
            isFiring = true
            return 'raise'
          }
          if (isFiring && pace < 1 - 1e-9) {
            isFiring = false
            return 'clear'
          }
          return undefined
        })
        // Where a pace lies on the limit itself, rounding decides.
        fc.pre(
          steps.every(([at, value]) =>
            kept.every(([keptAt, keptValue]) => ![60, 120].includes(((value - keptValue) / (at - keptAt)) * 3600)),
          ),
        )
        expect(edges(rising, steps)).toEqual(expected)
      }),
    )
  })

  it('that is known to fire clears when it sees a slow window, not before', () => {
    let state: RuleState = firingState
    const told = slope(0, 12).map(([at, value]) => {
      const step = stepRate(rising, state, at * 1000, value)
      if (step !== noStep) state = step.state
      return step.edge
    })
    expect(told).toEqual([...Array(8).fill(undefined), 'clear', undefined, undefined, undefined])
  })
})

describe('several conditions on one reading', () => {
  const parts = [
    { type: 'above', field: 'a', raise: 70, clear: 60 },
    { type: 'below', field: 'b', raise: 10, clear: 20 },
  ] as const
  const condition = (type: 'all' | 'any', holdS = 0): PartsCondition => ({
    type,
    kind: 'noise',
    parts: [...parts],
    holdS,
  })
  const edges = (c: PartsCondition, steps: readonly (readonly [number, readonly [number, number]])[]) =>
    run(
      (state, at, values: readonly [number, number]) => stepParts(c, [0, 1], state, at, Float64Array.from(values)),
      steps,
    ).map((told) => told?.[0])
  const none = Number.NaN

  it.each<[string, PartsCondition, [number, number][], RuleEdge[]]>([
    [
      'all: raised by the last, cleared by the first that is back',
      condition('all'),
      [
        [71, 15],
        [71, 9],
        [59, 9],
      ],
      [undefined, 'raise', 'clear'],
    ],
    [
      'all: each part has its own hysteresis',
      condition('all'),
      [
        [71, 9],
        [61, 19],
        [61, 21],
      ],
      ['raise', undefined, 'clear'],
    ],
    [
      'any: raised by the first, cleared when none is left',
      condition('any'),
      [
        [71, 15],
        [71, 9],
        [59, 9],
        [59, 21],
      ],
      ['raise', undefined, undefined, 'clear'],
    ],
    [
      'a field that is not sent stays as it was',
      condition('all'),
      [
        [71, none],
        [none, 9],
        [none, none],
      ],
      [undefined, 'raise', undefined],
    ],
    ['nothing at the limits themselves', condition('any'), [[70, 10]], [undefined]],
  ])('%s', (_, c, values, told) => {
    expect(
      edges(
        c,
        values.map((value, i) => [i, value]),
      ),
    ).toEqual(told)
  })

  it('has to hold together, and starts over after a break', () => {
    const steps = [
      [0, [71, 9]],
      [8, [59, 9]],
      [9, [71, 9]],
      [18, [71, 9]],
      [19, [71, 9]],
    ] as const
    expect(edges(condition('all', 10), steps)).toEqual([undefined, undefined, undefined, undefined, 'raise'])
  })

  it('agrees with a reference that looks at each part alone', () => {
    const value = fc.oneof(fc.integer({ min: 0, max: 100 }), fc.constant(none))
    fc.assert(
      fc.property(
        fc.constantFrom('all', 'any'),
        fc.array(fc.tuple(value, value), { maxLength: 40 }),
        (type, values) => {
          const holds = [false, false]
          let isFiring = false
          const expected = values.map((pair) => {
            if (pair[0] > 70) holds[0] = true
            if (pair[0] < 60) holds[0] = false
            if (pair[1] < 10) holds[1] = true
            if (pair[1] > 20) holds[1] = false
            const isMet = type === 'all' ? holds.every(Boolean) : holds.some(Boolean)
            const edge = isMet === isFiring ? undefined : isMet ? 'raise' : 'clear'
            isFiring = isMet
            return edge
          })
          expect(
            edges(
              condition(type as 'all'),
              values.map((pair, i) => [i, pair]),
            ),
          ).toEqual(expected)
        },
      ),
    )
  })

  it('that is known to fire goes on until a part is seen past its clear', () => {
    const first = stepParts(condition('all'), [0, 1], firingState, 0, Float64Array.from([65, 15]))
    expect([first.edge, isFiringState(first.state)]).toEqual([undefined, true])
    expect(stepParts(condition('all'), [0, 1], first.state, 1, Float64Array.from([59, 15])).edge).toBe('clear')
  })
})

describe('a schedule', () => {
  const nights = { timeZone: 'Asia/Kolkata', days: [5, 6], from: '22:00', to: '06:00' }
  const local = (text: string, offset = '+05:30') => Date.parse(`${text}:00${offset}`)

  // 2 January 2026 is a Friday.
  it.each([
    ['2026-01-02T21:59', false],
    ['2026-01-02T22:00', true],
    ['2026-01-03T05:59', true],
    ['2026-01-03T06:00', false],
    ['2026-01-04T05:59', true],
    ['2026-01-04T22:00', false],
    // The night before Friday belongs to Thursday.
    ['2026-01-02T05:00', false],
  ])('of nights from Friday to Sunday, at %s: %s', (at, isOpen) => {
    expect(createSchedule(nights)(local(at))).toBe(isOpen)
  })

  it('follows the clocks of its zone when they change', () => {
    const isOpenAt = createSchedule({ timeZone: 'Europe/Berlin', days: [0, 1], from: '08:00', to: '09:00' })
    // Clocks went forward on Sunday, 29 March 2026.
    expect(isOpenAt(local('2026-03-23T08:30', '+01:00'))).toBe(true)
    expect(isOpenAt(local('2026-03-30T08:30', '+02:00'))).toBe(true)
    expect(isOpenAt(local('2026-03-30T08:30', '+01:00'))).toBe(false)
  })

  it('agrees with the calendar at any time, in any order', () => {
    const time = fc.integer({ min: Date.UTC(1975, 0), max: Date.UTC(2035, 0) })
    const zone = fc.constantFrom('Asia/Kolkata', 'Asia/Kathmandu', 'America/New_York', 'Australia/Lord_Howe', 'UTC')
    fc.assert(
      fc.property(zone, fc.array(time, { minLength: 1, maxLength: 5 }), (timeZone, times) => {
        const isOpenAt = createSchedule({ timeZone, days: [1, 2, 3, 4, 5], from: '09:00', to: '17:30' })
        for (const atMs of times) {
          const options = { timeZone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
          const parts = new Intl.DateTimeFormat('en-US', options).formatToParts(atMs)
          const part = (type: string) => parts.find((one) => one.type === type)!.value
          const clock = `${part('hour')}:${part('minute')}`
          const expected = !['Sat', 'Sun'].includes(part('weekday')) && clock >= '09:00' && clock < '17:30'
          expect(isOpenAt(atMs)).toBe(expected)
        }
      }),
    )
  })

  it('ends what is raised when its hours are over', () => {
    expect(stepOutside(firingState)).toEqual({ state: clearState, edge: 'clear' })
    expect(stepOutside({ phase: 'pending', sinceMs: 0 })).toEqual({ state: clearState, edge: undefined })
    expect(stepOutside(clearState)).toBe(noStep)
  })
})
