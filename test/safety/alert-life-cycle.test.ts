import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Alert, alertStates, isLoud } from '../../contracts/alert.ts'
import { AppError } from '../../contracts/errors.ts'
import { type AlertStep, stateAfter, takeStep } from '../../safety/alerts/life-cycle.ts'

const steps: readonly AlertStep[] = [
  { type: 'acknowledge', by: 'asha' },
  { type: 'assign', by: 'asha', to: 'ravi' },
  { type: 'comment', by: 'asha' },
  { type: 'resolve', by: 'asha' },
  { type: 'clear' },
  { type: 'change-severity', to: 'low' },
  { type: 'silence', silenceId: 'silence-1', untilMs: 100 },
  { type: 'end-silence' },
  { type: 'inhibit', by: 'alert-2' },
  { type: 'end-inhibition' },
  { type: 'escalate' },
  { type: 'join-storm', stormId: 'storm-1' },
]

function anAlert(alert: Partial<Alert> = {}): Alert {
  return {
    id: 'alert-1',
    ruleId: 'rule-1',
    ruleName: 'Rule',
    deviceId: 'air-1',
    kind: 'air-quality',
    severity: 'high',
    state: 'firing',
    message: 'too much',
    value: 40,
    raisedAtMs: 1,
    acknowledgedAtMs: undefined,
    acknowledgedBy: undefined,
    resolvedAtMs: undefined,
    resolvedBy: undefined,
    assignedTo: undefined,
    updatedAtMs: 1,
    ...alert,
  }
}

describe('what may follow what', () => {
  test.each([
    ['firing', 'acknowledge', 'acknowledged'],
    ['firing', 'assign', 'firing'],
    ['firing', 'comment', 'firing'],
    ['firing', 'resolve', 'resolved'],
    ['firing', 'clear', 'resolved'],
    ['acknowledged', 'acknowledge', undefined],
    ['acknowledged', 'assign', 'acknowledged'],
    ['acknowledged', 'comment', 'acknowledged'],
    ['acknowledged', 'resolve', 'resolved'],
    ['acknowledged', 'clear', 'resolved'],
    ['resolved', 'acknowledge', undefined],
    ['resolved', 'assign', undefined],
    ['resolved', 'comment', 'resolved'],
    ['resolved', 'resolve', undefined],
    ['resolved', 'clear', undefined],
    ['firing', 'escalate', 'firing'],
    ['acknowledged', 'escalate', undefined],
    ['resolved', 'escalate', undefined],
    ...(['change-severity', 'silence', 'end-silence', 'inhibit', 'end-inhibition', 'join-storm'] as const).flatMap(
      (step) =>
        [
          ['firing', step, 'firing'],
          ['acknowledged', step, 'acknowledged'],
          ['resolved', step, undefined],
        ] as const,
    ),
  ] as const)('%s, %s -> %s', (state, step, next) => {
    expect(stateAfter(state, step)).toBe(next)
  })
})

test.each([
  ['acknowledged', 'acknowledge', 'alert-already-acknowledged', 'acknowledged'],
  ['resolved', 'acknowledge', 'alert-already-resolved', 'acknowledged'],
  ['resolved', 'assign', 'alert-already-resolved', 'assigned'],
  ['resolved', 'resolve', 'alert-already-resolved', 'resolved'],
] as const)('an alert that is %s refuses to %s and names both states', (state, type, code, aim) => {
  const step = steps.find((candidate) => candidate.type === type)!
  const attempt = () => takeStep(anAlert({ state }), step, { atMs: 5, nowMs: 5 })
  expect(attempt).toThrow(AppError)
  expect(attempt).toThrow(
    expect.objectContaining({
      family: 'conflict',
      code,
      details: [
        { path: 'from', message: state },
        { path: 'to', message: aim },
      ],
    }),
  )
})

test('whatever is done to it, an alert tells a consistent story', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...steps), { maxLength: 20 }), (taken) => {
      let alert = anAlert()
      let atMs = 1
      for (const step of taken) {
        atMs += 1
        const before = alert
        try {
          alert = takeStep(alert, step, { atMs, nowMs: atMs })
        } catch (error) {
          expect(error).toBeInstanceOf(AppError)
          continue
        }
        expect(alert.updatedAtMs).toBe(atMs)
        // States only go forward.
        expect(alertStates.indexOf(alert.state)).toBeGreaterThanOrEqual(alertStates.indexOf(before.state))
        // What was known stays known.
        if (before.acknowledgedBy !== undefined) expect(alert.acknowledgedBy).toBe(before.acknowledgedBy)
        if (before.resolvedAtMs !== undefined) expect(alert.resolvedAtMs).toBe(before.resolvedAtMs)
      }
      expect(alert.state === 'resolved').toBe(alert.resolvedAtMs !== undefined)
      expect(alert.state === 'resolved').toBe(alert.resolvedBy !== undefined)
      if (alert.state === 'acknowledged') expect(alert.acknowledgedBy).toBe('asha')
      expect(alert).toMatchObject({ id: 'alert-1', raisedAtMs: 1 })
      // A silence has an end; what is over is not quiet; nobody is called for what somebody has in hand.
      expect(alert.silenceId === undefined).toBe(alert.silenceEndsAtMs === undefined)
      if (alert.state === 'resolved') expect([alert.silenceId, alert.inhibitedBy]).toEqual([undefined, undefined])
      expect(isLoud(alert)).toBe(alert.state === 'firing' && !alert.silenceId && !alert.inhibitedBy)
    }),
  )
})
