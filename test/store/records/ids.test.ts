import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createIdMaker } from '../../../store/index.ts'

test('ids are UUIDs of version 7 that carry their time', () => {
  const makeId = createIdMaker(() => 0x0188_0000_0001)
  expect(makeId()).toMatch(/^01880000-0001-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})

test('ids rise strictly whatever the clock does, also ten thousand within one millisecond', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 41 }), { minLength: 1, maxLength: 50 }), (times) => {
      let atMs = 0
      const makeId = createIdMaker(() => atMs)
      const ids: string[] = []
      for (atMs of times) ids.push(makeId(), makeId())
      expect(ids).toEqual([...new Set(ids)].sort())
    }),
  )
  const makeId = createIdMaker(() => 1_800_000_000_000)
  const burst = Array.from({ length: 10_000 }, makeId)
  expect(burst).toEqual([...new Set(burst)].sort())
})
