import type { Logger } from 'pino'
import type { Bus } from '../../contracts/bus.ts'
import type { Assignment, CaseRef, CaseType, Unit } from '../../contracts/dispatch.ts'
import { AppError } from '../../contracts/errors.ts'
import type { BusEvents } from '../../contracts/events.ts'
import type { CaseDesk, DispatchCase } from '../../contracts/ports/cases.ts'
import type { Service } from '../../contracts/service.ts'
import type { AssignmentQuery, Page, Records, Repositories } from '../../store/index.ts'
import { type AssignmentStep, takeAssignmentStep, unitStepOf } from './assignment-life-cycle.ts'
import { createCaseFollower } from './case-follower.ts'
import { type Recommendation, recommendUnits } from './recommendation.ts'
import { findUnit, type UnitName, unitCommitted } from './unit-desk.ts'
import { assertMayBeCommitted, unitStateAfter } from './unit-life-cycle.ts'

/** An assignment with what the unit has to know of the case; undefined when the case is gone. */
export interface AssignmentView {
  readonly assignment: Assignment
  readonly case: DispatchCase | undefined
}

/**
 * Sends units to cases. `start` brings cases and assignments to agree and looks from then on for those nobody answers.
 * @throws AppError `sos-not-found`, `incident-not-found`, `case-closed`, `unit-not-found`, `unit-committed`,
 *   `unit-not-available`, `assignment-not-found`, `assignment-illegal-transition`
 */
export interface DispatchDesk extends Service {
  recommend(options: { readonly case: CaseRef; readonly needs?: readonly string[] }): Promise<Recommendation>
  /** Atomic: however many ask for a unit at once, one gets it, and the others are told which case has it. */
  assign(options: { readonly case: CaseRef; readonly unit: UnitName; readonly by: string }): Promise<Assignment>
  step(options: { readonly assignmentId: string; readonly step: AssignmentStep }): Promise<Assignment>
  get(assignmentId: string): Promise<Assignment>
  /** Newest first. */
  list(query: AssignmentQuery): Promise<Page<Assignment>>
  ofCase(ref: CaseRef): Promise<readonly Assignment[]>
  /** What a unit has to do now. That it was looked at is noted, the first time. */
  openFor(options: { readonly unitNumber: string; readonly by: string }): Promise<readonly AssignmentView[]>
  /** Notes which assignments nobody has answered in time. */
  tick(): Promise<void>
}

export interface DispatchDeskDeps {
  readonly records: Records
  readonly bus: Bus
  readonly now: () => number
  readonly log: Pick<Logger, 'error'>
  readonly cases: Readonly<Record<CaseType, CaseDesk>>
  readonly options?: Partial<DispatchOptions>
}

export interface DispatchOptions {
  /** After this long without an answer it is shown that there is none. */
  readonly answerWithinMs: number
  /** A unit whose position is older is not recommended. */
  readonly positionAgeMsMax: number
  readonly tickEveryMs: number
}

const defaultOptions: DispatchOptions = { answerWithinMs: 30_000, positionAgeMsMax: 10 * 60_000, tickEveryMs: 2000 }
/** More than one at a time only where somebody made the same person several units. */
const openForMax = 10

