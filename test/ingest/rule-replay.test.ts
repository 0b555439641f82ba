import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RuleCondition } from '../../contracts/rule-condition.ts'
import { replayRule } from '../../ingest/rules/replay.ts'
import { aPipeline, aRule, noonMs } from '../support/pipeline-harness.ts'

const minuteMs = 60_000
const above = { type: 'above', kind: 'air-quality', field: 'pm25', raise: 35, clear: 30, holdS: 120 } as const

/** A pipeline with readings a minute apart, from noon on; `undefined` is a minute without one. */
async function withReadings(
  byDevice: Readonly<Record<string, readonly (number | undefined)[]>>,
  rules = [aRule(above)],
) {
  const harness = await aPipeline({ rules })
  const live = []
  const length = Math.max(...Object.values(byDevice).map((values) => values.length))
  for (let at = 0; at < length; at++) {
    harness.nowMs = noonMs + at * minuteMs
    const messages = Object.entries(byDevice).flatMap(([deviceId, values]) =>
      values[at] === undefined ? [] : [{ deviceId, body: { ts: harness.nowMs, pm25: values[at] } }],
    )
    if (messages.length > 0) live.push(...(await harness.send(...messages)))
  }
  const period = { fromMs: noonMs, toMs: noonMs + length * minuteMs }
  return { harness, live, period }
}

