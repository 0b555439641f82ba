import type { NoticeChannel, NoticeSkip } from '../../../contracts/notice.ts'
import { severities } from '../../../contracts/severity.ts'
import type { SosAction, SosOutcome, SosRecord, SosSource, SosState, SosTrigger } from '../../../contracts/sos.ts'

export const sosStateWords: Readonly<Record<SosState, string>> = {
  countdown: 'Countdown',
  active: 'Nobody yet',
  acknowledged: 'Acknowledged',
  dispatched: 'Dispatched',
  'on-scene': 'On the scene',
  resolved: 'Closed',
  cancelled: 'Cancelled',
}

export const sosTriggerWords: Readonly<Record<SosTrigger, string>> = {
  manual: 'pressed',
  shake: 'shaken',
  voice: 'called by voice',
  ai: 'recognised by the app',
  fall: 'fall',
}

export const sosSourceWords: Readonly<Record<SosSource, string>> = {
  wearable: 'wearable',
  app: 'app',
  socket: 'app, live',
  anonymous: 'somebody without an account',
  operator: 'control room',
}

export const sosOutcomeWords: Readonly<Record<SosOutcome, string>> = {
  founded: 'Founded',
  unfounded: 'Unfounded',
  'false-alarm': 'False alarm',
  test: 'Test',
}

export const sosOutcomeHints: Readonly<Record<SosOutcome, string>> = {
  founded: 'There was an emergency.',
  unfounded: 'Nothing was found.',
  'false-alarm': 'Pressed by mistake.',
  test: 'Meant as a test.',
}

export const sosActionWords: Readonly<Record<SosAction, string>> = {
  pressed: 'pressed',
  activated: 'countdown over',
  acknowledged: 'acknowledged',
  dispatched: 'dispatched',
  'on-scene': 'on the scene',
  resolved: 'closed',
  cancelled: 'cancelled',
  'cancelled-under-duress': 'cancelled under duress',
  'cancel-refused': 'cancelling refused',
  noted: 'note',
  'checked-in': 'checked in',
  'severity-changed': 'severity changed',
  escalated: 'called again, wider',
  silent: 'nothing heard for too long',
  'heard-again': 'heard again',
  'evidence-added': 'evidence added',
  'evidence-viewed': 'evidence looked at',
  shared: 'link made',
  'share-opened': 'link opened',
  'share-revoked': 'link taken back',
  merged: 'merged',
}

export const noticeChannelWords: Readonly<Record<NoticeChannel, string>> = {
  socket: 'on screen',
  mqtt: 'on the device',
  sms: 'text message',
  email: 'e-mail',
}

const skipWords: Readonly<Record<NoticeSkip, string>> = {
  'told-already': 'told by another way already',
  stale: 'too old to be sent as new',
  superseded: 'a newer notice took its place',
  'off-duty': 'off duty',
  'signed-out': 'signed out',
  'not-connected': 'not connected',
  'no-consent': 'has not agreed to be told',
  'no-address': 'no address known',
  'no-channel': 'no such channel is set up here',
  banned: 'account is banned',
  erased: 'account is gone',
}

/** Reasons the house knows are said in words; others, as from a mail server, as they came. */
export function noticeReason(reason: string): string {
  return skipWords[reason as NoticeSkip] ?? reason
}

/** Nobody looks after it. */
export function isWaiting({ state }: Pick<SosRecord, 'state'>): boolean {
  return state === 'active'
}

/** Those nobody looks after first, then the gravest, then those that have waited longest. */
export function toQueue(cases: Iterable<SosRecord>): readonly SosRecord[] {
  const rank = (sos: SosRecord) => (isWaiting(sos) ? 0 : 1)
  return [...cases].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      severities.indexOf(b.severity) - severities.indexOf(a.severity) ||
      a.receivedAtMs - b.receivedAtMs ||
      a.id.localeCompare(b.id),
  )
}

/** To the second, as a response is measured: `0:42`, `12:05`, `3:00:09`. */
export function formatClock(spanMs: number): string {
  const seconds = Math.max(0, Math.floor(spanMs / 1000))
  const [h, min, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  const tail = String(s).padStart(2, '0')
  return h > 0 ? `${h}:${String(min).padStart(2, '0')}:${tail}` : `${min}:${tail}`
}

export function formatDistance(metres: number): string {
  return metres < 950 ? `${Math.round(metres / 10) * 10} m` : `${(metres / 1000).toFixed(1)} km`
}

/** How many wait, before the title of the page; every other second it steps aside so that the tab is seen to blink. */
export function titleWith({ title, waiting, nowMs }: { title: string; waiting: number; nowMs: number }): string {
  if (waiting === 0) return title
  return Math.floor(nowMs / 1000) % 2 === 0 ? `(${waiting}) SOS · ${title}` : `(${waiting}) ${title}`
}

interface TimelineLine {
  readonly action: SosAction
  readonly atMs: number
  readonly detail: Readonly<Record<string, unknown>>
}

export interface OpenShare {
  readonly shareId: string
  readonly madeAtMs: number
  readonly expiresAtMs: number
}

/** Links of a case that still show it, from its history. */
export function openShares(timeline: readonly TimelineLine[], nowMs: number): readonly OpenShare[] {
  const open = new Map<string, OpenShare>()
  for (const { action, atMs, detail } of timeline) {
    const { shareId, expiresAtMs } = detail
    if (typeof shareId !== 'string') continue
    if (action === 'share-revoked') open.delete(shareId)
    if (action !== 'shared' || typeof expiresAtMs !== 'number' || expiresAtMs <= nowMs) continue
    open.set(shareId, { shareId, madeAtMs: atMs, expiresAtMs })
  }
  return [...open.values()]
}