export function createDispatchDesk(deps: DispatchDeskDeps): DispatchDesk {
  const { records, bus, now, log, cases } = deps
  const options = { ...defaultOptions, ...deps.options }
  const follower = createCaseFollower({ records, cases, log, release, move })
  let subscriptions: (() => void)[] = []
  let timer: NodeJS.Timeout | undefined
  let ticking: Promise<void> | undefined

  async function openCase({ caseType, caseId }: CaseRef): Promise<DispatchCase> {
    const found = await cases[caseType].find(caseId)
    if (!found) throw new AppError('not-found', `${caseType}-not-found`, `no ${caseType} ${caseId}`)
    if (!found.isOpen) throw new AppError('conflict', 'case-closed', `${caseType} ${caseId} is closed`)
    return found
  }

  function publish(assignment: Assignment, change: BusEvents['assignment-changed']['change'], unit?: Unit): void {
    if (unit) bus.publish('unit-changed', { unit, change: 'state' })
    bus.publish('assignment-changed', { assignment, change })
  }

  async function take(assignmentId: string, step: AssignmentStep) {
    const { before, after, unit } = await records.transaction((repositories) =>
      takeStepDurably(repositories, { assignmentId, step, nowMs: now() }),
    )
    const isNews = after !== before
    if (isNews) publish(after, after.state, unit)
    return { after, isNews }
  }

  async function step({ assignmentId, step: taken }: Parameters<DispatchDesk['step']>[0]): Promise<Assignment> {
    const { after, isNews } = await take(assignmentId, taken)
    if (isNews) await follower.follow(after, { by: taken.by, note: describe(after) })
    return after
  }

  async function release({ id }: Assignment, reason: string): Promise<string> {
    const { after } = await take(id, { type: 'release', by: 'system', reason })
    return describe(after)
  }

  async function move(cases: { readonly from: CaseRef; readonly to: CaseRef }): Promise<readonly Assignment[]> {
    const moved = await records.assignments.moveOpen({ ...cases, atMs: now() })
    for (const assignment of moved) publish(assignment, assignment.state)
    return moved
  }

  async function tick(): Promise<void> {
    const nowMs = now()
    const unanswered = await records.assignments.markUnanswered({
      assignedAtOrBeforeMs: nowMs - options.answerWithinMs,
      atMs: nowMs,
    })
    for (const assignment of unanswered) {
      publish(assignment, 'unanswered')
      const note = `unit ${assignment.unitNumber} has not answered`
      await follower.follow(assignment, { by: 'system', note })
    }
    await follower.retry()
  }

  return {
    name: 'dispatch-desk',
    async start() {
      const onClosed = (ref: CaseRef) => void follower.settle(ref)
      subscriptions = [
        bus.subscribe('sos-changed', ({ sos: { id: caseId, closedAtMs } }) => {
          if (closedAtMs !== undefined) onClosed({ caseType: 'sos', caseId })
        }),
        bus.subscribe('incident-changed', ({ incident: { id: caseId, state } }) => {
          if (state === 'resolved') onClosed({ caseType: 'incident', caseId })
        }),
      ]
      // What a crash came between: a unit was given, and the case had not heard of it.
      await follower.settleAll()
      timer = setInterval(() => {
        ticking ??= tick()
          .catch((error: unknown) => log.error({ err: error }, 'unanswered assignments not noted yet'))
          .finally(() => {
            ticking = undefined
          })
      }, options.tickEveryMs)
    },
    async stop() {
      clearInterval(timer)
      for (const unsubscribe of subscriptions) unsubscribe()
      subscriptions = []
      await ticking
      await follower.idle()
    },
    async recommend({ case: ref, needs = [] }) {
      const { position } = await openCase(ref)
      return recommendUnits({
        units: await records.units.all(),
        at: position,
        needs,
        open: await records.assignments.allOpen(),
        ofCase: await records.assignments.ofCase(ref),
        nowMs: now(),
        positionAgeMsMax: options.positionAgeMsMax,
      })
    },
    async assign({ case: ref, unit: name, by }) {
      await openCase(ref)
      const { assignment, unit } = await records.transaction((repositories) =>
        assignDurably(repositories, { case: ref, name, by, nowMs: now() }),
      )
      publish(assignment, 'assigned', unit)
      await follower.follow(assignment, { by, note: describe(assignment) })
      return assignment
    },
    step,
    get: (assignmentId) => findAssignment(records, assignmentId),
    list: records.assignments.list,
    ofCase: records.assignments.ofCase,
    async openFor({ unitNumber, by }) {
      const { items } = await records.assignments.list({ unitNumber, isOpen: true, limit: openForMax })
      return Promise.all(items.map((assignment) => look(assignment, by)))
    },
    tick,
  }

  async function look(assignment: Assignment, by: string): Promise<AssignmentView> {
    // Before the answer: nobody learns where somebody is without a trace.
    const seen = await records.transaction(async ({ assignments, audit }) => {
      const marked = await assignments.markSeen({ assignmentId: assignment.id, atMs: now() })
      const { caseType, caseId } = assignment
      if (marked) await audit.append({ actor: by, action: 'assignment-viewed', subject: `${caseType}:${caseId}` })
      return marked
    })
    if (seen) publish(seen, 'seen')
    return { assignment: seen ?? assignment, case: await cases[assignment.caseType].find(assignment.caseId) }
  }
}