describe('a rule replayed over history', () => {
  it('tells what it would have done, from when to when and how bad, and up to what it was read', async () => {
    const { harness, period } = await withReadings({
      'aq-1': [40, 41, 44, 50, 36, 20, 40, 40, 40],
      'aq-2': [20, 20, 20, 20, 20, 20, 20, 20, 20],
    })
    expect(await replayRule(harness.store, { rule: aRule(above, { enabled: false }), ...period })).toEqual({
      alerts: [
        {
          deviceId: 'aq-1',
          raisedAtMs: noonMs + 2 * minuteMs,
          clearedAtMs: noonMs + 5 * minuteMs,
          peak: 50,
          severity: 'high',
        },
        { deviceId: 'aq-1', raisedAtMs: noonMs + 8 * minuteMs, clearedAtMs: undefined, peak: 40, severity: 'high' },
      ],
      alertCount: 2,
      deviceCount: 2,
      readingCount: 18,
      replayedToMs: period.toMs,
      isCutShort: false,
    })
  })

  it('tells of the devices that are asked for, and only of those that stand in its area', async () => {
    const high = [40, 40, 40, 40]
    const { harness, period } = await withReadings({ 'aq-1': high, 'aq-2': high, 'aq-3': high })
    const devicesOf = async (deviceIds: string[] | undefined, inArea?: string[]) => {
      const area = { type: 'circle', center: { latitude: 0, longitude: 0 }, radiusM: 1 } as const
      const rule = { ...aRule(inArea ? { ...above, area } : above), deviceIds: inArea }
      const { alerts } = await replayRule(harness.store, { rule, ...period, deviceIds })
      return alerts.map(({ deviceId }) => deviceId)
    }
    expect(await devicesOf(undefined)).toEqual(['aq-1', 'aq-2', 'aq-3'])
    expect(await devicesOf(['aq-2', 'aq-9'])).toEqual(['aq-2'])
    expect(await devicesOf(undefined, ['aq-1', 'aq-3'])).toEqual(['aq-1', 'aq-3'])
    expect(await devicesOf(['aq-2', 'aq-3'], ['aq-1', 'aq-3'])).toEqual(['aq-3'])
    expect(await devicesOf(undefined, [])).toEqual([])
  })

  it('finds the silence between readings, and the one that goes on', async () => {
    const gap = [1, 1, undefined, undefined, undefined, undefined, 1, undefined, undefined, undefined, undefined]
    const { harness, period } = await withReadings({ 'aq-1': gap, 'aq-2': gap.map(() => 1) })
    const rule = aRule({ type: 'no-data', kind: 'air-quality', afterS: 180 })
    const { alerts } = await replayRule(harness.store, { rule, ...period })
    expect(
      alerts.map(({ deviceId, raisedAtMs, clearedAtMs: end }) => [deviceId, raisedAtMs - noonMs, end && end - noonMs]),
    ).toEqual([
      ['aq-1', 4 * minuteMs, 6 * minuteMs],
      ['aq-1', 9 * minuteMs, undefined],
    ])
  })

  it('looks at the mean of an area as the watch would', async () => {
    const { harness, period } = await withReadings({
      'aq-1': Array(40).fill(20),
      'aq-2': [...Array(10).fill(20), ...Array(20).fill(80), ...Array(10).fill(20)],
    })
    const rule = {
      ...aRule({
        type: 'area-mean',
        kind: 'air-quality',
        field: 'pm25',
        direction: 'above',
        raise: 45,
        clear: 40,
        windowS: 300,
        devicesMin: 2,
        area: { type: 'circle', center: { latitude: 0, longitude: 0 }, radiusM: 1 },
      }),
      deviceIds: ['aq-1', 'aq-2'],
    }
    const { alerts, deviceCount } = await replayRule(harness.store, { rule, ...period })
    expect(deviceCount).toBe(2)
    expect(alerts).toMatchObject([{ deviceId: '~area', peak: 50 }])
    expect((alerts[0]!.raisedAtMs - noonMs) / minuteMs).toBeGreaterThan(13)
    expect((alerts[0]!.clearedAtMs! - noonMs) / minuteMs).toBeLessThan(36)
    const alone = { ...rule, deviceIds: ['aq-2'] }
    expect((await replayRule(harness.store, { rule: alone, ...period })).alertCount).toBe(0)
  })

  it('is cut short when there is too much to read, and says so', async () => {
    const { harness, period } = await withReadings({ 'aq-1': Array(30).fill(40) })
    const limits = { readingsMax: 10, alertsMax: 500, areaLooksMax: 10 }
    const replay = await replayRule(harness.store, { rule: aRule(above), ...period }, limits)
    expect(replay).toMatchObject({ readingCount: 10, isCutShort: true, replayedToMs: noonMs + 10 * minuteMs })
  })

  it('counts alerts beyond those it lists', async () => {
    const { harness, period } = await withReadings({ 'aq-1': [40, 20, 40, 20, 40, 20] })
    const rule = aRule({ ...above, holdS: 0 })
    const replay = await replayRule(
      harness.store,
      { rule, ...period },
      { readingsMax: 99, alertsMax: 2, areaLooksMax: 9 },
    )
    expect([replay.alerts.length, replay.alertCount]).toEqual([2, 3])
  })

  it('does what was done live, for every condition that looks at readings', async () => {
    const conditions: readonly RuleCondition[] = [
      { ...above, steps: [{ raise: 60, severity: 'critical' }] },
      { ...above, type: 'below', raise: 20, clear: 25 },
      { type: 'frozen', kind: 'air-quality', field: 'pm25', afterS: 120 },
      {
        type: 'rate',
        kind: 'air-quality',
        field: 'pm25',
        direction: 'either',
        raise: 8,
        clear: 2,
        windowS: 240,
        holdS: 0,
      },
      {
        type: 'any',
        kind: 'air-quality',
        holdS: 0,
        parts: [
          { type: 'above', field: 'pm25', raise: 70, clear: 60 },
          { type: 'below', field: 'pm25', raise: 5, clear: 10 },
        ],
      },
      { ...above, holdS: 0, schedule: { timeZone: 'UTC', days: [4], from: '12:05', to: '12:20' } },
    ]
    const values = fc.array(fc.option(fc.integer({ min: 0, max: 90 }), { nil: undefined }), {
      minLength: 30,
      maxLength: 30,
    })
    const [first, second] = fc.sample(values, { numRuns: 2, seed: 7 })
    const rules = conditions.map((condition, at) => aRule(condition, { id: `rule-${at}` }))
    const { harness, live, period } = await withReadings({ 'aq-1': first!, 'aq-2': second! }, rules)
    for (const rule of rules) {
      const raised = live.filter(({ ruleId, type }) => ruleId === rule.id && type === 'raise')
      const { alerts } = await replayRule(harness.store, { rule, ...period })
      const key = ({ deviceId, atMs }: { deviceId: string; atMs: number }) => `${deviceId} ${atMs}`
      expect(alerts.map(({ deviceId, raisedAtMs }) => key({ deviceId, atMs: raisedAtMs })).sort(), rule.id).toEqual(
        raised.map(key).sort(),
      )
    }
    expect(live.length).toBeGreaterThan(10)
  })
})
