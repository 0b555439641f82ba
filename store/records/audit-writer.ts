import { setImmediate as nextTurn } from 'node:timers/promises'
import { sql } from 'kysely'
import { AppError } from '../../contracts/errors.ts'
import { chainStart, headAlteredAction, isSealed, linkOf, sealOf, toStorable } from './audit-chain.ts'
import type { Scope } from './scope.ts'
import type { AuditHeadRow, AuditRow } from './tables.ts'

export interface NewAuditEntry {
  readonly actor: string
  readonly action: string
  readonly subject?: string | undefined
  /** No secrets and no positions. */
  readonly detail?: Readonly<Record<string, unknown>> | undefined
}

type Head = Omit<AuditHeadRow, 'id' | 'seal'>

/** Rows deleted by one commit, so that nobody waits long for their turn. */
const pruneRowsMax = 500
/** Above it numbers are not told apart any more; no row of ours has such a one. */
const seqMax = Number.MAX_SAFE_INTEGER - 1

/** Adds one row and moves the head, as one step. */
export function appendToTrail(scope: Scope, entry: NewAuditEntry): Promise<AuditRow> {
  return scope.atomically(async (inner) => {
    const { row, head } = await addRow(inner, await readHead(inner), entry)
    await writeHead(inner, head)
    return row
  })
}

/**
 * Deletes the oldest rows in steps; each step says so in the trail. A row stays as long as one before it does, so that
 * what is left is still one chain.
 * @returns how many were deleted
 */
export async function pruneTrail(scope: Scope, beforeMs: number): Promise<number> {
  let count = 0
  for (;;) {
    const removed = await scope.atomically((inner) => pruneStep(inner, beforeMs))
    count += removed
    if (removed < pruneRowsMax) return count
    await nextTurn()
  }
}

async function pruneStep(scope: Scope, beforeMs: number): Promise<number> {
  const { db } = scope
  const head = await readHead(scope)
  const oldest = await db
    .selectFrom('audit')
    .select(['seq', 'at_ms', 'chain'])
    .where('seq', '>=', head.first_seq)
    .where('seq', '<=', head.seq)
    .orderBy('seq')
    .limit(pruneRowsMax)
    .execute()
  const kept = oldest.findIndex((row) => row.at_ms >= beforeMs)
  const removed = kept === -1 ? oldest.length : kept
  const last = oldest[removed - 1]
  if (last === undefined) return 0
  await db.deleteFrom('audit').where('seq', '>=', head.first_seq).where('seq', '<=', last.seq).execute()
  const shorter = { ...head, first_seq: last.seq + 1, first_chain: last.chain }
  const detail = { removed, through: last.seq }
  const { head: moved } = await addRow(scope, shorter, { actor: 'system', action: 'audit-pruned', detail })
  await writeHead(scope, moved)
  return removed
}

interface Added {
  readonly row: AuditRow
  readonly head: Head
}

async function addRow(scope: Scope, head: Head, entry: NewAuditEntry): Promise<Added> {
  // Undefined when somebody else put a row where this one belongs.
  return (await tryAddRow(scope, head, entry)) ?? addRowOrFail(scope, await mendHead(scope, head), entry)
}

async function addRowOrFail(scope: Scope, head: Head, entry: NewAuditEntry): Promise<Added> {
  const added = await tryAddRow(scope, head, entry)
  if (added === undefined) throw new AppError('internal', 'audit-unwritable', 'the audit trail has no end to write at')
  return added
}

/** @returns undefined when there is a row of that number */
async function tryAddRow(
  { db, keys, now, makeId }: Scope,
  head: Head,
  { actor, action, subject, detail = {} }: NewAuditEntry,
): Promise<Added | undefined> {
  const columns = {
    seq: head.seq + 1,
    id: makeId(),
    at_ms: now(),
    actor: toStorable(actor),
    action: toStorable(action),
    subject: subject === undefined ? null : toStorable(subject),
    detail: toStorable(JSON.stringify(detail)),
  }
  const row = { ...columns, chain: linkOf(keys, head.chain, columns) }
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('audit')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow()
  if (numInsertedOrUpdatedRows !== 1n) return undefined
  return { row, head: { ...head, seq: row.seq, chain: row.chain, updated_at_ms: row.at_ms } }
}

export async function isTrailHeadSound({ db, keys }: Pick<Scope, 'db' | 'keys'>): Promise<boolean> {
  const head = await db.selectFrom('audit_head').selectAll().executeTakeFirst()
  return head !== undefined && isSealed(keys, head)
}

async function readHead(scope: Scope): Promise<Head> {
  const head = await scope.db.selectFrom('audit_head').selectAll().executeTakeFirst()
  return head !== undefined && isSealed(scope.keys, head) ? head : mendHead(scope, head)
}

async function writeHead({ db, keys }: Scope, head: Head): Promise<void> {
  const { seq, chain, first_seq, first_chain, updated_at_ms } = head
  // Written out, as it comes with every entry: Kysely would take longer to put it together than SQLite to do it.
  await sql`
    insert into audit_head (id, seq, chain, first_seq, first_chain, updated_at_ms, seal)
    values (1, ${seq}, ${chain}, ${first_seq}, ${first_chain}, ${updated_at_ms}, ${sealOf(keys, head)})
    on conflict (id) do update set seq = excluded.seq, chain = excluded.chain, first_seq = excluded.first_seq,
      first_chain = excluded.first_chain, updated_at_ms = excluded.updated_at_ms, seal = excluded.seal`.execute(db)
}

/**
 * A head that was altered must not stop people from signing in, nor be sealed as if nothing had been: the trail goes
 * on from its last row, with a row that says what was found.
 */
async function mendHead(scope: Scope, found: Head | undefined): Promise<Head> {
  const rows = scope.db.selectFrom('audit').select(['seq', 'chain']).where('seq', '<=', seqMax).limit(1)
  const first = await rows.orderBy('seq').executeTakeFirst()
  const last = await rows.orderBy('seq', 'desc').executeTakeFirst()
  const isStartKnown = found !== undefined && (first === undefined || first.seq >= found.first_seq)
  const mended: Head = {
    seq: last?.seq ?? 0,
    chain: last?.chain ?? chainStart,
    first_seq: isStartKnown ? found.first_seq : (first?.seq ?? 1),
    first_chain: isStartKnown && typeof found.first_chain === 'string' ? found.first_chain : chainStart,
    updated_at_ms: 0,
  }
  return (await addRowOrFail(scope, mended, { actor: 'system', action: headAlteredAction })).head
}
