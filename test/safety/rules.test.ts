import { expect, test } from 'vitest'
import { alertRuleInputSchema } from '../../contracts/alert.ts'
import { kinds } from '../../contracts/kinds/index.ts'
import { createAlertDesk } from '../../safety/index.ts'
import { deriveBuiltInRules } from '../../safety/rules/built-in-rules.ts'
import { silentLog } from '../store/records/fixture.ts'
import { aClear, anAlertDesk, aRaise, pm25RuleId } from './fixture.ts'

const input = {
  name: 'Very loud',
  severity: 'medium',
  condition: { type: 'above', kind: 'noise', field: 'laeq', raise: 80, clear: 70, holdS: 60 },
}
const noiseField = Object.keys(kinds.find((kind) => kind.id === 'noise')!.fields)[0]!
input.condition.field = noiseField

test('every kind brings its thresholds, a no-data rule and, where it can freeze, a frozen rule', () => {
  const rules = deriveBuiltInRules(kinds)
  expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length)
  for (const kind of kinds) {
    const own = rules.filter(({ condition }) => condition.kind === kind.id)
    const limits = kind.thresholds.flatMap((t) => [t.raiseAbove, t.raiseBelow]).filter((limit) => limit !== undefined)
    const frozenCount = kind.frozenAfterS === undefined ? 0 : 1
    expect(own).toHaveLength(limits.length + 1 + frozenCount)
    expect(own.find(({ condition }) => condition.type === 'no-data')).toMatchObject({
      severity: 'low',
      condition: { afterS: kind.reportEveryS * 5 },
    })
    for (const rule of own) expect(alertRuleInputSchema.safeParse(rule).error).toBeUndefined()
  }
})

test('a built-in threshold says what the descriptor says', async () => {
  const { desk } = await anAlertDesk()
  expect(await desk.rules.get(pm25RuleId)).toMatchObject({
    name: 'Air quality: PM2.5 above 35 µg/m³',
    severity: 'high',
    enabled: true,
    builtIn: true,
    condition: { type: 'above', kind: 'air-quality', field: 'pm25', raise: 35, clear: 30, holdS: 300 },
  })
})

test('a restart publishes all rules, and leaves alone what an operator changed', async () => {
  const { desk, records, bus, clock, listen } = await anAlertDesk()
  const condition = { type: 'above', kind: 'air-quality', field: 'pm25', raise: 60, clear: 50, holdS: 0 }
  await desk.rules.update({ ruleId: pm25RuleId, patch: { condition }, by: 'asha' })
  await desk.rules.update({ ruleId: 'noise.no-data', patch: { enabled: false }, by: 'asha' })
  const before = await desk.rules.all()

  const events = listen('rules-changed')
  const restarted = createAlertDesk({ records, bus, now: clock.now, log: silentLog })
  await restarted.start()
  expect(events).toEqual([{ rules: before }])
  expect(await restarted.rules.get(pm25RuleId)).toMatchObject({ condition, enabled: true })
  expect(await restarted.rules.get('noise.no-data')).toMatchObject({ enabled: false })
})

test('a new version’s descriptors replace rules that nobody touched, and end the alerts of those that went', async () => {
  const { desk, records, bus, clock, openAlerts } = await anAlertDesk()
  await desk.apply([aRaise(), aRaise(0, { ruleId: 'air-quality.no-data', value: undefined })])
  const next = kinds.map((kind) =>
    kind.id === 'air-quality' ? { ...kind, thresholds: kind.thresholds.slice(1), reportEveryS: 60 } : kind,
  )
  const restarted = createAlertDesk({ records, bus, now: clock.now, log: silentLog, kinds: next })
  await restarted.start()
  await expect(restarted.rules.get(pm25RuleId)).rejects.toMatchObject({ code: 'rule-not-found' })
  expect(await restarted.rules.get('air-quality.no-data')).toMatchObject({ condition: { afterS: 300 } })
  expect(await openAlerts()).toEqual([])
  const { items } = await restarted.list({ limit: 10 })
  expect(items.map(({ resolvedBy }) => resolvedBy)).toEqual(['system', 'system'])
})

test('a rule of one’s own is made, changed and deleted, and everybody hears', async () => {
  const { desk, records, listen } = await anAlertDesk()
  const events = listen('rules-changed')
  const rule = await desk.rules.create({ input, by: 'asha' })
  expect(rule).toMatchObject({ ...input, enabled: true, builtIn: false })
  const changed = await desk.rules.update({ ruleId: rule.id, patch: { severity: 'critical' }, by: 'asha' })
  expect(changed).toEqual({ ...rule, severity: 'critical' })
  await desk.rules.delete({ ruleId: rule.id, by: 'asha' })
  await expect(desk.rules.get(rule.id)).rejects.toMatchObject({ code: 'rule-not-found' })
  const present = events.map(({ rules }) => rules.find(({ id }) => id === rule.id)?.severity)
  expect(present).toEqual(['medium', 'critical', undefined])
  const { items } = await records.audit.list({ limit: 10, subject: `rule:${rule.id}` })
  expect(items.map(({ action, actor }) => [action, actor])).toEqual([
    ['rule-deleted', 'asha'],
    ['rule-changed', 'asha'],
    ['rule-created', 'asha'],
  ])
})

