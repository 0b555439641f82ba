import type { NoticeChannel, NoticeState } from '../../contracts/notice.ts'
import type { AddressType } from '../../contracts/ports/messages.ts'

/** Rows of the outbox and of whom it tells; see tables.ts. */
export interface OutboxTables {
  contacts: ContactRow
  contact_asks: ContactAskRow
  notice_events: NoticeEventRow
  notices: NoticeRow
}

export const outboxTableNames = [
  'contacts',
  'contact_asks',
  'notice_events',
  'notices',
] as const satisfies readonly (keyof OutboxTables)[]

export interface ContactRow {
  id: string
  owner_id: string
  /** 0 is told first. */
  place: number
  name: string
  relation: string | null
  phone: string | null
  email: string | null
  phone_consented_at_ms: number | null
  email_consented_at_ms: number | null
  code_for: AddressType | null
  code_hash: string | null
  code_expires_at_ms: number | null
  code_tries: number
  asked_at_ms: number | null
  created_at_ms: number
}

interface ContactAskRow {
  id: string
  owner_id: string
  address: string
  asked_at_ms: number
}

export interface NoticeEventRow {
  id: string
  event_key: string
  thread: string
  /** 0 goes before 1. */
  urgency: number
  ends: number
  about_user_id: string | null
  tells: string
  created_at_ms: number
  planned_at_ms: number | null
}

export interface NoticeRow {
  id: string
  event_id: string
  event_key: string
  recipient: string
  channel: NoticeChannel
  place: number
  /** Which of the event's `tells` it is. */
  tell: number
  /** Null once it is of no more use. */
  address: string | null
  urgency: number
  state: NoticeState
  reason: string | null
  tries: number
  is_perhaps_told: number
  /** Null while a channel before it is being tried. */
  next_try_at_ms: number | null
  created_at_ms: number
  expires_at_ms: number
  sent_at_ms: number | null
  delivered_at_ms: number | null
  updated_at_ms: number
}
