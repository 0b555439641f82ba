import { describe, expect, it, onTestFinished } from 'vitest'
import { AppError } from '../../../contracts/errors.ts'
import type { CaseDesk, DispatchCase } from '../../../contracts/ports/cases.ts'
import { createDispatchDesk } from '../../../safety/dispatch/dispatch-desk.ts'
import { silentLog } from '../../store/records/fixture.ts'
import { aDispatch, incidentCase, northOf, townHall } from './builders.ts'

const operator = 'operator-1'
const officer = 'officer-1'

async function anAssignedUnit() {
  const house = await aDispatch()
  const unit = await house.onDuty('P-7')
  const incident = await house.reported()
  const assignment = await house.dispatch.assign({
    case: incidentCase(incident),
    unit: { unitId: unit.id },
    by: operator,
  })
  const step = (type: 'confirm' | 'decline' | 'set-out' | 'arrive' | 'complete' | 'release', reason?: string) =>
    house.dispatch.step({ assignmentId: assignment.id, step: { type, by: officer, reason } })
  const states = async () => [
    (await house.dispatch.get(assignment.id)).state,
    (await house.units.get(unit.id)).state,
    (await house.incidents.get(incident.id)).state,
  ]
  return { ...house, unit, incident, assignment, step, states }
}

describe('assigning', () => {
  it('fifty dispatchers at one instant: one has the unit, the others are told which case has it', async () => {
    const { dispatch, onDuty, reported, records } = await aDispatch()
    const unit = await onDuty('P-7')
    const incidents = await Promise.all(Array.from({ length: 50 }, () => reported()))
    const outcomes = await Promise.allSettled(
      incidents.map((incident, at) =>
        dispatch.assign({ case: incidentCase(incident), unit: { unitId: unit.id }, by: `dispatcher-${at}` }),
      ),
    )
    const won = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
    const lost = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []))
    expect([won.length, lost.length]).toEqual([1, 49])
    for (const error of lost) {
      expect(error).toBeInstanceOf(AppError)
      expect(error).toMatchObject({ family: 'conflict', code: 'unit-committed' })
      expect((error as AppError).details).toContainEqual({ path: 'caseId', message: won[0]!.caseId })
      expect((error as AppError).message).toBe(`unit P-7 is committed to incident ${won[0]!.caseId}`)
    }
    expect(await records.assignments.allOpen()).toHaveLength(1)
  })

  it('two servers on one file: still one of them', async () => {
    const { dispatch, onDuty, reported, open, clock, bus, incidents } = await aDispatch()
    const unit = await onDuty('P-7')
    const other = await open()
    onTestFinished(() => other.close())
    const cases = { sos: incidents.cases, incident: incidents.cases }
    const elsewhere = createDispatchDesk({ records: other, bus, now: clock.now, log: silentLog, cases })
    const cased = await Promise.all(Array.from({ length: 20 }, () => reported()))
    const outcomes = await Promise.allSettled(
      cased.map((incident, at) =>
        (at % 2 === 0 ? dispatch : elsewhere).assign({
          case: incidentCase(incident),
          unit: { unitId: unit.id },
          by: operator,
        }),
      ),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await other.assignments.allOpen()).toHaveLength(1)
  })

  it('by number, and the case knows and the unit is bound', async () => {
    const { dispatch, incidents, units, onDuty, reported, records, assignmentEvents } = await aDispatch()
    await onDuty('P-7')
    const incident = await reported()
    const assignment = await dispatch.assign({
      case: incidentCase(incident),
      unit: { unitNumber: 'P-7' },
      by: operator,
    })
    expect(assignment).toMatchObject({ state: 'assigned', unitNumber: 'P-7', assignedBy: operator })
    expect((await incidents.get(incident.id)).state).toBe('dispatched')
    expect((await units.all())[0]!.state).toBe('committed')
    expect((await incidents.timeline(incident.id)).at(-1)).toMatchObject({
      actor: operator,
      action: 'dispatched',
      fromState: 'open',
      toState: 'dispatched',
      note: 'unit P-7 assigned',
    })
    const { items } = await records.audit.list({ action: 'unit-assigned', limit: 10 })
    expect(items).toMatchObject([{ actor: operator, subject: `incident:${incident.id}` }])
    expect(assignmentEvents.map(({ change }) => change)).toEqual(['assigned'])
  })

  it.each([
    ['off-duty', 'unit-not-available'],
    ['out-of-service', 'unit-not-available'],
  ] as const)('a unit that is %s is refused, and nothing of it stays', async (state, code) => {
    const { dispatch, units, onDuty, reported, records } = await aDispatch()
    const { id: unitId } = await onDuty('P-7')
    await units.setState({ unitId, state, by: operator })
    const refused = dispatch.assign({ case: incidentCase(await reported()), unit: { unitId }, by: operator })
    await expect(refused).rejects.toMatchObject({ code, details: [{ path: 'state', message: state }] })
    expect(await records.assignments.allOpen()).toEqual([])
  })

  it('what is not there, and what is over, is refused', async () => {
    const { dispatch, incidents, onDuty, reported } = await aDispatch()
    const { id: unitId } = await onDuty('P-7')
    const incident = await reported()
    const assign = (caseId: string, unit: { unitId: string } | { unitNumber: string }) =>
      dispatch.assign({ case: { caseType: 'incident', caseId }, unit, by: operator })
    await expect(assign('nothing', { unitId })).rejects.toMatchObject({ code: 'incident-not-found' })
    await expect(assign(incident.id, { unitNumber: 'Q-1' })).rejects.toMatchObject({ code: 'unit-not-found' })
    await incidents.resolve({ incidentId: incident.id, by: operator })
    await expect(assign(incident.id, { unitId })).rejects.toMatchObject({ code: 'case-closed' })
    await expect(dispatch.recommend({ case: incidentCase(incident) })).rejects.toMatchObject({ code: 'case-closed' })
  })
})

