import { describe, expect, it } from 'vitest'
import type { SosRecord } from '../../contracts/sos.ts'
import {
  formatClock,
  formatDistance,
  noticeReason,
  openShares,
  titleWith,
  toQueue,
} from '../../dashboard/src/sos/sos-words.ts'

const aCase = (given: Partial<SosRecord>) =>
  ({ id: 'a', state: 'active', severity: 'high', receivedAtMs: 1000, ...given }) as SosRecord

describe('the queue', () => {
  it('puts those nobody looks after first, then the gravest, then the oldest', () => {
    const queue = toQueue([
      aCase({ id: 'handled', state: 'on-scene', severity: 'critical', receivedAtMs: 1 }),
      aCase({ id: 'newer', receivedAtMs: 3000 }),
      aCase({ id: 'older', receivedAtMs: 2000 }),
      aCase({ id: 'gravest', severity: 'critical', receivedAtMs: 9000 }),
      aCase({ id: 'taken', state: 'acknowledged', severity: 'low', receivedAtMs: 1 }),
    ])
    expect(queue.map(({ id }) => id)).toEqual(['gravest', 'older', 'newer', 'handled', 'taken'])
  })
})

describe('figures of a response', () => {
  it.each([
    [-5, '0:00'],
    [59_999, '0:59'],
    [725_000, '12:05'],
    [10_809_000, '3:00:09'],
  ])('%d ms reads %s', (spanMs, words) => expect(formatClock(spanMs)).toBe(words))

  it.each([
    [4, '0 m'],
    [114, '110 m'],
    [2_140, '2.1 km'],
  ])('%d m reads %s', (metres, words) => expect(formatDistance(metres)).toBe(words))
})

describe('the title of the tab', () => {
  it('counts those who wait, blinks, and always ends with the page', () => {
    const titles = [0, 1000, 2000].map((nowMs) => titleWith({ title: 'Map · Prahari', waiting: 2, nowMs }))
    expect(titles).toEqual(['(2) SOS · Map · Prahari', '(2) Map · Prahari', '(2) SOS · Map · Prahari'])
  })

  it('is the page alone when nobody waits', () =>
    expect(titleWith({ title: 'Map · Prahari', waiting: 0, nowMs: 0 })).toBe('Map · Prahari'))
})

describe('links of a case', () => {
  const shared = (shareId: unknown, expiresAtMs: unknown) =>
    ({ action: 'shared', atMs: 10, detail: { shareId, expiresAtMs } }) as const

  it('are open until they end or are taken back', () => {
    const timeline = [
      shared('ended', 50),
      shared('open', 200),
      shared('revoked', 200),
      { action: 'share-revoked', atMs: 60, detail: { shareId: 'revoked' } } as const,
      { action: 'noted', atMs: 70, detail: {} } as const,
    ]
    expect(openShares(timeline, 100)).toEqual([{ shareId: 'open', madeAtMs: 10, expiresAtMs: 200 }])
  })

  it('are not made up from lines that say nothing of them', () =>
    expect(openShares([shared(7, 200), shared('no-end', undefined)], 100)).toEqual([]))
})

it('says why somebody was not told, and leaves what others said as it came', () => {
  expect(noticeReason('off-duty')).toBe('off duty')
  expect(noticeReason('550 mailbox unavailable')).toBe('550 mailbox unavailable')
})
