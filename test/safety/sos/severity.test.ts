import fc from 'fast-check'
import { expect, test } from 'vitest'
import { severities } from '../../../contracts/severity.ts'
import { sosTriggers } from '../../../contracts/sos.ts'
import { createLocalHours, rateSeverity, type SeverityFacts } from '../../../safety/sos/severity.ts'

const plain: SeverityFacts = { trigger: 'manual', pressCount: 1, isDuress: false, pinFailures: 0, localHour: 12 }

test.each([
  ['a press by hand', {}, 'high', ['pressed by hand']],
  ['a shake', { trigger: 'shake' }, 'medium', ['shaken']],
  ['a shake at night', { trigger: 'shake', localHour: 23 }, 'high', ['shaken', 'at night']],
  ['early in the morning', { localHour: 4 }, 'critical', ['pressed by hand', 'at night']],
  ['at five it is day', { localHour: 5 }, 'high', ['pressed by hand']],
  ['a low battery', { batteryPct: 15 }, 'critical', ['pressed by hand', 'battery at 15 %']],
  ['a battery that will do', { batteryPct: 16 }, 'high', ['pressed by hand']],
  ['three presses', { pressCount: 3 }, 'critical', ['pressed by hand', 'pressed again and again']],
  [
    'duress, whatever else',
    { trigger: 'ai', isDuress: true },
    'critical',
    ['recognised by software', 'cancelled under duress'],
  ],
] as const)('%s', (_, facts, severity, reasons) => {
  expect(rateSeverity({ ...plain, ...facts })).toEqual({ severity, reasons })
})

test('more reasons never make it less severe', () => {
  const facts = fc.record({
    trigger: fc.constantFrom(...sosTriggers),
    batteryPct: fc.option(fc.integer({ min: 0, max: 100 }), { nil: undefined }),
    pressCount: fc.integer({ min: 1, max: 9 }),
    isDuress: fc.boolean(),
    pinFailures: fc.integer({ min: 0, max: 3 }),
    localHour: fc.integer({ min: 0, max: 23 }),
  })
  fc.assert(
    fc.property(facts, (given) => {
      const rank = (more: Partial<SeverityFacts>) => severities.indexOf(rateSeverity({ ...given, ...more }).severity)
      expect(rank({ isDuress: true })).toBe(severities.length - 1)
      expect(rank({ batteryPct: 1 })).toBeGreaterThanOrEqual(rank({ batteryPct: 90 }))
      expect(rank({ localHour: 2 })).toBeGreaterThanOrEqual(rank({ localHour: 12 }))
    }),
  )
})

test('the hour is that of the city', () => {
  const midnightUtc = Date.UTC(2026, 0, 5)
  expect(createLocalHours('UTC')(midnightUtc)).toBe(0)
  expect(createLocalHours('Asia/Kolkata')(midnightUtc)).toBe(5)
})
