import { setImmediate as nextTurn } from 'node:timers/promises'
import { type SelectQueryBuilder, sql } from 'kysely'
import { type Page, type PageQuery, rowsToRead } from './page.ts'
import type { Scope } from './scope.ts'
import type { AuditRow, Tables } from './tables.ts'

export interface AuditQuery extends PageQuery {
  readonly actor?: string | undefined
  /** `user-*` stands for all that begin with `user-`. */
  readonly action?: string | undefined
  readonly subject?: string | undefined
  readonly fromMs?: number | undefined
  /** Exclusive. */
  readonly toMs?: number | undefined
  /** Part of any column, whatever the case. */
  readonly search?: string | undefined
}

/** The table is read in pieces of this size where rows have to be looked at one by one. */
const rowsAtOnce = 500
/** Looking at so many is no matter, whatever else is asked. */
const rowsFewMax = 2000
/** A request looks at so many rows; then its page ends where it has come to. */
const rowsExaminedMax = 200_000
/** More actions than this under one beginning are found among all rows. */
const actionsMax = 100

/**
 * A page of the trail, newest first. One condition is answered by an index, the others by looking: so no filter makes
 * anybody wait, and a page may be short, or empty, before the last.
 */
export async function searchTrail(scope: Scope, query: AuditQuery): Promise<Page<AuditRow>> {
  const wanted = rowsToRead(query)
  const index = await chooseIndex(scope, query)
  const matches = createFilter(query, index.column)
  const pieceRows = matches === undefined ? wanted : rowsAtOnce
  const found: AuditRow[] = []
  let position = query.cursor === undefined ? undefined : readCursor(query.cursor)
  for (let examined = 0; examined < rowsExaminedMax; examined += pieceRows) {
    if (examined > 0) await nextTurn()
    const rows = await readPiece(scope, { ...query, ...index }, position, pieceRows)
    for (const row of rows) if (matches === undefined || matches(row)) found.push(row)
    if (found.length >= wanted) {
      const items = found.slice(0, wanted - 1)
      return { items, nextCursor: toCursor(items.at(-1)!) }
    }
    position = rows.at(-1)
    if (rows.length < pieceRows) return { items: found, nextCursor: undefined }
  }
  return { items: found, nextCursor: position && toCursor(position) }
}

type Position = Pick<AuditRow, 'at_ms' | 'seq'>

type Index =
  | { readonly column: 'subject' | 'actor' | 'action'; readonly values: readonly string[] }
  | { readonly column: undefined; readonly values?: undefined }

/** A condition that leaves few rows to look at, if one does. */
async function chooseIndex(scope: Scope, query: AuditQuery): Promise<Index> {
  const conditions: Index[] = []
  for (const column of ['subject', 'actor'] as const) {
    const value = query[column]
    if (value !== undefined) conditions.push({ column, values: [value] })
  }
  if (query.action !== undefined) {
    const values = await listActions(scope, query.action)
    if (values !== undefined) conditions.push({ column: 'action', values })
  }
  if (conditions.length > 1) {
    for (const condition of conditions) if (await leavesFew(scope, condition)) return condition
  }
  return conditions[0] ?? { column: undefined }
}

async function leavesFew({ db }: Scope, { column, values }: Index): Promise<boolean> {
  if (column === undefined) return false
  let count = 0
  for (const value of values) {
    const first = db.selectFrom('audit').select('seq').where(column, '=', value).limit(rowsFewMax)
    const { rows } = await db
      .selectFrom(first.as('first'))
      .select((eb) => eb.fn.countAll().as('rows'))
      .executeTakeFirstOrThrow()
    count += Number(rows)
    if (count >= rowsFewMax) return false
  }
  return true
}

function beginningOf(action: string): string | undefined {
  return action.endsWith('*') ? action.slice(0, -1) : undefined
}

/** @returns undefined when there are too many to be worth it */
async function listActions(scope: Scope, wanted: string): Promise<readonly string[] | undefined> {
  const beginning = beginningOf(wanted)
  if (beginning === undefined) return [wanted]
  const actions: string[] = []
  while (actions.length <= actionsMax) {
    const next = await findAction(scope, beginning, actions.at(-1))
    if (next === undefined || !next.startsWith(beginning)) return actions
    actions.push(next)
  }
  return undefined
}

/** @returns the next in order: of all after `last`, or from `beginning` on */
async function findAction({ db }: Scope, beginning: string, last: string | undefined): Promise<string | undefined> {
  const rows = db.selectFrom('audit').select('action').orderBy('action').limit(1)
  const later = last === undefined ? rows.where('action', '>=', beginning) : rows.where('action', '>', last)
  return (await later.executeTakeFirst())?.action
}

async function readPiece(
  { db }: Scope,
  query: AuditQuery & Index,
  position: Position | undefined,
  limit: number,
): Promise<readonly AuditRow[]> {
  const { column, fromMs, toMs } = query
  const within = () => {
    let rows = db.selectFrom('audit').selectAll()
    if (fromMs !== undefined) rows = rows.where('at_ms', '>=', fromMs)
    if (toMs !== undefined) rows = rows.where('at_ms', '<', toMs)
    if (position !== undefined) rows = rows.where(sql<boolean>`(at_ms, seq) < (${position.at_ms}, ${position.seq})`)
    return rows
  }
  let rows: SelectQueryBuilder<Tables, 'audit', AuditRow> | undefined
  if (column === undefined) rows = within()
  else {
    for (const value of query.values) {
      const part = within().where(column, '=', value)
      // Each part comes in order from its index, so they are merged and not sorted.
      rows = rows === undefined ? part : rows.unionAll(part)
    }
  }
  if (rows === undefined) return []
  return rows.orderBy('at_ms', 'desc').orderBy('seq', 'desc').limit(limit).execute()
}

/** The conditions that the index does not answer. @returns undefined when there is none */
function createFilter(query: AuditQuery, answered: Index['column']): ((row: AuditRow) => boolean) | undefined {
  const { actor, action, subject } = query
  const search = query.search?.toLowerCase()
  const isOpen = { actor, action, subject, ...(answered && { [answered]: undefined }) }
  if (search === undefined && Object.values(isOpen).every((value) => value === undefined)) return undefined
  return (row) =>
    (actor === undefined || row.actor === actor) &&
    (subject === undefined || row.subject === subject) &&
    (action === undefined || isAction(row.action, action)) &&
    (search === undefined || columnsOf(row).some((text) => text.toLowerCase().includes(search)))
}

function isAction(action: string, wanted: string): boolean {
  const beginning = beginningOf(wanted)
  return beginning === undefined ? action === wanted : action.startsWith(beginning)
}

function columnsOf({ actor, action, subject, detail }: AuditRow): readonly string[] {
  return [actor, action, subject ?? '', detail]
}

function toCursor({ at_ms, seq }: Position): string {
  return `${at_ms}.${seq}`
}

/** What is no cursor of ours begins at the end of all times. */
function readCursor(cursor: string): Position {
  const [atMs = Number.NaN, seq = Number.NaN] = cursor.split('.').map(Number)
  return { at_ms: Number.isFinite(atMs) ? atMs : 0, seq: Number.isFinite(seq) ? seq : 0 }
}
