import { sql } from 'kysely'
import type { Notice, NoticeChannel, NoticeEvent, NoticeSkip } from '../../contracts/notice.ts'
import type { NoticeQueue } from '../../contracts/ports/outbox.ts'
import { type NoticeOutcome, settleNotice, skipRest } from './notice-outcomes.ts'
import type { NoticeEventRow, NoticeRow } from './outbox-tables.ts'
import { type Page, type PageQuery, rowsToRead, toPage } from './page.ts'
import type { Scope } from './scope.ts'

/** An event as it lies in the outbox. */
export interface StoredNoticeEvent extends NoticeEvent {
  readonly id: string
  readonly createdAtMs: number
}

/** What one recipient is to be told by one channel. */
export interface PlannedNotice {
  readonly recipient: string
  readonly channel: NoticeChannel
  readonly place: number
  /** Which of the event's `tells`. */
  readonly tell: number
  readonly address: string | undefined
  /** Set: it is never tried, and this is why. */
  readonly skip: NoticeSkip | undefined
}

/** A row that is on its way, with all that sending it takes. */
export interface ClaimedNotice extends Notice {
  readonly address: string | undefined
  readonly to: NoticeEvent['tells'][number]['to']
  readonly subject: string
  readonly text: string
  /** Another channel would be tried if this one failed. */
  readonly hasFallback: boolean
}

export interface NoticeQuery extends PageQuery {
  readonly eventKey?: string | undefined
  readonly thread?: string | undefined
  readonly recipient?: string | undefined
}

/**
 * The outbox. An event is one row, committed with what it tells of; from it rows are planned, one for each recipient and
 * channel; a row is claimed, tried, and settled. What was settled as sent is never claimed again.
 * An event is published as `notice-queued` once it is durable.
 */
export interface NoticeRecords extends NoticeQueue {
  /** Events without a plan, an SOS first, then the oldest. */
  unplanned(limit: number): Promise<readonly StoredNoticeEvent[]>
  /** Takes back what the thread has not sent yet. @returns false while a row of it is on its way: ask again */
  supersede(thread: string, before: StoredNoticeEvent): Promise<boolean>
  /** Rows of earlier steps by which somebody was told, or perhaps told. */
  toldIn(
    thread: string,
    before: StoredNoticeEvent,
  ): Promise<readonly (Notice & { readonly address: string | undefined })[]>
  /** Writes the plan, once. @param input.expiresAtMs of every row */
  plan(
    event: StoredNoticeEvent,
    input: { readonly rows: readonly PlannedNotice[]; readonly expiresAtMs: number },
  ): Promise<void>
  /** Marks rows that are due as on their way. */
  claim(input: {
    readonly channel: NoticeChannel
    readonly urgency: NoticeEvent['urgency']
    readonly limit: number
  }): Promise<readonly ClaimedNotice[]>
  /** Says what became of a try. A row that is not on its way is left alone. */
  settle(noticeId: string, outcome: NoticeOutcome): Promise<void>
  /** The other side has said that it arrived. */
  markDelivered(noticeId: string): Promise<void>
  /** For a start: rows that were on their way when the process ended are due again, under the same id. @returns how many */
  releaseAll(): Promise<number>
  /** Ends what is too old. @returns how many */
  expireDue(): Promise<number>
  /** When the next row is due; undefined when nothing waits for a time. */
  nextDueAtMs(): Promise<number | undefined>
  figures(): Promise<{ readonly queued: number; readonly sending: number; readonly oldestDueAtMs: number | undefined }>
  /** Newest first. */
  list(query: NoticeQuery): Promise<Page<Notice>>
  /** Forgets where somebody was reached and what was said about them. What has not been sent is not sent. */
  eraseAllOf(input: { readonly userId: string; readonly recipients: readonly string[] }): Promise<void>
}

const urgencies = ['sos', 'usual'] as const
/** Spelt out, not bound: only then can the partial indexes be used. */
const queued = sql.lit('queued' as const)
const sending = sql.lit('sending' as const)
const rowsPerInsert = 100
const stepRowsMax = 500

