import type { NoticeEvent, NoticeState, NoticeWords } from '../notice.ts'

/** The way into the outbox. */
export interface NoticeQueue {
  /**
   * Writes one row, so that the notice commits with what it tells of. Within a transaction it costs no more than that:
   * who is to be told, and how, is worked out afterwards.
   * @returns false when an event with that key is there already
   */
  enqueue(event: NoticeEvent): Promise<boolean>
}

export interface OutboxStats {
  /** Rows that wait: for their turn, for another try, or for a channel before them to fail. */
  readonly queued: number
  readonly sending: number
  /** How long the oldest row that is due has been due; 0 when none is. */
  readonly lagMs: number
  /** What became of rows since start. A try that is followed by another counts as `queued`. */
  readonly outcomes: Readonly<Record<Exclude<NoticeState, 'sending'>, number>>
  /** Rows found on their way at the start, whose try may have been taken, and that were tried again. */
  readonly resumed: number
}

/** What a person's open sockets are told. */
export interface SocketNotice extends NoticeWords {
  readonly id: string
  readonly eventKey: string
  readonly urgency: NoticeEvent['urgency']
}

/** Reaches the sockets that people have open. */
export interface SocketPager {
  /**
   * Resolves when one of them has said that it shows the notice.
   * @returns false when the person has no socket open
   * @throws AppError `channel-unreachable` when none of them answered in time
   */
  page(userId: string, notice: SocketNotice, signal: AbortSignal): Promise<boolean>
}
