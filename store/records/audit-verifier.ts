import { setImmediate as nextTurn } from 'node:timers/promises'
import { sql } from 'kysely'
import { AppError } from '../../contracts/errors.ts'
import { chainStart, headAlteredAction, isSealed, linkOf } from './audit-chain.ts'
import type { Keyring } from './keys.ts'
import type { Scope } from './scope.ts'
import type { AuditHeadRow, AuditRow } from './tables.ts'

/** Where the trail stands: the number of its last row, and the chain value that stands for all rows up to it. */
export interface AuditHead {
  readonly seq: number
  /** 64 hex digits. */
  readonly chain: string
}

/**
 * `altered`: a column is not what was written. `missing`: a row, or the first of several. `inserted`: a row where none
 * belongs. `head-altered`: what is noted of the end was changed, now or, where a row says so, then. `head-mismatch`: the
 * last row is not the one that is noted. `unlike-expected`: the row is not the one whose head was noted elsewhere.
 */
export type AuditFaultName = 'altered' | 'missing' | 'inserted' | 'head-altered' | 'head-mismatch' | 'unlike-expected'

export interface AuditFault {
  readonly seq: number
  readonly fault: AuditFaultName
  /** Of the row, where there is one. */
  readonly id: string | undefined
}

export type AuditVerdict =
  | ({ readonly type: 'intact'; readonly count: number; readonly firstSeq: number } & AuditHead)
  /** The first of them, ten at most. */
  | { readonly type: 'broken'; readonly faults: readonly AuditFault[] }

export interface AuditProgress {
  readonly checked: number
  /** As far as is known now: the trail may grow. */
  readonly count: number
}

