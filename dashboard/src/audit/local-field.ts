/** A time of the address, in UTC, as a `datetime-local` field has it. */
export function toLocalField(utc: string): string {
  const atMs = Date.parse(utc)
  if (Number.isNaN(atMs)) return ''
  const local = new Date(atMs - new Date(atMs).getTimezoneOffset() * 60_000)
  return local.toISOString().slice(0, 16)
}

/** The other way round; '' for a field that is empty or half filled in. */
export function fromLocalField(value: string): string {
  const atMs = Date.parse(value)
  return Number.isNaN(atMs) ? '' : new Date(atMs).toISOString()
}
