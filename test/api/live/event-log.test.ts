import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createEventLog, type LogEvent } from '../../../api/live/event-log.ts'

const limits = { eventsMax: 20, bytesMax: 500 }

describe('the log of events', () => {
  it('keeps within its bounds and knows what it has forgotten', () => {
    const text = fc.string({ minLength: 1, maxLength: 60 })
    const gap = fc.integer({ min: 1, max: 3 })
    fc.assert(
      fc.property(fc.array(fc.tuple(gap, text), { maxLength: 300 }), (pushes) => {
        const log = createEventLog(limits)
        const all: LogEvent[] = []
        let seq = 0
        for (const [step, eventText] of pushes) {
          seq += step
          const event = { seq, type: 'alert', text: eventText } as const
          log.push(event)
          all.push(event)
          expect(log.size).toBeLessThanOrEqual(limits.eventsMax)
          expect(log.bytes).toBeLessThanOrEqual(limits.bytesMax)
        }
        for (let since = 0; since <= seq; since++) {
          const missed = all.filter((event) => event.seq > since)
          if (log.reaches(since)) expect(log.after(since)).toEqual(missed)
          else expect(missed.length).toBeGreaterThan(log.after(since).length)
        }
      }),
    )
  })

  it('forgets even an event that is larger than all it may hold', () => {
    const log = createEventLog(limits)
    log.push({ seq: 1, type: 'sos', text: 'x'.repeat(501) })
    expect(log.size).toBe(0)
    expect(log.reaches(0)).toBe(false)
    expect(log.reaches(1)).toBe(true)
  })
})