export interface VerifyOptions {
  /** A head that was noted elsewhere: the trail up to there must be the one it was. */
  readonly expect?: AuditHead | undefined
  readonly onProgress?: ((progress: AuditProgress) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

const rowsAtOnce = 500
const faultsMax = 10

type FoundRow = AuditRow & { readonly bytes: number }

/** One moment of the trail. */
interface Chunk {
  readonly head: AuditHeadRow | undefined
  readonly rows: readonly FoundRow[]
  /** All rows there are; known at the end alone. */
  readonly total: number | undefined
}

/**
 * Walks the trail while it is in use, with a turn of the event loop after every few hundred rows.
 * @throws AppError `audit-head-pruned` when what is expected lies before the first row that is kept
 */
export async function verifyTrail(scope: Scope, options: VerifyOptions = {}): Promise<AuditVerdict> {
  const { expect, onProgress, signal } = options
  const walk = createWalk(scope.keys, expect)
  let afterSeq: number | undefined
  let checked = 0
  for (;;) {
    signal?.throwIfAborted()
    const chunk = await readChunk(scope, afterSeq)
    walk.take(chunk)
    checked += chunk.rows.length
    const { head, total } = chunk
    if (head !== undefined) onProgress?.({ checked, count: Math.max(checked, head.seq - head.first_seq + 1) })
    afterSeq = chunk.rows.at(-1)?.seq
    // Numbers come before all else in SQLite's order: what follows something else is no row of ours either.
    if (total !== undefined || walk.faults.length >= faultsMax || !isCounted(afterSeq)) break
    await nextTurn()
  }
  return walk.verdict()
}

/** Rows and head of one moment: between two reads the trail may have grown, or been pruned. */
function readChunk(scope: Scope, afterSeq: number | undefined): Promise<Chunk> {
  return scope.atomically(async ({ db }) => {
    const head = await db.selectFrom('audit_head').selectAll().executeTakeFirst()
    let query = db
      .selectFrom('audit')
      .selectAll()
      // SQLite gives text back up to its first zero; how long it is tells whether there is more.
      .select(sql<number>`octet_length(id || actor || action || coalesce(subject, '') || detail || chain)`.as('bytes'))
      .orderBy('seq')
      .limit(rowsAtOnce)
    if (afterSeq !== undefined) query = query.where('seq', '>', afterSeq)
    const rows = await query.execute()
    if (rows.length === rowsAtOnce) return { head, rows, total: undefined }
    const { total } = await db
      .selectFrom('audit')
      .select((eb) => eb.fn.countAll().as('total'))
      .executeTakeFirstOrThrow()
    return { head, rows, total: Number(total) }
  })
}

function createWalk(keys: Keyring, expect: AuditHead | undefined) {
  const faults: AuditFault[] = []
  /** The last row, with the values that the next one may be tied to. */
  let tied: { readonly seq: number; readonly chains: readonly string[] } | undefined
  let isHeadFaulty = false
  let isExpectedSeen = expect === undefined || expect.seq === 0
  let end: AuditVerdict = { type: 'broken', faults }

  /** In a table that somebody else made, anything may stand anywhere. */
  function note(fault: AuditFaultName, seq: unknown, id?: unknown): void {
    if (faults.length >= faultsMax) return
    faults.push({ seq: typeof seq === 'number' ? seq : 0, fault, id: typeof id === 'string' ? id : undefined })
  }

  /** @returns undefined, with the fault noted, when what the head says cannot be believed */
  function believe(head: AuditHeadRow | undefined): AuditHeadRow | undefined {
    if (head !== undefined && isSealed(keys, head)) return head
    if (!isHeadFaulty) note('head-altered', head?.seq)
    isHeadFaulty = true
    return undefined
  }

  /** The trail begins where its head says; it may have been pruned since the last look. */
  function moveToStart(head: AuditHeadRow | undefined, believed: AuditHeadRow | undefined): void {
    if (tied === undefined) {
      const { first_seq, first_chain } = head ?? { first_seq: 1, first_chain: chainStart }
      tied = { seq: first_seq - 1, chains: [first_chain] }
    } else if (believed !== undefined && tied.seq < believed.first_seq - 1) {
      tied = { seq: believed.first_seq - 1, chains: [believed.first_chain] }
    }
    if (expect === undefined || isExpectedSeen) return
    if (believed !== undefined && expect.seq < believed.first_seq - 1) throw expectedPruned(expect, believed)
    if (expect.seq === tied.seq) compare(expect, tied.chains[0]!)
  }

  function compare(expected: AuditHead, chain: string, id?: string): void {
    isExpectedSeen = true
    if (chain !== expected.chain) note('unlike-expected', expected.seq, id)
  }

  function takeRow(row: FoundRow, lastSeq: number): void {
    const { seq, id, chain, bytes, ...rest } = row
    const before = tied!
    if (!isCounted(seq) || seq <= before.seq || seq > lastSeq) {
      note('inserted', seq, id)
      return
    }
    if (expect?.seq === seq) compare(expect, chain, id)
    if (seq > before.seq + 1) {
      note('missing', before.seq + 1)
      // What it was tied to is gone with the row before.
      tied = { seq, chains: [chain] }
      return
    }
    const links = before.chains.map((value) => linkOf(keys, value, { seq, id, ...rest }))
    const isWhole = links.includes(chain) && bytes === countBytes(row)
    tied = { seq, chains: isWhole ? [chain] : [chain, links[0]!] }
    if (!isWhole) note('altered', seq, id)
    else if (rest.action === headAlteredAction) note('head-altered', seq, id)
  }

  function takeEnd(head: AuditHeadRow | undefined, total: number): void {
    if (head === undefined) return
    const { seq, chain, first_seq } = head
    const count = seq - first_seq + 1
    if (tied!.seq < seq) note('missing', tied!.seq + 1)
    else if (!tied!.chains.includes(chain)) note('head-mismatch', seq)
    if (!isExpectedSeen && expect!.seq > seq) note('missing', expect!.seq)
    // Rows without a number, or with one that another row has, are met by no walk.
    if (faults.length === 0 && total !== count) note('inserted', seq)
    if (faults.length === 0) end = { type: 'intact', count, firstSeq: first_seq, seq, chain }
  }

  return {
    faults,
    take({ head, rows, total }: Chunk): void {
      const believed = believe(head)
      moveToStart(head, believed)
      for (const row of rows) takeRow(row, believed?.seq ?? Number.MAX_SAFE_INTEGER)
      if (total !== undefined) takeEnd(believed, total)
    },
    verdict: (): AuditVerdict => end,
  }
}

function isCounted(seq: number | undefined): seq is number {
  return Number.isSafeInteger(seq)
}

function countBytes({ id, actor, action, subject, detail, chain }: FoundRow): number {
  return [id, actor, action, subject ?? '', detail, chain].reduce((sum, text) => sum + Buffer.byteLength(text), 0)
}

function expectedPruned(expect: AuditHead, { first_seq }: AuditHeadRow): AppError {
  const message = `the trail is kept from row ${first_seq} on: there is nothing to hold row ${expect.seq} against`
  return new AppError('invalid', 'audit-head-pruned', message)
}