export function createNoticeRecords(scope: Scope): NoticeRecords {
  const { db, now, makeId, atomically } = scope
  return {
    async enqueue({ key, thread, urgency, ends, aboutUserId, tells }) {
      const row: NoticeEventRow = {
        id: makeId(),
        event_key: key,
        thread,
        urgency: urgencies.indexOf(urgency),
        ends: Number(ends),
        about_user_id: aboutUserId ?? null,
        tells: JSON.stringify(tells),
        created_at_ms: now(),
        planned_at_ms: null,
      }
      const { numInsertedOrUpdatedRows = 0n } = await db
        .insertInto('notice_events')
        .values(row)
        .onConflict((conflict) => conflict.column('event_key').doNothing())
        .executeTakeFirst()
      if (numInsertedOrUpdatedRows > 0n) scope.afterCommit(() => scope.publish('notice-queued', { eventKey: key }))
      return numInsertedOrUpdatedRows > 0n
    },
    async unplanned(limit) {
      const rows = await db
        .selectFrom('notice_events')
        .selectAll()
        .where('planned_at_ms', 'is', null)
        .orderBy('urgency')
        .orderBy('id')
        .limit(limit)
        .execute()
      return rows.map(toEvent)
    },
    async supersede(thread, before) {
      await db
        .updateTable('notices')
        .set({ state: 'skipped', reason: 'superseded', next_try_at_ms: null, updated_at_ms: now() })
        .where('state', '=', queued)
        .where('event_id', 'in', earlierSteps(scope, thread, before))
        .execute()
      const onItsWay = await db
        .selectFrom('notices')
        .select('id')
        .where('state', '=', sending)
        .where('event_id', 'in', earlierSteps(scope, thread, before))
        .limit(1)
        .executeTakeFirst()
      return onItsWay === undefined
    },
    async toldIn(thread, before) {
      const rows = await db
        .selectFrom('notices')
        .selectAll()
        .where('event_id', 'in', earlierSteps(scope, thread, before))
        .where((eb) => eb.or([eb('state', 'in', ['sent', 'delivered']), eb('is_perhaps_told', '=', 1)]))
        .orderBy('id')
        .execute()
      return rows.map((row) => ({ ...toNotice(row), address: row.address ?? undefined }))
    },
    plan: (event, { rows, expiresAtMs }) =>
      atomically(async (inner) => {
        const atMs = now()
        for (let at = 0; at < rows.length; at += rowsPerInsert) {
          await inner.db
            .insertInto('notices')
            .values(rows.slice(at, at + rowsPerInsert).map((row) => toRow(makeId(), event, row, { atMs, expiresAtMs })))
            .onConflict((conflict) => conflict.columns(['event_key', 'recipient', 'channel']).doNothing())
            .execute()
        }
        await inner.db.updateTable('notice_events').set({ planned_at_ms: atMs }).where('id', '=', event.id).execute()
      }),
    claim: (input) => (input.limit <= 0 ? Promise.resolve([]) : claim(scope, input)),
    settle: (noticeId, outcome) => atomically((inner) => settleNotice(inner, noticeId, outcome)),
    markDelivered: (noticeId) =>
      atomically(async (inner) => {
        const atMs = now()
        const row = await inner.db
          .updateTable('notices')
          // A device may answer before we have noted that it was told.
          .set((eb) => ({
            state: 'delivered',
            reason: null,
            sent_at_ms: eb.fn.coalesce('sent_at_ms', eb.val(atMs)),
            delivered_at_ms: atMs,
            updated_at_ms: atMs,
          }))
          .where('id', '=', noticeId)
          .where('state', 'in', ['sending', 'sent'])
          .returningAll()
          .executeTakeFirst()
        if (row) await skipRest(inner, row, 'told-already')
      }),
    async releaseAll() {
      const { numUpdatedRows } = await db
        .updateTable('notices')
        .set({ state: 'queued', is_perhaps_told: 1, next_try_at_ms: now(), updated_at_ms: now() })
        .where('state', '=', sending)
        .executeTakeFirst()
      return Number(numUpdatedRows)
    },
    async expireDue() {
      for (let count = 0; ; ) {
        const { numUpdatedRows } = await db
          .updateTable('notices')
          .set({ state: 'skipped', reason: 'stale', next_try_at_ms: null, updated_at_ms: now() })
          .where('id', 'in', (eb) =>
            eb
              .selectFrom('notices')
              .select('id')
              .where('state', '=', queued)
              .where('expires_at_ms', '<=', now())
              .limit(stepRowsMax),
          )
          .executeTakeFirst()
        count += Number(numUpdatedRows)
        if (numUpdatedRows < BigInt(stepRowsMax)) return count
      }
    },
    async nextDueAtMs() {
      const row = await db
        .selectFrom('notices')
        .select((eb) => eb.fn.min('next_try_at_ms').as('at_ms'))
        .where('state', '=', queued)
        .executeTakeFirst()
      return row?.at_ms ?? undefined
    },
    async figures() {
      const waiting = await db
        .selectFrom('notices')
        .select((eb) => [eb.fn.countAll().as('count'), eb.fn.min('next_try_at_ms').as('oldest')])
        .where('state', '=', queued)
        .executeTakeFirstOrThrow()
      const onTheirWay = await db
        .selectFrom('notices')
        .select((eb) => eb.fn.countAll().as('count'))
        .where('state', '=', sending)
        .executeTakeFirstOrThrow()
      return {
        queued: Number(waiting.count),
        sending: Number(onTheirWay.count),
        oldestDueAtMs: waiting.oldest ?? undefined,
      }
    },
    async list(query) {
      let rows = db.selectFrom('notices').selectAll().orderBy('id', 'desc').limit(rowsToRead(query))
      if (query.cursor !== undefined) rows = rows.where('id', '<', query.cursor)
      if (query.eventKey !== undefined) rows = rows.where('event_key', '=', query.eventKey)
      if (query.recipient !== undefined) rows = rows.where('recipient', '=', query.recipient)
      const { thread } = query
      if (thread !== undefined) {
        rows = rows.where('event_id', 'in', (eb) =>
          eb.selectFrom('notice_events').select('notice_events.id').where('thread', '=', thread),
        )
      }
      return toPage(await rows.execute(), query, toNotice)
    },
    eraseAllOf: ({ userId, recipients }) =>
      atomically(async (inner) => {
        for (const recipient of recipients) {
          await inner.db
            .updateTable('notices')
            .set({ state: 'skipped', reason: 'erased', next_try_at_ms: null, updated_at_ms: now() })
            .where('recipient', '=', recipient)
            .where('state', '=', queued)
            .execute()
          await inner.db.updateTable('notices').set({ address: null }).where('recipient', '=', recipient).execute()
        }
        await inner.db
          .updateTable('notice_events')
          .set({ tells: '[]', about_user_id: null })
          .where('about_user_id', '=', userId)
          .execute()
      }),
  }
}

