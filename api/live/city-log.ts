import type { CityState } from './city-state.ts'
import { createEventLog, type EventLogLimits, type LogEvent } from './event-log.ts'
import { createStep, type Step } from './step.ts'

/** The one city-wide log: every step of devices and every event has the next number. */
export interface CityLog {
  /** Names this run of the server; numbers mean nothing in another. */
  readonly epoch: string
  readonly headSeq: number
  /** The newest step. */
  readonly step: Step
  /** Number of the step before it. */
  readonly stepBeforeSeq: number
  /** @param placedSosId the SOS whose place it tells, if it does */
  append(type: 'alert' | 'sos', text: string, placedSosId?: string): LogEvent
  /** Number of the newest event that tells where an SOS is. */
  readonly placedSosSeq: number
  /** Makes a step of what has changed in the city; nothing when nothing has. */
  takeStep(): void
  /** True when nothing after `seq` has been forgotten. */
  reaches(seq: number): boolean
  eventsAfter(seq: number): readonly LogEvent[]
  readonly eventCount: number
  readonly bytes: number
}

export function createCityLog(deps: {
  readonly epoch: string
  readonly city: CityState
  readonly limits: EventLogLimits
  readonly now: () => number
}): CityLog {
  const { epoch, city, limits, now } = deps
  const events = createEventLog(limits)
  let headSeq = 0
  let stepBeforeSeq = 0
  let placedSosSeq = 0
  let step = seal()

  function seal(): Step {
    const seq = ++headSeq
    const changes = city.seal(seq)
    if (changes.removed.length > 0) events.push({ seq, type: 'removed', text: changes.removed.join(',') })
    return createStep({ seq, atMs: now(), changes, find: (id) => city.devices.get(id) })
  }

  return {
    epoch,
    get headSeq() {
      return headSeq
    },
    get step() {
      return step
    },
    get stepBeforeSeq() {
      return stepBeforeSeq
    },
    append(type, text, placedSosId) {
      const event: LogEvent = { seq: ++headSeq, type, text, placedSosId }
      if (placedSosId !== undefined) placedSosSeq = event.seq
      events.push(event)
      return event
    },
    get placedSosSeq() {
      return placedSosSeq
    },
    takeStep() {
      if (!city.hasChanges) return
      stepBeforeSeq = step.seq
      step = seal()
    },
    reaches: (seq) => seq <= headSeq && events.reaches(seq),
    eventsAfter: (seq) => events.after(seq),
    get eventCount() {
      return events.size
    },
    get bytes() {
      return events.bytes
    },
  }
}