describe('what the unit answers and does', () => {
  it('the case and the unit follow it to the end', async () => {
    const { step, states, incidents, incident } = await anAssignedUnit()
    expect(await states()).toEqual(['assigned', 'committed', 'dispatched'])
    await step('confirm')
    expect(await states()).toEqual(['confirmed', 'committed', 'dispatched'])
    await step('set-out')
    expect(await states()).toEqual(['en-route', 'en-route', 'dispatched'])
    await step('arrive')
    expect(await states()).toEqual(['on-scene', 'on-scene', 'on-scene'])
    await step('complete')
    expect(await states()).toEqual(['completed', 'returning', 'on-scene'])
    expect((await incidents.timeline(incident.id)).map(({ note }) => note)).toEqual([
      undefined,
      'unit P-7 assigned',
      'unit P-7 confirmed',
      'unit P-7 is on the way',
      'unit P-7 is on the scene',
      'unit P-7 has finished',
    ])
  })

  it('declined, with the reason, the unit is free again, and is not recommended for this case', async () => {
    const { step, states, dispatch, incident, records } = await anAssignedUnit()
    expect(await step('decline', 'flat tyre')).toMatchObject({ answeredBy: officer, reason: 'flat tyre' })
    expect(await states()).toEqual(['declined', 'available', 'open'])
    const { candidates, excluded } = await dispatch.recommend({ case: incidentCase(incident) })
    expect(candidates).toEqual([])
    expect(excluded[0]!.reasons).toEqual([{ code: 'declined', text: 'declined this case: flat tyre' }])
    const { items } = await records.audit.list({ action: 'assignment-declined', limit: 10 })
    expect(items[0]).toMatchObject({ actor: officer, detail: { reason: 'flat tyre', unitNumber: 'P-7' } })
  })

  it('a step sent again changes nothing and tells nobody twice', async () => {
    const { step, incidents, incident, assignmentEvents } = await anAssignedUnit()
    const first = await step('confirm')
    expect(await step('confirm')).toEqual(first)
    expect(assignmentEvents.map(({ change }) => change)).toEqual(['assigned', 'confirmed'])
    expect(await incidents.timeline(incident.id)).toHaveLength(3)
  })

  it('an illegal step is refused', async () => {
    const { step, dispatch } = await anAssignedUnit()
    await expect(step('complete')).rejects.toMatchObject({ code: 'assignment-illegal-transition' })
    const nothing = dispatch.step({ assignmentId: 'nothing', step: { type: 'confirm', by: officer } })
    await expect(nothing).rejects.toMatchObject({ code: 'assignment-not-found' })
  })

  it('while it is assigned its state is not set by hand, and it is not deleted', async () => {
    const { units, unit, incident } = await anAssignedUnit()
    const expected = { code: 'unit-committed', message: `unit P-7 is committed to incident ${incident.id}` }
    const setState = units.setState({ unitId: unit.id, state: 'off-duty', by: operator })
    await expect(setState).rejects.toMatchObject(expected)
    await expect(units.delete({ unitId: unit.id, by: operator })).rejects.toMatchObject(expected)
  })

  it('the record outlives the unit', async () => {
    const { step, units, unit, dispatch, incident } = await anAssignedUnit()
    await step('release', 'not needed')
    await units.delete({ unitId: unit.id, by: operator })
    expect(await dispatch.ofCase(incidentCase(incident))).toMatchObject([{ unitNumber: 'P-7', state: 'released' }])
  })
})