function earlierSteps({ db }: Scope, thread: string, before: StoredNoticeEvent) {
  return db.selectFrom('notice_events').select('id').where('thread', '=', thread).where('id', '<', before.id)
}

async function claim(
  { db, now }: Scope,
  { channel, urgency, limit }: Parameters<NoticeRecords['claim']>[0],
): Promise<readonly ClaimedNotice[]> {
  const atMs = now()
  const rows = await db
    .updateTable('notices')
    .set((eb) => ({ state: 'sending', tries: eb('tries', '+', 1), next_try_at_ms: null, updated_at_ms: atMs }))
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('notices')
        .select('id')
        .where('state', '=', queued)
        .where('channel', '=', channel)
        .where('urgency', '=', urgencies.indexOf(urgency))
        .where('next_try_at_ms', '<=', atMs)
        .where('expires_at_ms', '>', atMs)
        .orderBy('next_try_at_ms')
        .orderBy('id')
        .limit(limit),
    )
    .returningAll()
    .execute()
  const claimed: ClaimedNotice[] = []
  for (const row of rows) {
    const event = await db.selectFrom('notice_events').select('tells').where('id', '=', row.event_id).executeTakeFirst()
    const next = await db
      .selectFrom('notices')
      .select('id')
      .where('event_id', '=', row.event_id)
      .where('recipient', '=', row.recipient)
      .where('state', '=', queued)
      .limit(1)
      .executeTakeFirst()
    const tell = (JSON.parse(event?.tells ?? '[]') as NoticeEvent['tells'])[row.tell]
    claimed.push({
      ...toNotice(row),
      address: row.address ?? undefined,
      // Erased while it waited: there are no words left to send.
      to: tell?.to ?? { type: 'told' },
      subject: tell?.subject ?? '',
      text: tell?.text ?? '',
      hasFallback: next !== undefined,
    })
  }
  return claimed
}

function toRow(
  id: string,
  event: StoredNoticeEvent,
  { recipient, channel, place, tell, address, skip }: PlannedNotice,
  { atMs, expiresAtMs }: { readonly atMs: number; readonly expiresAtMs: number },
): NoticeRow {
  return {
    id,
    event_id: event.id,
    event_key: event.key,
    recipient,
    channel,
    place,
    tell,
    address: address ?? null,
    urgency: urgencies.indexOf(event.urgency),
    state: skip === undefined ? 'queued' : 'skipped',
    reason: skip ?? null,
    tries: 0,
    is_perhaps_told: 0,
    next_try_at_ms: skip === undefined && place === 0 ? atMs : null,
    created_at_ms: event.createdAtMs,
    expires_at_ms: expiresAtMs,
    sent_at_ms: null,
    delivered_at_ms: null,
    updated_at_ms: atMs,
  }
}

function toEvent(row: NoticeEventRow): StoredNoticeEvent {
  return {
    id: row.id,
    key: row.event_key,
    thread: row.thread,
    urgency: urgencies[row.urgency] ?? 'usual',
    ends: row.ends === 1,
    aboutUserId: row.about_user_id ?? undefined,
    tells: JSON.parse(row.tells) as NoticeEvent['tells'],
    createdAtMs: row.created_at_ms,
  }
}

function toNotice(row: NoticeRow): Notice {
  return {
    id: row.id,
    eventKey: row.event_key,
    recipient: row.recipient,
    channel: row.channel,
    place: row.place,
    urgency: urgencies[row.urgency] ?? 'usual',
    state: row.state,
    reason: row.reason ?? undefined,
    tries: row.tries,
    isPerhapsTold: row.is_perhaps_told === 1,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    sentAtMs: row.sent_at_ms ?? undefined,
    deliveredAtMs: row.delivered_at_ms ?? undefined,
  }
}
