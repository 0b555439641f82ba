import fc from 'fast-check'
import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { createAlertDesk } from '../../safety/index.ts'
import { createScope } from '../../store/records/scope.ts'
import { recordsKey, silentLog, startMs } from '../store/records/fixture.ts'
import { aClear, anAlertDesk, aRaise, pm25RuleId } from './fixture.ts'

test('a raise makes one firing alert, published once it is stored', async () => {
  const { desk, alertEvents, openAlerts, clock } = await anAlertDesk()
  clock.advance(60_000)
  await desk.apply([aRaise()])
  const [alert] = await openAlerts()
  expect(alert).toMatchObject({
    ruleId: pm25RuleId,
    deviceId: 'air-1',
    kind: 'air-quality',
    severity: 'high',
    state: 'firing',
    value: 41.23,
    raisedAtMs: startMs,
    updatedAtMs: startMs + 60_000,
  })
  expect(alertEvents).toEqual([{ alert, change: 'raised' }])
})

test('two raises at once make one open alert', async () => {
  const { desk, openAlerts, alertEvents } = await anAlertDesk()
  await Promise.all([desk.apply([aRaise(0)]), desk.apply([aRaise(1)]), desk.apply([aRaise(0)])])
  expect(await openAlerts()).toHaveLength(1)
  expect(alertEvents).toHaveLength(1)
})

test('two desks on one store make one open alert between them', async () => {
  const { desk, records, bus, clock, openAlerts } = await anAlertDesk()
  const other = createAlertDesk({ records, bus, now: clock.now, log: silentLog })
  const raises = Array.from({ length: 30 }, (_, at) => [aRaise(at)])
  await Promise.all(raises.map((raise, at) => (at % 2 ? desk : other).apply(raise)))
  expect(await openAlerts()).toHaveLength(1)
})

test('the database itself refuses a second open alert of a rule and device', async () => {
  const { desk, records, openAlerts, path, bus, clock } = await anAlertDesk()
  await desk.apply([aRaise()])
  const [alert] = await openAlerts()
  expect(await records.alerts.insertOpen([{ ...alert!, id: 'second' }])).toEqual(new Set())
  const scope = createScope({ path, key: recordsKey, bus, now: clock.now })
  onTestFinished(() => scope.db.destroy())
  const forced =
    sql`insert into alerts (id, rule_id, rule_name, device_id, kind, severity, state, message, raised_at_ms,
    updated_at_ms) values ('x', ${pm25RuleId}, 'r', 'air-1', 'k', 'low', 'acknowledged', 'm', 1, 1)`.execute(scope.db)
  await expect(forced).rejects.toThrow(/UNIQUE/)
})

test('a clear resolves the alert in the name of its rule, acknowledged or not', async () => {
  const { desk, alertEvents } = await anAlertDesk()
  await desk.apply([aRaise(0), aRaise(0, { deviceId: 'air-2' })])
  const [second] = (await desk.list({ limit: 1, deviceId: 'air-2' })).items
  await desk.acknowledge({ alertId: second!.id, by: 'asha' })
  await desk.apply([aClear(60), aClear(61, { deviceId: 'air-2' })])
  const { items } = await desk.list({ limit: 10, states: ['resolved'] })
  expect(items.map(({ deviceId, resolvedBy, resolvedAtMs }) => ({ deviceId, resolvedBy, resolvedAtMs }))).toEqual([
    { deviceId: 'air-2', resolvedBy: 'rule', resolvedAtMs: startMs + 61_000 },
    { deviceId: 'air-1', resolvedBy: 'rule', resolvedAtMs: startMs + 60_000 },
  ])
  expect(alertEvents.map(({ change }) => change)).toEqual(['raised', 'raised', 'acknowledged', 'cleared', 'cleared'])
})