describe('when nobody answers', () => {
  it('it is noted once, after 30 s, and an answer may still come', async () => {
    const { dispatch, clock, assignmentEvents, incidents, incident, step } = await anAssignedUnit()
    clock.advance(29_999)
    await dispatch.tick()
    expect(assignmentEvents.map(({ change }) => change)).toEqual(['assigned'])
    clock.advance(1)
    await dispatch.tick()
    await dispatch.tick()
    expect(assignmentEvents.map(({ change }) => change)).toEqual(['assigned', 'unanswered'])
    expect((await incidents.timeline(incident.id)).at(-1)).toMatchObject({
      actor: 'system',
      note: 'unit P-7 has not answered',
    })
    expect(await step('confirm')).toMatchObject({ state: 'confirmed', unansweredAtMs: clock.atMs })
  })

  it('who has answered in time is not noted', async () => {
    const { dispatch, clock, step } = await anAssignedUnit()
    await step('confirm')
    clock.advance(60_000)
    await dispatch.tick()
    expect((await dispatch.list({ limit: 10 })).items[0]!.unansweredAtMs).toBeUndefined()
  })

  it('a restart in between forgets nothing', async () => {
    const { dispatch, clock, records, bus, incidents, assignment, assignmentEvents } = await anAssignedUnit()
    await dispatch.stop()
    clock.advance(3_600_000)
    const cases = { sos: incidents.cases, incident: incidents.cases }
    const again = createDispatchDesk({ records, bus, now: clock.now, log: silentLog, cases })
    await again.start()
    onTestFinished(() => again.stop())
    await again.tick()
    expect(assignmentEvents.at(-1)).toMatchObject({ change: 'unanswered', assignment: { id: assignment.id } })
  })
})

describe('a case and its units', () => {
  it('a case that closes lets its units go', async () => {
    const { dispatch, incidents, incident, states, step, assignment } = await anAssignedUnit()
    await step('set-out')
    await incidents.resolve({ incidentId: incident.id, by: operator })
    await dispatch.stop()
    expect(await states()).toEqual(['released', 'returning', 'resolved'])
    expect(await dispatch.get(assignment.id)).toMatchObject({ reason: 'the case is closed' })
    expect((await incidents.timeline(incident.id)).at(-1)).toMatchObject({
      actor: 'system',
      note: 'unit P-7 released: the case is closed',
    })
  })

  it('several units at one instant: the case moves once, and every one is in its history', async () => {
    const { dispatch, onDuty, reported, incidents } = await aDispatch()
    const numbers = ['P-1', 'P-2', 'P-3', 'P-4']
    for (const unitNumber of numbers) await onDuty(unitNumber)
    const incident = await reported()
    const ref = incidentCase(incident)
    const given = await Promise.all(
      numbers.map((unitNumber) => dispatch.assign({ case: ref, unit: { unitNumber }, by: operator })),
    )
    await Promise.all(given.map(({ id }) => dispatch.step({ assignmentId: id, step: { type: 'arrive', by: officer } })))
    const timeline = await incidents.timeline(incident.id)
    expect(timeline.flatMap(({ toState }) => toState ?? [])).toEqual(['open', 'dispatched', 'on-scene'])
    expect(
      timeline
        .map(({ note }) => note)
        .slice(1)
        .sort(),
    ).toEqual(numbers.flatMap((unitNumber) => [`unit ${unitNumber} assigned`, `unit ${unitNumber} is on the scene`]))
  })

  it('when one of two declines, the other is still on the way', async () => {
    const { dispatch, onDuty, incident, states, step } = await anAssignedUnit()
    await onDuty('P-8')
    await dispatch.assign({ case: incidentCase(incident), unit: { unitNumber: 'P-8' }, by: operator })
    await step('decline')
    expect(await states()).toEqual(['declined', 'available', 'dispatched'])
  })

  it('what a crash came between is made good at the start', async () => {
    const { records, onDuty, reported, incidents, clock, bus } = await aDispatch()
    const unit = await onDuty('P-7')
    const incident = await reported()
    const ref = incidentCase(incident)
    // As if the process had died right after the assignment was on disk.
    await records.assignments.open({ case: ref, unitId: unit.id, unitNumber: 'P-7', by: operator, atMs: clock.atMs })
    expect((await incidents.get(incident.id)).state).toBe('open')
    const cases = { sos: incidents.cases, incident: incidents.cases }
    const again = createDispatchDesk({ records, bus, now: clock.now, log: silentLog, cases })
    await again.start()
    onTestFinished(() => again.stop())
    expect((await incidents.get(incident.id)).state).toBe('dispatched')
  })

  it('a case desk that fails does not undo the assignment, and is told later', async () => {
    const advanced: string[] = []
    let isBroken = true
    const found: DispatchCase = {
      caseType: 'sos',
      caseId: 's-1',
      isOpen: true,
      mergedInto: undefined,
      progress: 'waiting',
      position: townHall,
      address: undefined,
      severity: 'high',
      title: 'SOS',
      description: undefined,
      person: undefined,
    }
    const sos: CaseDesk = {
      find: async () => found,
      async setProgress({ to }) {
        if (isBroken) throw new Error('the disk is full')
        advanced.push(to)
      },
      note: async () => {},
    }
    const { dispatch, onDuty } = await aDispatch({ sos })
    await onDuty('P-7')
    const ref = { caseType: 'sos', caseId: 's-1' } as const
    expect(await dispatch.assign({ case: ref, unit: { unitNumber: 'P-7' }, by: operator })).toMatchObject({
      state: 'assigned',
    })
    isBroken = false
    await dispatch.tick()
    await dispatch.tick()
    expect(advanced).toEqual(['dispatched'])
  })

  it('units of a case that became part of another go on for that one', async () => {
    const cases = new Map<string, DispatchCase>()
    const aCase = (caseId: string): DispatchCase => ({
      caseType: 'sos',
      caseId,
      isOpen: true,
      mergedInto: undefined,
      progress: 'dispatched',
      position: townHall,
      address: undefined,
      severity: 'high',
      title: 'SOS',
      description: undefined,
      person: undefined,
    })
    const notes: string[] = []
    const sos: CaseDesk = {
      find: async (caseId) => cases.get(caseId),
      setProgress: async () => {},
      note: async ({ caseId, note }) => void notes.push(`${caseId}: ${note}`),
    }
    cases.set('s-1', aCase('s-1'))
    cases.set('s-2', aCase('s-2'))
    const { dispatch, onDuty, records, clock, bus } = await aDispatch({ sos })
    await onDuty('P-7')
    const ref = { caseType: 'sos', caseId: 's-1' } as const
    const { id } = await dispatch.assign({ case: ref, unit: { unitNumber: 'P-7' }, by: operator })
    cases.set('s-1', { ...aCase('s-1'), isOpen: false, mergedInto: 's-2' })
    const again = createDispatchDesk({ records, bus, now: clock.now, log: silentLog, cases: { sos, incident: sos } })
    await again.start()
    onTestFinished(() => again.stop())
    expect(await dispatch.get(id)).toMatchObject({ state: 'assigned', caseId: 's-2' })
    expect(notes.at(-1)).toBe('s-2: unit P-7 came with SOS s-1')
  })
})

