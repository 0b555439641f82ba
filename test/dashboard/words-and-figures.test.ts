import { describe, expect, it } from 'vitest'
import { airQuality } from '../../contracts/kinds/air-quality.ts'
import { binLevel } from '../../contracts/kinds/bin-level.ts'
import { kinds } from '../../contracts/kinds/index.ts'
import type { Kind } from '../../contracts/kinds/kind.ts'
import { gaugeScale, gaugeShare, limitPassed, limitsOf } from '../../dashboard/src/devices/gauge-scale.ts'
import { appendLive, summarise, toChartData } from '../../dashboard/src/devices/history-points.ts'
import { decodeAnswer } from '../../dashboard/src/http/decode.ts'
import { layOutHex } from '../../dashboard/src/quarantine/hex.ts'
import { matchPath } from '../../dashboard/src/routing/match-path.ts'
import { formatAge, formatBytes } from '../../dashboard/src/ui/format.ts'
import { markNames, marks } from '../../dashboard/src/ui/shapes.ts'

describe('marks', () => {
  it.each(['label', 'token', 'rank'] as const)('no two share their %s', (property) => {
    expect(new Set(markNames.map((name) => marks[name][property])).size).toBe(markNames.length)
  })

  it('no two share outline and detail, so that none is told by colour alone', () => {
    const shapes = markNames.map((name) => `${marks[name].path}|${marks[name].detail}|${marks[name].solid}`)
    expect(new Set(shapes).size).toBe(markNames.length)
  })
})

describe('answers of the API', () => {
  it('have their times as epoch milliseconds and nothing as null', () => {
    const answer = { raisedAt: '2025-11-21T08:00:00.500Z', resolvedAt: null, notes: [{ at: '2025-11-21T08:00:00Z' }] }
    expect(decodeAnswer(answer)).toEqual({
      raisedAtMs: Date.UTC(2025, 10, 21, 8, 0, 0, 500),
      notes: [{ atMs: Date.UTC(2025, 10, 21, 8) }],
    })
  })

  it('keep what people wrote as they wrote it', () => {
    const labels = { installedAt: '2025-11-21T08:00:00Z', note: null }
    expect(decodeAnswer({ labels })).toEqual({ labels })
    expect(decodeAnswer({ format: 'flat', at: 'noon' })).toEqual({ format: 'flat', at: 'noon' })
  })
})

describe('paths', () => {
  it.each([
    ['/', '/', {}],
    ['/devices', '/devices/', {}],
    ['/devices/:id', '/devices/a%2Fb', { id: 'a/b' }],
    ['/devices/:id', '/devices', undefined],
    ['/devices/:id', '/devices/a/b', undefined],
    ['/devices/:id', '/devices/%E0%A4%A', undefined],
  ])('%s against %s', (pattern, path, expected) => {
    expect(matchPath(pattern, path)).toEqual(expected)
  })
})

describe('history', () => {
  it('breaks the line where a device was silent too long to know', () => {
    const points = [0, 10_000, 100_000].map((atMs) => ({ atMs, value: 1 }))
    expect(toChartData(points, 30_000)).toEqual([
      [0, 10, 55, 100],
      [1, 1, null, 1],
    ])
  })

  it('takes from the feed only what is newer than what was read', () => {
    const stored = [{ atMs: 10, value: 1 }]
    expect(appendLive(stored, [{ atMs: 10, value: 1 }])).toBe(stored)
    expect(appendLive(stored, [{ atMs: 11, value: 2 }])).toEqual([...stored, { atMs: 11, value: 2 }])
  })

  it('sums up many points without running out of stack', () => {
    const points = Array.from({ length: 300_000 }, (_none, value) => ({ atMs: value, value }))
    expect(summarise(points)).toEqual({ min: 0, mean: 149_999.5, max: 299_999 })
    expect(summarise([])).toBeUndefined()
  })
})

describe('gauges', () => {
  it.each(kinds.map((kind) => [kind.id, kind] as const))(
    '%s: its card has a scale with every limit on it',
    (_id, kind) => {
      const field = kind.card.primary
      const scale = gaugeScale({ kind, field, value: kind.fields[field]!.min })
      expect(scale.max).toBeGreaterThan(scale.min)
      for (const { value } of limitsOf(kind, field)) {
        expect(gaugeShare(scale, value)).toBeGreaterThan(0)
        expect(gaugeShare(scale, value)).toBeLessThan(1)
      }
    },
  )

  it('end at a round number above the value, and never beyond the range of the field', () => {
    const scaleFor = (value: number) => gaugeScale({ kind: airQuality as Kind, field: 'pm25', value }).max
    expect([scaleFor(10), scaleFor(103), scaleFor(900)]).toEqual([100, 200, 1000])
  })

  it('name the gravest limit passed, on the side it lies', () => {
    const limits = limitsOf(binLevel as Kind, 'batteryPct')
    expect(limitPassed(limits, 9)).toEqual({ value: 10, severity: 'low', side: 'below' })
    expect(limitPassed(limits, 10)).toBeUndefined()
  })
})

describe('figures in words', () => {
  it.each([
    [-5000, '0 s'],
    [99_000, '99 s'],
    [150_000, '3 min'],
    [7_200_000, '2 h'],
    [3 * 86_400_000, '3 d'],
  ])('an age of %d ms is %s', (spanMs, words) => {
    expect(formatAge(spanMs)).toBe(words)
  })

  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1536, '1.5 KiB'],
    [5 * 1024 ** 3, '5.0 GiB'],
  ])('%d bytes are %s', (bytes, words) => {
    expect(formatBytes(bytes)).toBe(words)
  })

  it('hex is laid out with offsets and letters, unprintable ones as dots', () => {
    const bytes = Buffer.from('{"pm25":12.5}\n\u00ff', 'latin1')
    expect(layOutHex(bytes.toString('hex'))).toBe(
      '0000  7b 22 70 6d 32 35 22 3a 31 32 2e 35 7d 0a ff     {"pm25":12.5}..',
    )
    expect(layOutHex('')).toBe('')
    expect(layOutHex('00'.repeat(17)).split('\n')[1]).toMatch(/^0010 {2}00 /)
  })
})
