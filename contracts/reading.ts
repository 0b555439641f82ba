import { z } from 'zod'

/** One reading as people and programs see it; the store keeps the same facts in columns. */
export interface Reading {
  readonly deviceId: string
  readonly kind: string
  /** When the device says it measured, or the receive time when it did not say (`timeSource: 'broker'`). */
  readonly observedAtMs: number
  readonly receivedAtMs: number
  /** Tells two readings with the same time apart; absent when the device sends none. */
  readonly seq: number | undefined
  readonly timeSource: 'device' | 'broker'
  /** Only the fields the device sent. */
  readonly values: Readonly<Record<string, number>>
}

/** Why a message was set aside. Each is a row of docs/device-guide.md. */
export const quarantineReasons = [
  'unparseable',
  'not-a-reading',
  'unknown-kind',
  'no-known-field',
  'not-a-number',
  'out-of-range',
  'bad-time',
  'time-too-far-ahead',
  'time-too-old',
  'bad-sequence',
  'too-many-readings',
  'unknown-device',
] as const
export const quarantineReasonSchema = z.enum(quarantineReasons)
export type QuarantineReason = z.infer<typeof quarantineReasonSchema>

export interface QuarantinedMessage {
  readonly id: number
  readonly deviceId: string
  readonly topic: string
  readonly reason: QuarantineReason
  /** The field at fault, where there is one. */
  readonly field: string | undefined
  readonly receivedAtMs: number
  /** The bytes as received: the whole message when it could not be read, the one reading when it could. */
  readonly payload: Uint8Array
}

/**
 * Where every reading of a device went: received = stored + duplicate + quarantined + rejected.
 * Counted in readings, not messages: an array of ten is ten, an unreadable message is one.
 */
export interface LedgerLine {
  readonly deviceId: string
  readonly received: number
  readonly stored: number
  readonly duplicate: number
  readonly quarantined: number
  /** Refused at the door: outside the device's own topics, or no right to publish. */
  readonly rejected: number
  /** Of those stored, how many came after a newer reading of the same device and kind. */
  readonly late: number
  readonly lastReceivedAtMs: number
}