async function assignDurably(
  repositories: Repositories,
  options: { readonly case: CaseRef; readonly name: UnitName; readonly by: string; readonly nowMs: number },
): Promise<{ readonly assignment: Assignment; readonly unit: Unit }> {
  const { case: ref, name, by, nowMs } = options
  const { assignments, units, audit } = repositories
  const before = await findUnit(repositories, name)
  const { id: unitId, unitNumber } = before
  const assignment = await assignments.open({ case: ref, unitId, unitNumber, by, atMs: nowMs })
  if (!assignment) throw unitCommitted(before, (await assignments.openOfUnit(unitId))!)
  assertMayBeCommitted(before)
  const unit = await units.setState({ unitId, from: [before.state], to: 'committed' })
  await audit.append({
    actor: by,
    action: 'unit-assigned',
    subject: `${ref.caseType}:${ref.caseId}`,
    detail: { unitId, unitNumber, assignmentId: assignment.id },
  })
  return { assignment, unit: unit ?? before }
}

async function takeStepDurably(
  repositories: Repositories,
  options: { readonly assignmentId: string; readonly step: AssignmentStep; readonly nowMs: number },
): Promise<{ readonly before: Assignment; readonly after: Assignment; readonly unit: Unit | undefined }> {
  const { assignmentId, step, nowMs } = options
  const { assignments, units, audit } = repositories
  const before = await findAssignment(repositories, assignmentId)
  const after = takeAssignmentStep(before, step, nowMs)
  if (after === before) return { before, after, unit: undefined }
  // In one process nobody can come between; another process may.
  if (!(await assignments.replace(after, [before.state]))) {
    throw new AppError('conflict', 'assignment-changed', `assignment ${assignmentId} was changed just now`)
  }
  const { caseType, caseId, unitId, unitNumber } = after
  const detail = { unitId, unitNumber, assignmentId, ...(step.reason !== undefined && { reason: step.reason }) }
  await audit.append({ actor: step.by, action: `assignment-${after.state}`, subject: `${caseType}:${caseId}`, detail })
  const unit = await units.get(unitId)
  const unitStep = unitStepOf[step.type]
  const to = unit && unitStep && unitStateAfter(unit.state, unitStep)
  const moved = to && (await units.setState({ unitId, from: [unit.state], to }))
  return { before, after, unit: moved }
}

async function findAssignment(
  { assignments }: Pick<Repositories, 'assignments'>,
  assignmentId: string,
): Promise<Assignment> {
  const assignment = await assignments.get(assignmentId)
  if (!assignment) throw new AppError('not-found', 'assignment-not-found', `no assignment ${assignmentId}`)
  return assignment
}

const words: Readonly<Record<Assignment['state'], string>> = {
  assigned: 'assigned',
  confirmed: 'confirmed',
  declined: 'declined',
  'en-route': 'is on the way',
  'on-scene': 'is on the scene',
  completed: 'has finished',
  released: 'released',
}

/** For the history of the case, for example `unit P-7 declined: flat tyre`. */
function describe({ unitNumber, state, reason }: Assignment): string {
  const why = reason !== undefined && (state === 'declined' || state === 'released') ? `: ${reason}` : ''
  return `unit ${unitNumber} ${words[state]}${why}`
}
