import { describe, expect, it } from 'vitest'
import type { Alert, AlertRule } from '../../contracts/alert.ts'
import type { Area } from '../../contracts/area.ts'
import type { RuleCondition } from '../../contracts/rule-condition.ts'
import { groupAlerts } from '../../dashboard/src/alerts/alert-order.ts'
import { describeRule } from '../../dashboard/src/alerts/rules/describe-rule.ts'
import { emptyDraft, readDraft, toDraft, withKind } from '../../dashboard/src/alerts/rules/rule-draft.ts'

const schedule = { timeZone: 'Asia/Kolkata', days: [1, 2], from: '22:00', to: '06:00' }
const circle = { type: 'circle', center: { latitude: 28.6, longitude: 77.2 }, radiusM: 500 } as const
const square: Area = {
  type: 'polygon',
  corners: [
    { latitude: 28.6, longitude: 77.2 },
    { latitude: 28.7, longitude: 77.2 },
    { latitude: 28.7, longitude: 77.3 },
  ],
}

const conditions: readonly (readonly [RuleCondition, string])[] = [
  [
    {
      type: 'above',
      kind: 'air-quality',
      field: 'pm25',
      raise: 35,
      clear: 30,
      holdS: 300,
      steps: [{ raise: 80, severity: 'critical' }],
      schedule,
    },
    'Raises a high alert when PM2.5 is above 35 µg/m³ for 5 min on any Air quality device. Clears below 30 µg/m³. Critical above 80 µg/m³. Watched on Mon, Tue from 22:00 to 06:00 the next day (Asia/Kolkata).',
  ],
  [
    { type: 'below', kind: 'noise', field: 'laeqDb', raise: 20, clear: 25, holdS: 0, deviceId: 'ear-1', area: circle },
    'Raises a high alert when LAeq is below 20 dB(A) on ear-1 within 500 m of 28.60000, 77.20000. Clears above 25 dB(A).',
  ],
  [
    { type: 'no-data', kind: 'noise', afterS: 150 },
    'Raises a high alert when nothing is heard for 2 min 30 s on any Noise device.',
  ],
  [
    { type: 'frozen', kind: 'noise', field: 'laeqDb', afterS: 3600 },
    'Raises a high alert when LAeq does not move at all for 1 h on any Noise device.',
  ],
  [
    {
      type: 'rate',
      kind: 'air-quality',
      field: 'pm25',
      direction: 'rising',
      raise: 2,
      clear: 1,
      windowS: 600,
      holdS: 0,
    },
    'Raises a high alert when PM2.5 rises by more than 2 µg/m³ a minute over 10 min on any Air quality device. Clears below 1 µg/m³ a minute.',
  ],
  [
    {
      type: 'all',
      kind: 'air-quality',
      holdS: 60,
      area: square,
      parts: [
        { type: 'above', field: 'pm25', raise: 35, clear: 30 },
        { type: 'below', field: 'co2', raise: 300, clear: 350 },
      ],
    },
    'Raises a high alert when PM2.5 is above 35 µg/m³ and CO₂ is below 300 ppm for 1 min on any Air quality device within an area of 3 corners.',
  ],
  [
    {
      type: 'area-mean',
      kind: 'air-quality',
      field: 'pm25',
      direction: 'above',
      raise: 60,
      clear: 50,
      windowS: 900,
      devicesMin: 3,
      area: circle,
    },
    'Raises a high alert when the mean PM2.5 over 15 min is above 60 µg/m³ among the Air quality devices within 500 m of 28.60000, 77.20000, if 3 or more report. Clears below 50 µg/m³.',
  ],
]

const aRule = (condition: RuleCondition): AlertRule => ({
  id: 'rule-1',
  name: 'A rule',
  severity: 'high',
  enabled: true,
  builtIn: false,
  updatedAtMs: 0,
  condition,
})

describe('a rule', () => {
  it.each(conditions)('of type $type reads as one would say it', (condition, words) => {
    expect(describeRule(aRule(condition))).toBe(words)
  })

  it('says what it does to others, and when it is told again', () => {
    const rule = {
      ...aRule({ type: 'no-data', kind: 'noise', afterS: 60 }),
      escalateAfterMin: 10,
      inhibits: ['a', 'b'],
    }
    expect(describeRule(rule)).toMatch(/for 10 min\. Keeps alerts of 2 other rules quiet meanwhile\.$/)
  })

  it.each(conditions)('of type $type is the same after it was opened in the form and saved', (condition) => {
    const rule = { ...aRule(condition), escalateAfterMin: 5, inhibits: ['rule-2'] }
    const { input } = readDraft(toDraft(rule))
    const { name, severity, enabled, escalateAfterMin, inhibits } = rule
    // JSON has no undefined.
    expect(JSON.parse(JSON.stringify(input))).toEqual({
      name,
      severity,
      enabled,
      condition,
      escalateAfterMin,
      inhibits,
    })
  })
})

describe('the form of a rule', () => {
  const draft = { ...emptyDraft('noise'), name: 'Loud', raise: '70', clear: '60' }

  it.each([
    [{ raise: '' }, /^raise/],
    [{ raise: 'loud' }, /^raise/],
    [{ clear: '80' }, /^clear: an "above" rule clears/],
    [{ name: '' }, /^name/],
    [{ area: '28.6, 77.2' }, /^Area/],
    [{ area: '28.6, north, 5' }, /^Area/],
    [{ isScheduled: true, timeZone: 'Mars/Olympus' }, /time zone/],
    [{ type: 'area-mean' }, /area/],
  ] as const)('says what is wrong with %j', (change, problem) => {
    expect(readDraft({ ...draft, ...change }).problem).toMatch(problem)
    expect(readDraft(draft).problem).toBeUndefined()
  })

  it('asks for quantities of its kind only', () => {
    const { field, parts } = withKind(draft, 'air-quality')
    expect([field, ...parts.map((part) => part.field)]).toEqual(['pm25', 'pm25', 'pm25'])
  })
})

describe('the list of alerts', () => {
  const alert = (id: string, stormId?: string, state: Alert['state'] = 'firing') => ({ id, stormId, state }) as Alert

  it('shows a storm once, where the first of it stands, and what is over by itself', () => {
    const groups = groupAlerts([
      alert('a', 's'),
      alert('b'),
      alert('c', 's'),
      alert('d', 't'),
      alert('e', 's', 'resolved'),
    ])
    expect(groups.map((group) => group.map(({ id }) => id))).toEqual([['a', 'c'], ['b'], ['d'], ['e']])
  })
})
