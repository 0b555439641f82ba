import { expect, it } from 'vitest'
import { createMemoryCounts } from '../../../api/http/memory-counts.ts'

function someCounts({ clientsMax = 10, windowMs = 1000 } = {}) {
  const clock = { nowMs: 5000 }
  const counts = createMemoryCounts({ clientsMax, now: () => clock.nowMs })
  counts.init({ windowMs })
  return { clock, counts }
}

it('counts each client for itself', () => {
  const { counts } = someCounts()
  expect(counts.increment('a')).toEqual({ totalHits: 1, resetTime: new Date(6000) })
  expect(counts.increment('b')).toMatchObject({ totalHits: 1 })
  expect(counts.increment('a')).toMatchObject({ totalHits: 2 })
})

it('begins again when the window has ended, and not before', () => {
  const { counts, clock } = someCounts()
  counts.increment('a')
  clock.nowMs = 5999
  expect(counts.increment('a')).toEqual({ totalHits: 2, resetTime: new Date(6000) })
  clock.nowMs = 6000
  expect(counts.increment('a')).toEqual({ totalHits: 1, resetTime: new Date(7000) })
})

it('forgets the oldest client when there are too many, and says how many', () => {
  const { counts } = someCounts({ clientsMax: 3 })
  for (const client of ['a', 'b', 'c', 'b', 'd']) counts.increment(client)
  expect(counts.forgottenCount()).toBe(1)
  expect(counts.increment('b')).toMatchObject({ totalHits: 3 })
  expect(counts.increment('a')).toMatchObject({ totalHits: 1 })
  expect(counts.forgottenCount()).toBe(2)
})

it('forgets nobody to make room where windows have ended', () => {
  const { counts, clock } = someCounts({ clientsMax: 3 })
  for (const client of ['a', 'b', 'c']) counts.increment(client)
  clock.nowMs = 6000
  for (const client of ['d', 'e', 'f']) counts.increment(client)
  expect(counts.forgottenCount()).toBe(0)
})

it('takes back one request, or all of a client', () => {
  const { counts } = someCounts()
  counts.increment('a')
  counts.increment('a')
  counts.decrement('a')
  counts.decrement('nobody')
  expect(counts.increment('a')).toMatchObject({ totalHits: 2 })
  counts.resetKey('a')
  expect(counts.increment('a')).toMatchObject({ totalHits: 1 })
})
