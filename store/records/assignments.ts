import { sql } from 'kysely'
import type { Assignment, CaseRef } from '../../contracts/dispatch.ts'
import type { AssignmentRow } from './dispatch-tables.ts'
import { type Page, type PageQuery, rowsToRead, toPage } from './page.ts'
import type { Scope } from './scope.ts'

export interface AssignmentQuery extends PageQuery {
  readonly case?: CaseRef | undefined
  readonly unitNumber?: string | undefined
  /** Only those that bind the unit. */
  readonly isOpen?: boolean | undefined
}

/** Which unit was given to which case. That a unit has at most one open assignment is enforced by the database. */
export interface AssignmentRecords {
  /** @returns undefined when the unit has an open assignment already, however short ago it was given */
  open(options: {
    readonly case: CaseRef
    readonly unitId: string
    readonly unitNumber: string
    readonly by: string
    readonly atMs: number
  }): Promise<Assignment | undefined>
  get(assignmentId: string): Promise<Assignment | undefined>
  openOfUnit(unitId: string): Promise<Assignment | undefined>
  /** Every open one, oldest first; there are never more than units. */
  allOpen(): Promise<readonly Assignment[]>
  /** Of one case, oldest first, the newest 1,000. */
  ofCase(ref: CaseRef): Promise<readonly Assignment[]>
  /** Newest first. */
  list(query: AssignmentQuery): Promise<Page<Assignment>>
  /** Replaces the assignment if its state is still one of `from`. @returns false when it is not */
  replace(assignment: Assignment, from: readonly Assignment['state'][]): Promise<boolean>
  /** Notes that nobody answered what was assigned at or before. @returns those that were not noted before */
  markUnanswered(options: {
    readonly assignedAtOrBeforeMs: number
    readonly atMs: number
  }): Promise<readonly Assignment[]>
  /** What was given to a case that became part of another goes on for that one. @returns them */
  moveOpen(options: {
    readonly from: CaseRef
    readonly to: CaseRef
    readonly atMs: number
  }): Promise<readonly Assignment[]>
  /** @returns undefined when it was seen before */
  markSeen(options: { readonly assignmentId: string; readonly atMs: number }): Promise<Assignment | undefined>
}

const ofCaseMax = 1000
/** Spelt out as the partial index has it, not bound: only then can the index be used. */
const isOpen = sql<boolean>`state in ('assigned', 'confirmed', 'en-route', 'on-scene')`

