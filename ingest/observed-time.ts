/** RFC 3339, section 5.6; `Date.parse` alone would also take local times and bare dates. */
const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/

/** @returns epoch milliseconds, or NaN when the value is no time */
export function parseObservedAt(value: unknown): number {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : Math.round(value)
  if (typeof value !== 'string' || value.length > 40 || !rfc3339.test(value)) return Number.NaN
  return Date.parse(value)
}

export interface TimeLimits {
  /** How far a device's clock may run ahead of ours. */
  readonly aheadMsMax: number
  /** How old a reading may be when it arrives. */
  readonly ageMsMax: number
}

export const defaultTimeLimits: TimeLimits = { aheadMsMax: 5 * 60_000, ageMsMax: 7 * 86_400_000 }
