import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Alert, AlertRule, RuleTransition } from '../../contracts/alert.ts'
import type { Severity } from '../../contracts/severity.ts'
import { decideTransitions } from '../../safety/alerts/transitions.ts'
import type { TransitionProgress } from '../../store/index.ts'
import { aClear, aRaise, pm25RuleId } from './fixture.ts'

const rule: AlertRule = {
  id: pm25RuleId,
  name: 'Air quality: PM2.5 above 35 µg/m³',
  severity: 'high',
  enabled: true,
  builtIn: true,
  updatedAtMs: 0,
  condition: { type: 'above', kind: 'air-quality', field: 'pm25', raise: 35, clear: 30, holdS: 300 },
}

/** Tables of alerts and progress, as small as can be. */
function aModel(rules: readonly AlertRule[] = [rule]) {
  const alerts = new Map<string, Alert>()
  let progress: readonly TransitionProgress[] = []
  let ids = 0
  return {
    alerts: () => [...alerts.values()],
    open: () => [...alerts.values()].filter((alert) => alert.state !== 'resolved'),
    resolve(alert: Alert) {
      alerts.set(alert.id, { ...alert, state: 'resolved', resolvedAtMs: 1, resolvedBy: 'asha' })
    },
    apply(batch: readonly RuleTransition[]) {
      const outcome = decideTransitions(batch, {
        rules: new Map(rules.map((known) => [known.id, known])),
        open: this.open(),
        progress,
        nowMs: 0,
        makeId: () => `alert-${ids++}`,
      })
      for (const alert of [...outcome.cleared, ...outcome.raised, ...outcome.changed]) alerts.set(alert.id, alert)
      const moved = new Set(outcome.progress.map((of) => `${of.ruleId} ${of.deviceId}`))
      progress = [...progress.filter((of) => !moved.has(`${of.ruleId} ${of.deviceId}`)), ...outcome.progress]
      return outcome
    },
  }
}

/** What the pipeline says of one device: raise and clear in turn, forward in time. */
const story = fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 1, maxLength: 12 }).map((gaps) => {
  let atS = 0
  return gaps.map((gap, index) => {
    atS += gap
    return index % 2 === 0 ? aRaise(atS) : aClear(atS)
  })
})
/** Stories of three devices, one after the other. */
const stories = fc
  .tuple(story, story, story)
  .map((three) => three.flatMap((told, at) => told.map((step) => ({ ...step, deviceId: `air-${at}` }))))

function inBatches(transitions: readonly RuleTransition[], sizes: readonly number[]): RuleTransition[][] {
  const batches: RuleTransition[][] = []
  let from = 0
  for (const size of [...sizes, transitions.length]) {
    batches.push(transitions.slice(from, from + size))
    from += size
  }
  return batches.filter((batch) => batch.length > 0)
}

const told = (alerts: readonly Alert[]) =>
  alerts.map(({ deviceId, state, raisedAtMs, resolvedAtMs }) => ({ deviceId, state, raisedAtMs, resolvedAtMs }))

describe('a story told in order', () => {
  test('is one alert per raise, however it is cut into batches', () => {
    fc.assert(
      fc.property(stories, fc.array(fc.integer({ min: 1, max: 7 }), { maxLength: 10 }), (transitions, sizes) => {
        const model = aModel()
        for (const batch of inBatches(transitions, sizes)) model.apply(batch)
        expect(model.alerts()).toHaveLength(transitions.filter(({ type }) => type === 'raise').length)
        const whole = aModel()
        whole.apply(transitions)
        expect(told(model.alerts())).toEqual(told(whole.alerts()))
      }),
    )
  })

  test('comes to the same when a crash has its end told again from any point', () => {
    fc.assert(
      fc.property(stories, fc.array(fc.nat({ max: 40 }), { maxLength: 5 }), (transitions, restarts) => {
        const once = aModel()
        once.apply(transitions)
        const again = aModel()
        let from = 0
        for (const upTo of [...restarts, transitions.length]) {
          // Applied up to here, then the pipeline starts again a little earlier.
          again.apply(transitions.slice(from, Math.max(from, upTo)))
          from = Math.min(upTo, Math.floor(transitions.length / 2))
        }
        again.apply(transitions.slice(from))
        expect(told(again.alerts())).toEqual(told(once.alerts()))
      }),
    )
  })
})

test('told twice, shuffled and in batches, the newest word stands and nothing is open twice', () => {
  const shuffled = stories.chain((transitions) =>
    fc.shuffledSubarray([...transitions, ...transitions], {
      minLength: transitions.length * 2,
      maxLength: transitions.length * 2,
    }),
  )
  fc.assert(
    fc.property(shuffled, fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 20 }), (transitions, sizes) => {
      const model = aModel()
      for (const batch of inBatches(transitions, sizes)) {
        model.apply(batch)
        const open = model.open().map(({ deviceId }) => deviceId)
        expect(open).toHaveLength(new Set(open).size)
      }
      for (const deviceId of new Set(transitions.map((step) => step.deviceId))) {
        const own = transitions.filter((step) => step.deviceId === deviceId)
        const newest = own.reduce((a, b) => (b.atMs > a.atMs ? b : a))
        const isOpen = model.open().some((alert) => alert.deviceId === deviceId)
        expect(isOpen).toBe(newest.type === 'raise')
      }
    }),
  )
})