export function createAssignmentRecords(scope: Scope): AssignmentRecords {
  const { db, makeId } = scope
  return {
    async open({ case: { caseType, caseId }, unitId, unitNumber, by, atMs }) {
      const row = await db
        .insertInto('assignments')
        .values({
          id: makeId(),
          case_type: caseType,
          case_id: caseId,
          unit_id: unitId,
          unit_number: unitNumber,
          state: 'assigned',
          assigned_by: by,
          assigned_at_ms: atMs,
          updated_at_ms: atMs,
        })
        .onConflict((conflict) => conflict.doNothing())
        .returningAll()
        .executeTakeFirst()
      return row && toAssignment(row)
    },
    async get(assignmentId) {
      const row = await db.selectFrom('assignments').selectAll().where('id', '=', assignmentId).executeTakeFirst()
      return row && toAssignment(row)
    },
    async openOfUnit(unitId) {
      const row = await db
        .selectFrom('assignments')
        .selectAll()
        .where('unit_id', '=', unitId)
        .where(isOpen)
        .executeTakeFirst()
      return row && toAssignment(row)
    },
    async allOpen() {
      const rows = await db.selectFrom('assignments').selectAll().where(isOpen).orderBy('id').execute()
      return rows.map(toAssignment)
    },
    async ofCase({ caseType, caseId }) {
      const rows = await db
        .selectFrom('assignments')
        .selectAll()
        .where('case_type', '=', caseType)
        .where('case_id', '=', caseId)
        .orderBy('id', 'desc')
        .limit(ofCaseMax)
        .execute()
      return rows.reverse().map(toAssignment)
    },
    async list(query) {
      let rows = db.selectFrom('assignments').selectAll().orderBy('id', 'desc').limit(rowsToRead(query))
      if (query.cursor !== undefined) rows = rows.where('id', '<', query.cursor)
      if (query.case !== undefined) {
        rows = rows.where('case_type', '=', query.case.caseType).where('case_id', '=', query.case.caseId)
      }
      if (query.unitNumber !== undefined) rows = rows.where('unit_number', '=', query.unitNumber)
      if (query.isOpen === true) rows = rows.where(isOpen)
      return toPage(await rows.execute(), query, toAssignment)
    },
    async replace(assignment, from) {
      const { id, ...rest } = toRow(assignment)
      const { numUpdatedRows } = await db
        .updateTable('assignments')
        .set(rest)
        .where('id', '=', id)
        .where('state', 'in', from)
        .executeTakeFirst()
      return numUpdatedRows > 0n
    },
    async markUnanswered({ assignedAtOrBeforeMs, atMs }) {
      const rows = await db
        .updateTable('assignments')
        .set({ unanswered_at_ms: atMs, updated_at_ms: atMs })
        .where(isOpen)
        .where('state', '=', 'assigned')
        .where('unanswered_at_ms', 'is', null)
        .where('assigned_at_ms', '<=', assignedAtOrBeforeMs)
        .returningAll()
        .execute()
      return rows.map(toAssignment)
    },
    async moveOpen({ from, to, atMs }) {
      const rows = await db
        .updateTable('assignments')
        .set({ case_type: to.caseType, case_id: to.caseId, updated_at_ms: atMs })
        .where('case_type', '=', from.caseType)
        .where('case_id', '=', from.caseId)
        .where(isOpen)
        .returningAll()
        .execute()
      return rows.map(toAssignment)
    },
    async markSeen({ assignmentId, atMs }) {
      const row = await db
        .updateTable('assignments')
        .set({ seen_at_ms: atMs, updated_at_ms: atMs })
        .where('id', '=', assignmentId)
        .where('seen_at_ms', 'is', null)
        .returningAll()
        .executeTakeFirst()
      return row && toAssignment(row)
    },
  }
}

function toRow(assignment: Assignment): AssignmentRow {
  return {
    id: assignment.id,
    case_type: assignment.caseType,
    case_id: assignment.caseId,
    unit_id: assignment.unitId,
    unit_number: assignment.unitNumber,
    state: assignment.state,
    assigned_by: assignment.assignedBy,
    assigned_at_ms: assignment.assignedAtMs,
    seen_at_ms: assignment.seenAtMs ?? null,
    unanswered_at_ms: assignment.unansweredAtMs ?? null,
    answered_at_ms: assignment.answeredAtMs ?? null,
    answered_by: assignment.answeredBy ?? null,
    en_route_at_ms: assignment.enRouteAtMs ?? null,
    on_scene_at_ms: assignment.onSceneAtMs ?? null,
    ended_at_ms: assignment.endedAtMs ?? null,
    reason: assignment.reason ?? null,
    updated_at_ms: assignment.updatedAtMs,
  }
}

function toAssignment(row: AssignmentRow): Assignment {
  return {
    id: row.id,
    caseType: row.case_type,
    caseId: row.case_id,
    unitId: row.unit_id,
    unitNumber: row.unit_number,
    state: row.state,
    assignedBy: row.assigned_by,
    assignedAtMs: row.assigned_at_ms,
    seenAtMs: row.seen_at_ms ?? undefined,
    unansweredAtMs: row.unanswered_at_ms ?? undefined,
    answeredAtMs: row.answered_at_ms ?? undefined,
    answeredBy: row.answered_by ?? undefined,
    enRouteAtMs: row.en_route_at_ms ?? undefined,
    onSceneAtMs: row.on_scene_at_ms ?? undefined,
    endedAtMs: row.ended_at_ms ?? undefined,
    reason: row.reason ?? undefined,
    updatedAtMs: row.updated_at_ms,
  }
}
