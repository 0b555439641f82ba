import { describe, expect, it } from 'vitest'
import type { WatchedRule } from '../../contracts/alert.ts'
import type { AreaMean, AreaMeanQuery } from '../../contracts/ports/time-series.ts'
import { areaStepMs, createAreaWatch } from '../../ingest/rules/area-watch.ts'
import { aRule } from '../support/pipeline-harness.ts'

const condition = {
  type: 'area-mean',
  kind: 'air-quality',
  field: 'pm25',
  direction: 'above',
  raise: 60,
  clear: 50,
  windowS: 600,
  devicesMin: 3,
  area: { type: 'circle', center: { latitude: 28.6, longitude: 77.2 }, radiusM: 1000 },
} as const
const rule: WatchedRule = { ...aRule(condition), deviceIds: ['aq-1', 'aq-2', 'aq-3'] }

function aWatch(rules: readonly WatchedRule[] = [rule]) {
  const asked: AreaMeanQuery[] = []
  let found: AreaMean | undefined
  let atMs = 0
  const watch = createAreaWatch({
    areaMean: async (query) => {
      asked.push(query)
      return found
    },
  })
  watch.setRules(rules)
  return {
    watch,
    asked,
    look: (mean: number | undefined, deviceCount = 3) => {
      found = mean === undefined ? undefined : { mean, deviceCount }
      atMs += areaStepMs
      return watch.look(atMs)
    },
  }
}

describe('a rule about an area', () => {
  it('raises one alert for all of it, with hysteresis', async () => {
    const { look, asked } = aWatch()
    expect(await look(60)).toEqual([])
    expect(await look(61)).toMatchObject([{ type: 'raise', deviceId: '~area', kind: 'air-quality', value: 61 }])
    expect(await look(51)).toEqual([])
    expect(await look(49)).toMatchObject([{ type: 'clear', value: 49 }])
    expect(asked[0]).toEqual({
      kind: 'air-quality',
      field: 'pm25',
      fromMs: areaStepMs - 600_000,
      toMs: areaStepMs,
      deviceIds: rule.deviceIds,
    })
  })

  it('says nothing while too few devices report, or none', async () => {
    const { look } = aWatch()
    expect(await look(99, 2)).toEqual([])
    expect(await look(99)).toHaveLength(1)
    expect(await look(1, 2)).toEqual([])
    expect(await look(undefined)).toEqual([])
  })

  it('goes on from what is open after a restart', async () => {
    const { watch, look } = aWatch()
    watch.reset([{ ruleId: rule.id, deviceId: '~area', kind: 'air-quality' }])
    expect(await look(70)).toEqual([])
    expect(await look(40)).toMatchObject([{ type: 'clear' }])
  })

  it('keeps its state while other rules change, and loses it with its own condition', async () => {
    const { watch, look } = aWatch()
    await look(70)
    watch.setRules([{ ...rule, deviceIds: ['aq-9'] }])
    expect(await look(70)).toEqual([])
    watch.setRules([{ ...rule, condition: { ...condition, raise: 65 } }])
    expect(await look(70)).toMatchObject([{ type: 'raise' }])
  })

  it('that is switched off, or of another sort, is not looked at', async () => {
    const noise = aRule({ type: 'no-data', kind: 'noise', afterS: 60 })
    const { look, asked } = aWatch([{ ...rule, enabled: false }, noise])
    expect(await look(99)).toEqual([])
    expect(asked).toEqual([])
  })

  it('is looked at once per step, and not while it is being looked at', async () => {
    const { watch, asked } = aWatch()
    await Promise.all([watch.look(areaStepMs), watch.look(areaStepMs), watch.look(areaStepMs + 1)])
    await watch.look(2 * areaStepMs - 1)
    expect(asked).toHaveLength(1)
  })

  it('outside of its hours clears, and asks nobody', async () => {
    const schedule = { timeZone: 'UTC', days: [4], from: '00:00', to: '00:01' }
    const { look, asked } = aWatch([{ ...rule, condition: { ...condition, schedule } }])
    expect(await look(70)).toHaveLength(1)
    expect(await look(70)).toMatchObject([{ type: 'clear' }])
    expect(await look(70)).toEqual([])
    expect(asked).toHaveLength(1)
  })
})