test('transitions delivered again after a restart change nothing', async () => {
  const { desk, records, open, bus, clock, alertEvents } = await anAlertDesk()
  const transitions = [aRaise(0), aClear(60), aRaise(120), aRaise(0, { deviceId: 'air-2' })]
  await desk.apply(transitions)
  const [second] = (await desk.list({ limit: 1, deviceId: 'air-2' })).items
  await desk.resolve({ alertId: second!.id, by: 'asha' })
  const before = await desk.list({ limit: 100 })
  const eventCount = alertEvents.length
  await records.close()

  const again = await open()
  onTestFinished(() => again.close())
  const restarted = createAlertDesk({ records: again, bus, now: clock.now, log: silentLog })
  await restarted.start()
  await restarted.apply(transitions)
  expect(await restarted.list({ limit: 100 })).toEqual(before)
  expect(alertEvents).toHaveLength(eventCount)
})

test('two thousand devices falling silent at once are two thousand alerts, and others get their turn between', async () => {
  const { desk, records, alertEvents } = await anAlertDesk()
  const raises = Array.from({ length: 2000 }, (_, at) => aRaise(0, { deviceId: `air-${at}` }))
  const applied = desk.apply(raises)
  let between = 0
  let isDone = false
  const others = (async () => {
    while (!isDone) {
      await records.isHealthy()
      between += 1
      await new Promise((resolve) => setImmediate(resolve))
    }
  })()
  await applied
  isDone = true
  await others
  expect(await desk.summary()).toMatchObject({ open: 2000 })
  expect(new Set(alertEvents.map(({ alert }) => alert.deviceId)).size).toBe(2000)
  expect(between).toBeGreaterThan(5)
})

test('a batch that fails is not half applied, and the next one is not held up', async () => {
  const { desk, openAlerts, alertEvents } = await anAlertDesk()
  const broken = aRaise(0, { deviceId: 'air-2', value: Number.NaN })
  await expect(desk.apply([aRaise(0), broken])).rejects.toMatchObject({ code: 'unbindable-parameter' })
  expect(await openAlerts()).toEqual([])
  expect(alertEvents).toEqual([])
  await desk.apply([aRaise(0)])
  expect(await openAlerts()).toHaveLength(1)
})

test('acknowledge, assign, comment and resolve are told with who and when', async () => {
  const { desk, records, clock, alertEvents } = await anAlertDesk()
  const ravi = await records.users.create({
    email: 'r@c.example',
    name: 'Ravi',
    role: 'officer',
    password: { hash: 'x', length: 12 },
  })
  await desk.apply([aRaise()])
  const [{ id: alertId } = { id: '' }] = (await desk.list({ limit: 1 })).items
  clock.advance(1000)
  await desk.acknowledge({ alertId, by: 'asha', note: 'looking' })
  clock.advance(1000)
  await desk.assign({ alertId, by: 'asha', to: ravi.id })
  await desk.comment({ alertId, by: ravi.id, note: 'on my way' })
  clock.advance(1000)
  const resolved = await desk.resolve({ alertId, by: ravi.id, note: 'a bonfire' })
  expect(resolved).toMatchObject({
    state: 'resolved',
    acknowledgedBy: 'asha',
    acknowledgedAtMs: startMs + 1000,
    assignedTo: ravi.id,
    resolvedBy: ravi.id,
    resolvedAtMs: startMs + 3000,
  })
  expect(await desk.get(alertId)).toEqual(resolved)
  await desk.comment({ alertId, by: 'asha', note: 'thank you' })
  expect(await desk.notes(alertId)).toEqual([
    { atMs: startMs, by: 'rule', action: 'raised', text: resolved.message },
    { atMs: startMs + 1000, by: 'asha', action: 'acknowledged', text: 'looking' },
    { atMs: startMs + 2000, by: 'asha', action: 'assigned', text: `to ${ravi.id}` },
    { atMs: startMs + 2000, by: ravi.id, action: 'commented', text: 'on my way' },
    { atMs: startMs + 3000, by: ravi.id, action: 'resolved', text: 'a bonfire' },
    { atMs: startMs + 3000, by: 'asha', action: 'commented', text: 'thank you' },
  ])
  expect(alertEvents.map(({ change }) => change)).toEqual([
    'raised',
    'acknowledged',
    'assigned',
    'commented',
    'resolved',
    'commented',
  ])
})