test.each([
  ['nothing', undefined, 'invalid-rule'],
  ['a list', [], 'invalid-rule'],
  ['no name', { ...input, name: ' ' }, 'invalid-rule'],
  ['an unknown kind', { ...input, condition: { ...input.condition, kind: 'moon-phase' } }, 'unknown-kind'],
  ['an unknown field', { ...input, condition: { ...input.condition, field: 'colour' } }, 'unknown-field'],
  ['a field of every object', { ...input, condition: { ...input.condition, field: 'constructor' } }, 'unknown-field'],
  ['a clear beyond the raise', { ...input, condition: { ...input.condition, clear: 90 } }, 'invalid-rule'],
  ['an unknown type', { ...input, condition: { ...input.condition, type: 'sideways' } }, 'invalid-rule'],
  ['no number', { ...input, condition: { ...input.condition, raise: Number.NaN } }, 'invalid-rule'],
])('a rule with %s is refused', async (_, wrong, code) => {
  const { desk } = await anAlertDesk()
  const before = await desk.rules.all()
  await expect(desk.rules.create({ input: wrong, by: 'asha' })).rejects.toMatchObject({ family: 'invalid', code })
  expect(await desk.rules.all()).toEqual(before)
})

test.each([
  ['switched off', { enabled: false }],
  ['given another condition', { condition: { ...input.condition, raise: 85 } }],
  ['pointed at one device', { condition: { ...input.condition, deviceId: 'ear-9' } }],
])('a rule that is %s ends its open alerts, with the reason', async (_, patch) => {
  const { desk, alertEvents, openAlerts } = await anAlertDesk()
  const rule = await desk.rules.create({ input, by: 'asha' })
  await desk.apply([aRaise(0, { ruleId: rule.id, deviceId: 'ear-1' }), aRaise()])
  await desk.rules.update({ ruleId: rule.id, patch, by: 'asha' })
  expect((await openAlerts()).map(({ ruleId }) => ruleId)).toEqual([pm25RuleId])
  const { alert, change } = alertEvents.at(-1)!
  expect(change).toBe('resolved')
  expect(alert).toMatchObject({ ruleId: rule.id, state: 'resolved', resolvedBy: 'asha' })
  expect((await desk.notes(alert.id)).at(-1)).toMatchObject({ action: 'resolved', text: expect.stringMatching(/rule/) })
})

test.each([
  ['its name', { name: 'Louder' }],
  ['its severity', { severity: 'low' }],
  ['nothing', {}],
  ['its condition to the same', { condition: { ...input.condition, deviceId: null } }],
])('changing %s leaves open alerts alone', async (_, patch) => {
  const { desk, openAlerts } = await anAlertDesk()
  const rule = await desk.rules.create({ input, by: 'asha' })
  await desk.apply([aRaise(0, { ruleId: rule.id, deviceId: 'ear-1' })])
  const changed = await desk.rules.update({ ruleId: rule.id, patch, by: 'asha' })
  expect(await openAlerts()).toHaveLength(1)
  expect(JSON.stringify(changed.condition)).toBe(JSON.stringify(rule.condition))
})

test('a patch that does not mention it does not switch a rule on', async () => {
  const { desk } = await anAlertDesk()
  await desk.rules.update({ ruleId: pm25RuleId, patch: { enabled: false }, by: 'asha' })
  const rule = await desk.rules.update({ ruleId: pm25RuleId, patch: { name: 'PM2.5', enabled: undefined }, by: 'asha' })
  expect(rule).toMatchObject({ name: 'PM2.5', enabled: false })
})

test('a rule that is switched off raises nothing; switched on again it does, even at an earlier time', async () => {
  const { desk, openAlerts } = await anAlertDesk()
  await desk.apply([aRaise(600)])
  await desk.rules.update({ ruleId: pm25RuleId, patch: { enabled: false }, by: 'asha' })
  await desk.apply([aRaise(700)])
  expect(await openAlerts()).toEqual([])
  await desk.rules.update({ ruleId: pm25RuleId, patch: { enabled: true }, by: 'asha' })
  await desk.apply([aRaise(300)])
  expect(await openAlerts()).toHaveLength(1)
  await desk.apply([aClear(400)])
  expect(await openAlerts()).toEqual([])
})

test('built-in rules cannot be deleted, nor can rules that are not there', async () => {
  const { desk } = await anAlertDesk()
  await expect(desk.rules.delete({ ruleId: pm25RuleId, by: 'asha' })).rejects.toMatchObject({ code: 'rule-built-in' })
  await expect(desk.rules.delete({ ruleId: 'none', by: 'asha' })).rejects.toMatchObject({ code: 'rule-not-found' })
  await expect(desk.rules.update({ ruleId: 'none', patch: {}, by: 'asha' })).rejects.toMatchObject({
    code: 'rule-not-found',
  })
})

test('switching off a rule with five thousand open alerts ends them all in one step', async () => {
  const { desk, alertEvents, openAlerts } = await anAlertDesk()
  await desk.apply(Array.from({ length: 5000 }, (_, at) => aRaise(0, { deviceId: `air-${at}` })))
  alertEvents.splice(0)
  await desk.rules.update({ ruleId: pm25RuleId, patch: { enabled: false }, by: 'asha' })
  expect(await openAlerts()).toEqual([])
  expect(alertEvents).toHaveLength(5000)
  expect((await desk.notes(alertEvents[4999]!.alert.id)).map(({ action }) => action)).toEqual([
    'raised',
    'joined-storm',
    'resolved',
  ])
})
