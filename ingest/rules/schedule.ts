import type { RuleSchedule } from '../../contracts/rule-condition.ts'

/** Tells whether a rule is watched at a time. */
export type IsOpenAt = (atMs: number) => boolean

const minuteMs = 60_000
const dayMs = 86_400_000
/** Every time zone changes its clocks at the beginning of such a slot. */
const slotMs = 15 * minuteMs

/** Asks the calendar once per quarter of an hour, whatever the pace of the readings. */
export function createSchedule({ timeZone, days, from, to }: RuleSchedule): IsOpenAt {
  const offsetOf = createOffset(timeZone)
  const fromMin = minuteOf(from)
  const toMin = minuteOf(to)
  return (atMs) => {
    const localMs = atMs + offsetOf(atMs)
    // 1 January 1970 was a Thursday.
    const day = (((Math.floor(localMs / dayMs) + 4) % 7) + 7) % 7
    const minute = Math.floor((((localMs % dayMs) + dayMs) % dayMs) / minuteMs)
    if (fromMin < toMin) return days.includes(day) && minute >= fromMin && minute < toMin
    return minute >= fromMin ? days.includes(day) : minute < toMin && days.includes((day + 6) % 7)
  }
}

function minuteOf(clockTime: string): number {
  const [hour, minute] = clockTime.split(':').map(Number) as [number, number]
  return hour * 60 + minute
}

/** @returns what to add to UTC for the local time, in ms */
function createOffset(timeZone: string): (atMs: number) => number {
  const calendar = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  })
  let slot = Number.NaN
  let offsetMs = 0
  return (atMs) => {
    const own = Math.floor(atMs / slotMs)
    if (own !== slot) {
      slot = own
      const parts = Object.fromEntries(
        calendar.formatToParts(own * slotMs).map(({ type, value }) => [type, Number(value)]),
      )
      offsetMs = Date.UTC(parts.year!, parts.month! - 1, parts.day, parts.hour, parts.minute) - own * slotMs
    }
    return offsetMs
  }
}
