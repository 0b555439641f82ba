import type { Field } from '../../../contracts/kinds/kind.ts'

const clockParts = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const
const clock = new Intl.DateTimeFormat(undefined, clockParts)
const dayAndClock = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  ...clockParts,
})
const wholeNumber = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 })

/** Local time; the day too unless it is today's. */
export function formatTime(atMs: number, nowMs: number): string {
  const isToday = new Date(atMs).toDateString() === new Date(nowMs).toDateString()
  return (isToday ? clock : dayAndClock).format(atMs)
}

export function formatUtc(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** Coarse on purpose: `12 s`, `4 min`, `3 h`, `9 d`. A clock that is ahead of ours reads as `0 s`. */
export function formatAge(spanMs: number): string {
  const seconds = Math.max(0, Math.round(spanMs / 1000))
  if (seconds < 100) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 100) return `${minutes} min`
  const hours = Math.round(minutes / 60)
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`
}

/** What is left of a span in whole seconds, `4:05`. */
export function formatCountdown(leftMs: number): string {
  const leftS = Math.max(0, Math.floor(leftMs / 1000))
  return `${Math.floor(leftS / 60)}:${String(leftS % 60).padStart(2, '0')}`
}

export function formatCount(count: number): string {
  return wholeNumber.format(count)
}

/** The number alone, with the field's decimals. */
export function formatValue(field: Field, value: number | undefined): string {
  return value === undefined ? '–' : value.toFixed(field.decimals)
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}

export function formatPosition(position: { readonly latitude: number; readonly longitude: number }): string {
  return `${position.latitude.toFixed(5)}, ${position.longitude.toFixed(5)}`
}