describe('the view of a unit', () => {
  it('shows what it has to do, and the first look leaves a trace', async () => {
    const { dispatch, records, incident, assignmentEvents } = await anAssignedUnit()
    const [view] = await dispatch.openFor({ unitNumber: 'P-7', by: officer })
    expect(view).toMatchObject({
      assignment: { state: 'assigned', seenAtMs: expect.any(Number) },
      case: { caseId: incident.id, position: townHall, title: 'Fire' },
    })
    await dispatch.openFor({ unitNumber: 'P-7', by: officer })
    expect(assignmentEvents.map(({ change }) => change)).toEqual(['assigned', 'seen'])
    const { items } = await records.audit.list({ action: 'assignment-viewed', limit: 10 })
    expect(items).toMatchObject([{ actor: officer, subject: `incident:${incident.id}` }])
  })

  it('shows nothing of other units, and nothing that is over', async () => {
    const { dispatch, step } = await anAssignedUnit()
    expect(await dispatch.openFor({ unitNumber: 'P-8', by: officer })).toEqual([])
    await step('decline')
    expect(await dispatch.openFor({ unitNumber: 'P-7', by: officer })).toEqual([])
  })

  it('recommends from where units really are', async () => {
    const { dispatch, onDuty, reported, units } = await aDispatch()
    const { id: unitId } = await onDuty('P-1', { at: northOf(5000) })
    await onDuty('P-2', { at: northOf(1000), capabilities: ['first-aid'] })
    const ref = incidentCase(await reported())
    const order = async () => (await dispatch.recommend({ case: ref })).candidates.map(({ unit }) => unit.unitNumber)
    expect(await order()).toEqual(['P-2', 'P-1'])
    const { positionAtMs } = await units.get(unitId)
    await units.reportPosition({ unitId, position: northOf(10), atMs: positionAtMs! - 1 })
    expect(await order()).toEqual(['P-2', 'P-1'])
    const { excluded } = await dispatch.recommend({ case: ref, needs: ['first-aid'] })
    expect(excluded.map(({ unit }) => unit.unitNumber)).toEqual(['P-1'])
  })
})
