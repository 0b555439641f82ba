import { expect, test } from 'vitest'
import type { RuleCondition } from '../../contracts/rule-condition.ts'
import { describeAlert, describeDuration } from '../../safety/alerts/message.ts'

const threshold = { type: 'above', kind: 'air-quality', field: 'pm25', raise: 35, clear: 30, holdS: 300 } as const

test.each<[RuleCondition, number | undefined, string]>([
  [threshold, 40.06, 'PM2.5 is 40.1 µg/m³, above 35 for 5 min'],
  [threshold, undefined, 'PM2.5 above 35 for 5 min'],
  [{ ...threshold, holdS: 0 }, 36, 'PM2.5 is 36 µg/m³, above 35'],
  [
    { type: 'below', kind: 'bin-level', field: 'batteryPct', raise: 10, clear: 20, holdS: 5400 },
    7.6,
    'Battery is 8%, below 10 for 1 h 30 min',
  ],
  [{ type: 'no-data', kind: 'noise', afterS: 150 }, undefined, 'no reading for 2 min 30 s'],
  [{ type: 'frozen', kind: 'air-quality', field: 'pm25', afterS: 3600 }, 12, 'PM2.5 has not moved for 1 h'],
  [{ type: 'above', kind: 'gone', field: 'flux', raise: 1, clear: 1, holdS: 0 }, 2.345, 'flux is 2.35, above 1'],
])('%j at %s reads %s', (condition, value, text) => {
  expect(describeAlert(condition, value)).toBe(text)
})

test.each([
  [0, '0 s'],
  [59, '59 s'],
  [60, '1 min'],
  [3661, '1 h 1 min 1 s'],
  [86_400, '24 h'],
])('%d seconds are %s', (seconds, text) => {
  expect(describeDuration(seconds)).toBe(text)
})