test('of ten operators who acknowledge at once one does, and nine are told so', async () => {
  const { desk } = await anAlertDesk()
  await desk.apply([aRaise()])
  const [alert] = (await desk.list({ limit: 1 })).items
  const attempts = Array.from({ length: 10 }, (_, at) => desk.acknowledge({ alertId: alert!.id, by: `operator-${at}` }))
  const outcomes = await Promise.allSettled(attempts)
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'alert-already-acknowledged' })
  }
  expect(await desk.notes(alert!.id)).toHaveLength(2)
})

test('an alert nobody knows and a person nobody knows are not found, and nothing is written', async () => {
  const { desk, alertEvents } = await anAlertDesk()
  for (const action of ['acknowledge', 'resolve'] as const) {
    await expect(desk[action]({ alertId: 'none', by: 'asha' })).rejects.toMatchObject({ code: 'alert-not-found' })
  }
  await expect(desk.notes('none')).rejects.toMatchObject({ code: 'alert-not-found' })
  await desk.apply([aRaise()])
  const [alert] = (await desk.list({ limit: 1 })).items
  const assigned = desk.assign({ alertId: alert!.id, by: 'asha', to: 'nobody' })
  await expect(assigned).rejects.toMatchObject({ code: 'user-not-found' })
  expect(alertEvents).toHaveLength(1)
})

test('lists newest first in pages, and by state, severity, kind, device and rule', async () => {
  const { desk } = await anAlertDesk()
  const noise = { ruleId: 'noise.no-data', kind: 'noise', value: undefined }
  await desk.apply([
    ...Array.from({ length: 5 }, (_, at) => aRaise(at, { deviceId: `air-${at}` })),
    aRaise(9, { ...noise, deviceId: 'ear-1' }),
    aClear(10, { deviceId: 'air-0' }),
  ])
  const ids = async (query: object) => (await desk.list({ limit: 100, ...query })).items.map(({ deviceId }) => deviceId)
  expect(await ids({})).toEqual(['ear-1', 'air-4', 'air-3', 'air-2', 'air-1', 'air-0'])
  expect(await ids({ states: ['resolved'] })).toEqual(['air-0'])
  expect(await ids({ states: ['firing', 'acknowledged'], severities: ['high'] })).toHaveLength(4)
  expect(await ids({ severities: ['low', 'critical'] })).toEqual(['ear-1'])
  expect(await ids({ kind: 'noise' })).toEqual(['ear-1'])
  expect(await ids({ ruleId: pm25RuleId, deviceId: 'air-3' })).toEqual(['air-3'])
  const first = await desk.list({ limit: 4 })
  const second = await desk.list({ limit: 4, cursor: first.nextCursor })
  expect([...first.items, ...second.items].map(({ deviceId }) => deviceId)).toEqual(await ids({}))
  expect(second.nextCursor).toBeUndefined()
  expect(await desk.summary()).toEqual({
    open: 5,
    firing: 5,
    acknowledged: 0,
    openBySeverity: { low: 1, medium: 0, high: 4, critical: 0 },
    openByKind: { 'air-quality': 4, noise: 1 },
  })
})

test('operators and the pipeline at once never leave two open alerts or a lost word', async () => {
  const { desk, openAlerts, alertEvents } = await anAlertDesk()
  const step = fc.constantFrom('raise', 'clear', 'acknowledge', 'resolve')
  let atS = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const outcomes = await Promise.allSettled(
        steps.map(async (type) => {
          atS += 1
          if (type === 'raise') return desk.apply([aRaise(atS)])
          if (type === 'clear') return desk.apply([aClear(atS)])
          const [alert] = await openAlerts()
          if (alert) await desk[type]({ alertId: alert.id, by: 'asha' })
        }),
      )
      // Too late is the only fault there is.
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ family: 'conflict' })
      }
      expect((await openAlerts()).length).toBeLessThanOrEqual(1)
    }),
    { numRuns: 40 },
  )
  const { items } = await desk.list({ limit: 1000 })
  for (const alert of items) {
    const newest = alertEvents.filter((event) => event.alert.id === alert.id).at(-1)
    expect(newest?.alert).toEqual(alert)
    const notes = await desk.notes(alert.id)
    expect(notes[0]?.action).toBe('raised')
    expect(notes.filter(({ action }) => action === 'resolved' || action === 'cleared')).toHaveLength(
      alert.state === 'resolved' ? 1 : 0,
    )
  }
})
