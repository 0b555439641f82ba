import type { Logger } from 'pino'
import { type Assignment, type CaseRef, type CaseType, isOpenAssignment } from '../../contracts/dispatch.ts'
import type { CaseDesk, DispatchCase } from '../../contracts/ports/cases.ts'
import type { Records } from '../../store/index.ts'
import { nameCase } from './recommendation.ts'

/** What the history of a case is told. */
interface Line {
  readonly by: string
  readonly note: string
}

/** Keeps cases and assignments in agreement, each of which is written by a desk of its own. */
export interface CaseFollower {
  /** Tells a case what its unit did, and brings it to where its units are. Never throws. */
  follow(ref: CaseRef, line: Line): Promise<void>
  /** The same with nothing to tell; a case that has closed lets its units go. Never throws. */
  settle(ref: CaseRef): Promise<void>
  settleAll(): Promise<void>
  /** What failed is tried again. */
  retry(): Promise<void>
  /** Resolves when nothing is under way. */
  idle(): Promise<void>
}

interface CaseFollowerDeps {
  readonly records: Pick<Records, 'assignments'>
  readonly cases: Readonly<Record<CaseType, CaseDesk>>
  readonly log: Pick<Logger, 'error'>
  /** Lets the unit go, and tells no case. @returns what the history of the case is to be told */
  readonly release: (assignment: Assignment, reason: string) => Promise<string>
  /** Gives what is open of one case to another. @returns what was moved */
  readonly move: (options: { readonly from: CaseRef; readonly to: CaseRef }) => Promise<readonly Assignment[]>
}

/**
 * The assignment is on disk before its case hears of it, so that two dispatchers cannot both have the unit. What a crash
 * or a fault leaves in between is made good: at the start for every open assignment, later for every case that failed.
 */
export function createCaseFollower({ records, cases, log, release, move }: CaseFollowerDeps): CaseFollower {
  const failed = new Map<string, CaseRef>()
  /** The last of each case. */
  const underWay = new Map<string, Promise<void>>()

  async function agree(ref: CaseRef, line: Line | undefined): Promise<void> {
    const { caseType, caseId } = ref
    const desk = cases[caseType]
    const found = await desk.find(caseId)
    const assignments = await records.assignments.ofCase(ref)
    if (!found?.isOpen) {
      if (line && found) await desk.note({ caseId, ...line })
      if (found?.mergedInto !== undefined) return moveTo(ref, found.mergedInto)
      for (const assignment of assignments.filter(isOpenAssignment)) {
        const note = await release(assignment, 'the case is closed')
        if (found) await desk.note({ caseId, by: 'system', note })
      }
      return
    }
    const to = progressAfter(found.progress, assignments)
    if (to === undefined) {
      if (line) await desk.note({ caseId, ...line })
      return
    }
    await desk.setProgress({ caseId, to, by: line?.by ?? 'system', note: line?.note ?? 'after what its units do' })
  }

  async function moveTo(from: CaseRef, caseId: string): Promise<void> {
    const to = { caseType: from.caseType, caseId }
    for (const { unitNumber } of await move({ from, to })) {
      await attempt(to, { by: 'system', note: `unit ${unitNumber} came with ${nameCase(from)}` })
    }
  }

  /** One after the other for each case: two steps at once would both want to move it. */
  function attempt(ref: CaseRef, line?: Line): Promise<void> {
    const { caseType, caseId } = ref
    const key = `${caseType}:${caseId}`
    const attempted = (underWay.get(key) ?? Promise.resolve())
      .then(() => agree({ caseType, caseId }, line))
      .then(() => void failed.delete(key))
      .catch((error: unknown) => {
        failed.set(key, { caseType, caseId })
        log.error({ err: error, caseType, caseId }, 'case not told of its units yet')
      })
      .finally(() => {
        if (underWay.get(key) === attempted) underWay.delete(key)
      })
    underWay.set(key, attempted)
    return attempted
  }

  return {
    follow: attempt,
    settle: (ref) => attempt(ref),
    async settleAll() {
      for (const ref of casesOf(await records.assignments.allOpen())) await attempt(ref)
    },
    async retry() {
      for (const ref of [...failed.values()]) await attempt(ref)
    },
    async idle() {
      await Promise.all(underWay.values())
    },
  }
}

/** @returns undefined when the case is where its units are */
function progressAfter(
  progress: DispatchCase['progress'],
  assignments: readonly Assignment[],
): DispatchCase['progress'] | undefined {
  if (progress === 'on-scene') return undefined
  if (assignments.some(({ state }) => state === 'on-scene')) return 'on-scene'
  if (assignments.some(isOpenAssignment)) return progress === 'waiting' ? 'dispatched' : undefined
  // Nobody comes and nobody came: somebody has to send another.
  const isForsaken = assignments.length > 0 && assignments.every(({ state }) => state !== 'completed')
  return progress === 'dispatched' && isForsaken ? 'waiting' : undefined
}

function casesOf(open: readonly Assignment[]): CaseRef[] {
  return [...new Map(open.map((assignment) => [`${assignment.caseType}:${assignment.caseId}`, assignment])).values()]
}
