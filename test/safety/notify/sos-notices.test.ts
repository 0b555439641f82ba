import { describe, expect, it } from 'vitest'
import type { SosAction, SosRecord } from '../../../contracts/sos.ts'
import { findNoticeSteps, noticeOfSos, sosNoticeSteps } from '../../../safety/notify/sos-notices.ts'

const base = {
  id: 's1',
  state: 'active',
  ownerId: 'asha',
  isDuress: false,
  escalation: 0,
  receivedAtMs: Date.UTC(2026, 0, 14, 12, 5),
  location: { latitude: 28.6139, longitude: 77.209 },
  personPhone: '+919876543210',
} as SosRecord

describe('what people are told of', () => {
  it.each<[SosAction, Partial<SosRecord>, readonly string[]]>([
    ['pressed', {}, ['raised']],
    ['pressed', { state: 'countdown' }, []],
    ['pressed', { state: 'dispatched' }, []],
    ['pressed', { isDuress: true }, []],
    ['activated', {}, ['raised']],
    ['escalated', { escalation: 1 }, ['louder']],
    ['escalated', { escalation: 2 }, ['louder', 'supervisors']],
    ['cancelled-under-duress', { isDuress: true, escalation: 2 }, ['duress']],
    ['silent', {}, ['silent']],
    ['dispatched', { state: 'dispatched' }, ['dispatched']],
    ['dispatched', { state: 'dispatched', isDuress: true }, []],
    ['cancelled', { state: 'cancelled' }, ['cancelled']],
    ['resolved', { state: 'resolved' }, ['resolved']],
    ['merged', { state: 'resolved', mergedInto: 's2' }, ['merged']],
    ['merged', {}, []],
    ['cancel-refused', {}, []],
    ['severity-changed', {}, []],
    ['noted', {}, []],
  ])('%s %j: %j', (action, change, steps) => {
    expect(findNoticeSteps({ action, sos: { ...base, ...change }, isNew: false })).toEqual(steps)
  })

  it.each(sosNoticeSteps)('%s says who and when in one line, and not where', (step) => {
    const name = 'Asha\r\nBcc: everybody@city.example\u2028'
    const { key, thread, tells } = noticeOfSos({ step, sos: base, name })
    expect([key, thread]).toEqual([`sos:s1:${step}`, 'sos:s1'])
    expect(tells.length).toBeGreaterThan(0)
    for (const { subject, text } of tells) {
      expect(`${subject}${text}`).not.toMatch(/[\r\n\u2028]/)
      expect(`${subject}${text}`).not.toMatch(/28\.6|77\.2|9876543210/)
      expect(text).toContain('12:05 UTC')
      // One text message, or two.
      expect(text.length).toBeLessThan(306)
    }
  })

  it('an end goes to who was told and to nobody else, and nobody but staff hears of duress', () => {
    for (const step of ['cancelled', 'resolved', 'merged'] as const) {
      expect(noticeOfSos({ step, sos: base })).toMatchObject({ ends: true, tells: [{ to: { type: 'told' } }] })
    }
    expect(noticeOfSos({ step: 'duress', sos: base }).tells.map(({ to }) => to.type)).toEqual(['staff'])
  })

  it('somebody without a name or an account is told of all the same', () => {
    const { tells } = noticeOfSos({ step: 'raised', sos: { ...base, ownerId: undefined }, name: ' ' })
    expect(tells).toMatchObject([{ to: { type: 'staff' }, subject: 'SOS from Somebody' }])
  })
})
