/** One thing that happened once and must not be coalesced away; `text` is its JSON. */
export interface LogEvent {
  readonly seq: number
  readonly type: 'alert' | 'sos' | 'removed'
  readonly text: string
  /** The SOS whose place it tells, if it does. */
  readonly placedSosId?: string | undefined
}

export interface EventLogLimits {
  readonly eventsMax: number
  readonly bytesMax: number
}

/**
 * What happened recently, oldest first, within a bound of count and bytes. Devices are not in it: they remember the
 * step of their last change themselves, so what a viewer missed of them never has to be kept.
 */
export interface EventLog {
  push(event: LogEvent): void
  /** True when nothing after `seq` has been forgotten. */
  reaches(seq: number): boolean
  /** Everything after `seq`, oldest first. */
  after(seq: number): readonly LogEvent[]
  readonly size: number
  readonly bytes: number
}

export function createEventLog({ eventsMax, bytesMax }: EventLogLimits): EventLog {
  let events: LogEvent[] = []
  /** Forgotten events stay in the array until they are half of it, so that forgetting is cheap. */
  let first = 0
  let bytes = 0
  let forgottenSeq = 0

  function forget(): void {
    while (first < events.length && (events.length - first > eventsMax || bytes > bytesMax)) {
      const event = events[first++]!
      bytes -= event.text.length
      forgottenSeq = event.seq
    }
    if (first > 64 && first * 2 > events.length) {
      events = events.slice(first)
      first = 0
    }
  }

  return {
    push(event) {
      events.push(event)
      bytes += event.text.length
      forget()
    },
    reaches: (seq) => seq >= forgottenSeq,
    after(seq) {
      let at = events.length
      while (at > first && events[at - 1]!.seq > seq) at--
      return events.slice(at)
    },
    get size() {
      return events.length - first
    },
    get bytes() {
      return bytes
    },
  }
}
