import type { Role } from './roles.ts'

/** The ways by which somebody is told. What carries a text message or a mail is for the server's configuration to say. */
export const noticeChannels = ['socket', 'mqtt', 'sms', 'email'] as const
export type NoticeChannel = (typeof noticeChannels)[number]

export const noticeStates = ['queued', 'sending', 'sent', 'delivered', 'failed', 'skipped'] as const
export type NoticeState = (typeof noticeStates)[number]

/**
 * What may follow what. `sent`: the other side has taken it; `delivered`: it is known to have arrived. Nothing leads
 * from any of the two to another try.
 */
export const noticeFollowing: Readonly<Record<NoticeState, readonly NoticeState[]>> = {
  queued: ['sending', 'skipped'],
  sending: ['sent', 'delivered', 'queued', 'failed', 'skipped'],
  sent: ['delivered'],
  delivered: [],
  failed: [],
  skipped: [],
}

/** Why somebody was not told by a channel that was never tried to the end. */
export const noticeSkips = [
  'told-already',
  'stale',
  'superseded',
  'off-duty',
  'signed-out',
  'not-connected',
  'no-consent',
  'no-address',
  'no-channel',
  'banned',
  'erased',
] as const
export type NoticeSkip = (typeof noticeSkips)[number]

/** Whom a notice is for. Who that is, is found out when it has been committed, not by whoever waits for the commit. */
export type NoticeAudience =
  /** The emergency contacts of a person, as far as they have agreed. */
  | { readonly type: 'contacts'; readonly ownerId: string }
  /** Everybody on duty in these roles. */
  | { readonly type: 'staff'; readonly roles: readonly Role[] }
  | { readonly type: 'user'; readonly userId: string }
  | { readonly type: 'device'; readonly deviceId: string }
  /** Everybody who was told, or perhaps told, of an earlier step of the thread. */
  | { readonly type: 'told' }

export interface NoticeWords {
  /** One line. */
  readonly subject: string
  /** Goes into a text message: short, and without a place. */
  readonly text: string
}

/** Something that has happened and that people have to be told of. */
export interface NoticeEvent {
  /** `sos:{id}:raised`. Under one key everybody is told once. */
  readonly key: string
  /** What its steps belong to: `sos:{id}`. */
  readonly thread: string
  /** An SOS goes before everything else. */
  readonly urgency: 'sos' | 'usual'
  /** True when nothing that was said before counts any more: what was not sent yet is not sent. */
  readonly ends: boolean
  /** Whom it is about. With their account, the words are erased. */
  readonly aboutUserId?: string | undefined
  /** Not empty, at most eight. */
  readonly tells: readonly (NoticeWords & { readonly to: NoticeAudience })[]
}

/** One row of the outbox: one recipient, one channel. */
export interface Notice {
  /** The same for every try; where a channel can, the other side knows a repeat by it. */
  readonly id: string
  readonly eventKey: string
  /** `user:{id}`, `contact:{id}` or `device:{id}`. */
  readonly recipient: string
  readonly channel: NoticeChannel
  /** 0 is tried first; the others wait for those before them to fail. */
  readonly place: number
  readonly urgency: NoticeEvent['urgency']
  readonly state: NoticeState
  /** A `NoticeSkip`, or the code of the last failure. */
  readonly reason: string | undefined
  readonly tries: number
  /** A try ended without saying whether it was taken. */
  readonly isPerhapsTold: boolean
  readonly createdAtMs: number
  /** From here on it is stale, and not sent as if it were news. */
  readonly expiresAtMs: number
  readonly sentAtMs: number | undefined
  readonly deliveredAtMs: number | undefined
}