test('a raise that comes again does not reopen what an operator resolved', () => {
  fc.assert(
    fc.property(story, (transitions) => {
      const model = aModel()
      model.apply(transitions)
      for (const alert of model.open()) model.resolve(alert)
      model.apply(transitions)
      model.apply([...transitions].reverse())
      expect(model.open()).toEqual([])
    }),
  )
})

test('a clear that is older than the raise is ignored', () => {
  const model = aModel()
  model.apply([aRaise(100)])
  model.apply([aClear(50)])
  expect(model.open()).toHaveLength(1)
})

test('a raise that a later clear overtook does not open an alert', () => {
  const model = aModel()
  expect(model.apply([aClear(100)]).progress).toHaveLength(1)
  model.apply([aRaise(50)])
  expect(model.alerts()).toEqual([])
})

test('two readings of one time may raise and clear, in the order they came', () => {
  const model = aModel()
  model.apply([aRaise(10), aClear(10)])
  expect(model.open()).toEqual([])
  expect(model.alerts()).toHaveLength(1)
  const other = aModel()
  other.apply([aRaise(5), aClear(10), aRaise(10)])
  expect(other.open()).toHaveLength(1)
})

test('a raise while the alert is open makes no second one, and keeps an older clear from ending it', () => {
  const model = aModel()
  model.apply([aRaise(10)])
  const outcome = model.apply([aRaise(30)])
  expect(outcome).toMatchObject({ raised: [], notes: [] })
  model.apply([aClear(20)])
  expect(model.open()).toHaveLength(1)
})

test.each([
  ['unknown', []],
  ['switched off', [{ ...rule, enabled: false }]],
])('a raise of a rule that is %s does nothing, and does not stand in the way later', (_, rules) => {
  const model = aModel(rules)
  const outcome = model.apply([aRaise(10)])
  expect(outcome).toEqual({ cleared: [], raised: [], changed: [], notes: [], progress: [] })
})

test('the alert says what happened', () => {
  const model = aModel()
  const { raised, notes } = model.apply([aRaise(10)])
  expect(raised).toMatchObject([
    { severity: 'high', message: 'PM2.5 is 41.2 µg/m³, above 35 for 5 min', value: 41.23, ruleName: rule.name },
  ])
  expect(notes).toMatchObject([{ action: 'raised', by: 'rule', alertId: raised[0]!.id }])
})

describe('a level', () => {
  const level = (atS: number, severity: Severity) => aRaise(atS, { type: 'level', severity })

  test('makes an open alert graver or less grave, and says so', () => {
    const model = aModel()
    model.apply([aRaise(0)])
    const { changed, notes } = model.apply([level(5, 'critical'), level(9, 'medium')])
    expect(changed).toMatchObject([{ severity: 'medium', state: 'firing' }])
    expect(notes.map(({ action, text }) => [action, text])).toEqual([
      ['severity-changed', 'high to critical'],
      ['severity-changed', 'critical to medium'],
    ])
  })

  test('of a raise is the severity of the alert', () => {
    const model = aModel()
    model.apply([aRaise(0, { severity: 'critical' })])
    expect(model.open()).toMatchObject([{ severity: 'critical' }])
  })

  test.each<[string, RuleTransition[], Severity | undefined]>([
    ['without an alert', [level(5, 'critical')], undefined],
    ['after the alert', [aRaise(0), aClear(3), level(5, 'critical')], undefined],
    ['from before the alert', [aRaise(10), level(5, 'critical')], 'high'],
    ['that is overtaken', [aRaise(0), level(9, 'medium'), level(5, 'critical')], 'medium'],
    ['from before the alert was cleared and raised', [aRaise(0), aClear(3), aRaise(4), level(2, 'critical')], 'high'],
  ])('%s changes nothing', (_, transitions, severity) => {
    const model = aModel()
    for (const transition of transitions) model.apply([transition])
    expect(model.open().map((alert) => alert.severity)).toEqual(severity === undefined ? [] : [severity])
  })

  test('told twice, however it is cut into batches, ends where it ends told once', () => {
    const severity = fc.constantFrom<Severity>('low', 'medium', 'high', 'critical')
    fc.assert(
      fc.property(fc.array(severity, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 4 })), (told, sizes) => {
        const steps = [aRaise(0), ...told.map((to, at) => level(at + 1, to))]
        const model = aModel()
        for (const batch of [...inBatches(steps, sizes), ...inBatches(steps, sizes)]) model.apply(batch)
        expect(model.open().map((alert) => alert.severity)).toEqual([told.at(-1) ?? 'high'])
      }),
    )
  })
})
