import { describe, expect, test } from 'vitest'
import { areaSource } from '../../contracts/rule-condition.ts'
import { aClear, anAlertDesk, aRaise, pm25RuleId } from './fixture.ts'

const gone = 'air-quality.no-data'
const input = {
  name: 'Power cut',
  severity: 'high',
  condition: { type: 'above', kind: 'air-quality', field: 'co2', raise: 5000, clear: 4000, holdS: 0 },
}

async function twoRules(condition: object = input.condition) {
  const fixture = await anAlertDesk()
  const rule = await fixture.desk.rules.create({
    input: { ...input, condition, inhibits: [pm25RuleId, gone] },
    by: 'asha',
  })
  const quiet = async () =>
    (await fixture.openAlerts())
      .filter(({ inhibitedBy }) => inhibitedBy !== undefined)
      .map(({ ruleId, deviceId }) => `${ruleId} ${deviceId}`)
  return { ...fixture, rule, quiet }
}

describe('an alert of a rule that inhibits others', () => {
  test('makes those of the same device quiet, whichever came first, until it is over', async () => {
    const { desk, rule, quiet, alertEvents } = await twoRules()
    await desk.apply([aRaise(), aRaise(0, { deviceId: 'air-2' })])
    await desk.apply([aRaise(1, { ruleId: rule.id })])
    await desk.apply([aRaise(2, { ruleId: gone })])
    expect((await quiet()).sort()).toEqual([`${gone} air-1`, `${pm25RuleId} air-1`])
    await desk.apply([aClear(9, { ruleId: rule.id })])
    expect(await quiet()).toEqual([])
    expect(alertEvents.map(({ change }) => change).filter((change) => change.startsWith('inhib'))).toEqual([
      'inhibited',
      'inhibition-ended',
      'inhibition-ended',
    ])
  })

  test('lets them go also when somebody resolves it, or its rule no longer inhibits', async () => {
    const { desk, rule, quiet, openAlerts } = await twoRules()
    await desk.apply([aRaise(), aRaise(0, { ruleId: rule.id })])
    expect(await quiet()).toHaveLength(1)
    const inhibitor = (await openAlerts()).find(({ ruleId }) => ruleId === rule.id)!
    await desk.resolve({ alertId: inhibitor.id, by: 'asha' })
    expect(await quiet()).toEqual([])
    await desk.apply([aClear(1, { ruleId: rule.id }), aRaise(2, { ruleId: rule.id })])
    expect(await quiet()).toHaveLength(1)
    await desk.rules.update({ ruleId: rule.id, patch: { inhibits: [] }, by: 'asha' })
    await expect.poll(quiet).toEqual([])
  })

  test('inhibits nothing while it is inhibited itself, so that two never make each other quiet', async () => {
    const { desk, rule, quiet } = await twoRules()
    await desk.rules.update({ ruleId: pm25RuleId, patch: { inhibits: [rule.id] }, by: 'asha' })
    await desk.apply([aRaise(), aRaise(0, { ruleId: rule.id })])
    expect(await quiet()).toHaveLength(1)
    await desk.tick()
    expect(await quiet()).toHaveLength(1)
  })

  test('of an area makes those of the devices in the area quiet', async () => {
    const center = { latitude: 28.6, longitude: 77.2 }
    const { desk, rule, quiet, records } = await twoRules({
      type: 'area-mean',
      kind: 'air-quality',
      field: 'pm25',
      direction: 'above',
      raise: 60,
      clear: 50,
      windowS: 600,
      devicesMin: 1,
      area: { type: 'circle', center, radiusM: 1000 },
    })
    await records.devices.register({ id: 'air-1', kinds: [], labels: {}, position: center })
    await desk.apply([aRaise(), aRaise(0, { deviceId: 'air-2' }), aRaise(0, { ruleId: rule.id, deviceId: areaSource })])
    expect(await quiet()).toEqual([`${pm25RuleId} air-1`])
  })
})

describe('an alert that nobody acknowledges', () => {
  const minuteMs = 60_000
  async function escalating() {
    const fixture = await anAlertDesk()
    await fixture.desk.rules.update({ ruleId: pm25RuleId, patch: { escalateAfterMin: 10 }, by: 'asha' })
    await fixture.desk.apply([aRaise()])
    const [alert] = await fixture.openAlerts()
    const escalated = () => fixture.alertEvents.filter(({ change }) => change === 'escalated').length
    return { ...fixture, id: alert!.id, escalated }
  }

  test('is escalated once, after the minutes of its rule', async () => {
    const { desk, clock, id, escalated } = await escalating()
    clock.advance(10 * minuteMs - 1)
    await desk.tick()
    expect(escalated()).toBe(0)
    clock.advance(1)
    await desk.tick()
    await desk.tick()
    expect(escalated()).toBe(1)
    expect((await desk.notes(id)).at(-1)).toMatchObject({ action: 'escalated', by: 'system' })
  })

  test('is not while it is silenced, and is when the silence is over', async () => {
    const { desk, clock, id, escalated } = await escalating()
    await desk.silence({ alertId: id, by: 'asha', durationS: 3600, reason: 'works' })
    clock.advance(30 * minuteMs)
    await desk.tick()
    expect(escalated()).toBe(0)
    clock.advance(30 * minuteMs)
    await desk.tick()
    expect(escalated()).toBe(1)
  })

  test('never is once somebody has it, nor without minutes', async () => {
    const { desk, clock, id, escalated } = await escalating()
    await desk.acknowledge({ alertId: id, by: 'asha' })
    await desk.apply([aRaise(0, { ruleId: gone })])
    clock.advance(60 * minuteMs)
    await desk.tick()
    expect(escalated()).toBe(0)
  })
})
