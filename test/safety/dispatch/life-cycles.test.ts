import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Assignment,
  assignmentStates,
  type Incident,
  incidentStates,
  isOpenAssignment,
  unitStates,
} from '../../../contracts/dispatch.ts'
import { AppError } from '../../../contracts/errors.ts'
import {
  type AssignmentStep,
  assignmentStateAfter,
  takeAssignmentStep,
  unitStepOf,
} from '../../../safety/dispatch/assignment-life-cycle.ts'
import { mayIncidentBecome, moveIncident } from '../../../safety/dispatch/incident-life-cycle.ts'
import { isIdle, mayBeCommitted, unitStateAfter } from '../../../safety/dispatch/unit-life-cycle.ts'
import { anAssignment, anIncident } from './builders.ts'

const stepTypes = ['confirm', 'decline', 'set-out', 'arrive', 'complete', 'release'] as const
const aStep = fc.record({
  type: fc.constantFrom(...stepTypes),
  by: fc.constantFrom('officer-1', 'operator-1'),
  reason: fc.option(fc.string({ minLength: 1, maxLength: 20 }), { nil: undefined }),
})

/** What a unit's radio may bring, in whatever order. @returns every assignment it went through */
function walk(steps: readonly AssignmentStep[]): Assignment[] {
  const seen = [anAssignment()]
  steps.forEach((step, at) => {
    try {
      seen.push(takeAssignmentStep(seen.at(-1)!, step, 1000 * (at + 1)))
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      expect(error.code).toBe('assignment-illegal-transition')
    }
  })
  return seen
}

describe('the life of an assignment', () => {
  it.each(
    assignmentStates.map((state) => [
      state,
      stepTypes.filter((type) => assignmentStateAfter(state, type) !== undefined).join(' '),
    ]),
  )('from %s one may %s', (state, types) => {
    expect(types).toBe(
      {
        assigned: 'confirm decline set-out arrive release',
        confirmed: 'decline set-out arrive release',
        'en-route': 'decline arrive complete release',
        'on-scene': 'complete release',
        declined: '',
        completed: '',
        released: '',
      }[state],
    )
  })

  it('ends once and stays ended, whatever comes after, and has the time of each thing it went through', () => {
    fc.assert(
      fc.property(fc.array(aStep, { maxLength: 12 }), (steps) => {
        const seen = walk(steps)
        const last = seen.at(-1)!
        const firstEnd = seen.findIndex((assignment) => !isOpenAssignment(assignment))
        if (firstEnd >= 0) expect(seen.slice(firstEnd).every((assignment) => assignment === seen[firstEnd])).toBe(true)
        expect(last.endedAtMs === undefined).toBe(isOpenAssignment(last))
        if (last.onSceneAtMs !== undefined || last.enRouteAtMs !== undefined) expect(last.answeredAtMs).toBeDefined()
        expect(last.unitId).toBe(seen[0]!.unitId)
      }),
    )
  })

  it('takes the same step again without changing anything', () => {
    fc.assert(
      fc.property(fc.array(aStep, { maxLength: 6 }), aStep, (steps, step) => {
        const before = walk(steps).at(-1)!
        if (assignmentStateAfter(before.state, step.type) === undefined) return
        const once = takeAssignmentStep(before, step, 1)
        expect(takeAssignmentStep(once, step, 2)).toBe(once)
      }),
    )
  })

  it('names both states when a step is illegal', () => {
    const completed = anAssignment({ state: 'completed' })
    expect(() => takeAssignmentStep(completed, { type: 'confirm', by: 'x' }, 1)).toThrow(
      expect.objectContaining({
        family: 'conflict',
        code: 'assignment-illegal-transition',
        details: [
          { path: 'from', message: 'completed' },
          { path: 'to', message: 'confirmed' },
        ],
      }),
    )
  })

  it('leaves the unit bound while it is open, and free when it has ended', () => {
    fc.assert(
      fc.property(fc.array(aStep, { maxLength: 12 }), (steps) => {
        let assignment = anAssignment()
        let unit = unitStateAfter('available', 'commit')!
        for (const step of steps) {
          if (assignmentStateAfter(assignment.state, step.type) === undefined) continue
          assignment = takeAssignmentStep(assignment, step, 1)
          const unitStep = unitStepOf[step.type]
          if (unitStep) unit = unitStateAfter(unit, unitStep) ?? unit
        }
        expect(isIdle(unit)).toBe(!isOpenAssignment(assignment))
      }),
    )
  })
})

describe('the life of a unit', () => {
  it('only what is there and free can be committed', () => {
    expect(unitStates.filter(mayBeCommitted)).toEqual(['available', 'returning'])
  })

  it('from a bound state nothing leads out of service or off duty', () => {
    for (const state of unitStates.filter((state) => !isIdle(state))) {
      for (const step of ['commit', 'set-out', 'arrive', 'finish', 'let-go'] as const) {
        expect(['off-duty', 'out-of-service']).not.toContain(unitStateAfter(state, step))
      }
    }
  })
})

describe('the life of an incident', () => {
  it('goes forward, and back only when nobody comes any more; what is resolved stays so', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...incidentStates), { maxLength: 10 }), (wanted) => {
        let incident: Incident = anIncident()
        for (const to of wanted) {
          if (!mayIncidentBecome(incident.state, to)) {
            expect(() => moveIncident(incident, to, { by: 'u', nowMs: 1 })).toThrow(
              expect.objectContaining({
                code: 'incident-illegal-transition',
                details: [
                  { path: 'from', message: incident.state },
                  { path: 'to', message: to },
                ],
              }),
            )
            continue
          }
          const next = moveIncident(incident, to, { by: 'u', nowMs: 1 })
          const isBack = incidentStates.indexOf(to) < incidentStates.indexOf(incident.state)
          expect(isBack).toBe(incident.state === 'dispatched' && to === 'open')
          incident = next
        }
        if (incident.state === 'on-scene') expect(incident.dispatchedAtMs).toBeDefined()
        expect(incident.resolvedBy === undefined).toBe(incident.state !== 'resolved')
      }),
    )
  })
})
