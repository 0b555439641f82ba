import type { NoticeSkip } from '../../contracts/notice.ts'
import type { NoticeRow } from './outbox-tables.ts'
import type { Scope } from './scope.ts'

/** What became of a try. */
export type NoticeOutcome =
  | { readonly type: 'sent' | 'delivered' }
  | { readonly type: 'again'; readonly reason: string; readonly isPerhapsTold: boolean; readonly nextTryAtMs: number }
  | { readonly type: 'failed'; readonly reason: string; readonly isPerhapsTold: boolean }
  /** `isForAll`: no other channel is tried either. */
  | { readonly type: 'skipped'; readonly reason: NoticeSkip; readonly isForAll: boolean }

/** Notes what became of a try, and what that means for the channels that wait behind it. */
export async function settleNotice(scope: Scope, noticeId: string, outcome: NoticeOutcome): Promise<void> {
  const atMs = scope.now()
  const row = await scope.db
    .updateTable('notices')
    .set({ ...columnsOf(outcome, atMs), updated_at_ms: atMs })
    .where('id', '=', noticeId)
    .where('state', '=', 'sending')
    .returningAll()
    .executeTakeFirst()
  // Said to be delivered meanwhile.
  if (!row) return
  if (outcome.type === 'sent' || outcome.type === 'delivered') await skipRest(scope, row, 'told-already')
  else if (outcome.type === 'failed') await tryNext(scope, row, atMs)
  else if (outcome.type === 'skipped') {
    if (outcome.isForAll) await skipRest(scope, row, outcome.reason)
    else await tryNext(scope, row, atMs)
  }
}

/** Ends the recipient's other channels, which need not be tried any more. */
export async function skipRest({ db, now }: Scope, row: NoticeRow, reason: NoticeSkip): Promise<void> {
  await db
    .updateTable('notices')
    .set({ state: 'skipped', reason, next_try_at_ms: null, updated_at_ms: now() })
    .where('event_id', '=', row.event_id)
    .where('recipient', '=', row.recipient)
    .where('state', '=', 'queued')
    .execute()
}

async function tryNext({ db }: Scope, row: NoticeRow, atMs: number): Promise<void> {
  await db
    .updateTable('notices')
    .set({ next_try_at_ms: atMs, updated_at_ms: atMs })
    .where('id', '=', (eb) =>
      eb
        .selectFrom('notices')
        .select('id')
        .where('event_id', '=', row.event_id)
        .where('recipient', '=', row.recipient)
        .where('state', '=', 'queued')
        .orderBy('place')
        .limit(1),
    )
    .execute()
}

function columnsOf(outcome: NoticeOutcome, atMs: number): Partial<NoticeRow> {
  switch (outcome.type) {
    case 'sent':
      return { state: 'sent', reason: null, sent_at_ms: atMs }
    case 'delivered':
      return { state: 'delivered', reason: null, sent_at_ms: atMs, delivered_at_ms: atMs }
    case 'again':
      return {
        state: 'queued',
        reason: outcome.reason,
        next_try_at_ms: outcome.nextTryAtMs,
        ...perhaps(outcome.isPerhapsTold),
      }
    case 'failed':
      return { state: 'failed', reason: outcome.reason, ...perhaps(outcome.isPerhapsTold) }
    case 'skipped':
      return { state: 'skipped', reason: outcome.reason }
  }
}

/** Once perhaps told, always: a later try that surely was not taken says nothing of those before. */
function perhaps(isPerhapsTold: boolean): Partial<NoticeRow> {
  return isPerhapsTold ? { is_perhaps_told: 1 } : {}
}
