import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { covers } from '../../contracts/area.ts'
import { unitStates } from '../../contracts/dispatch.ts'
import { distanceM, isInPolygon } from '../../contracts/geo.ts'
import { addPoint, emptyDraft, outline, toArea, undoPoint } from '../../dashboard/src/dispatch/area-draft.ts'
import { boardFilters, isShown, splitCapabilities, toBoard } from '../../dashboard/src/dispatch/unit-words.ts'
import { anAssignment, aUnit, townHall } from '../safety/dispatch/builders.ts'

describe('the board of units', () => {
  it('who has not answered comes first, then what is going on, then who can be sent', () => {
    const units = [
      aUnit({ id: '1', unitNumber: 'P-10', state: 'available' }),
      aUnit({ id: '2', unitNumber: 'P-9', state: 'available' }),
      aUnit({ id: '3', unitNumber: 'P-3', state: 'off-duty' }),
      aUnit({ id: '4', unitNumber: 'P-4', state: 'on-scene' }),
      aUnit({ id: '5', unitNumber: 'P-5', state: 'committed' }),
      aUnit({ id: '6', unitNumber: 'P-6', state: 'committed' }),
    ]
    const open = [
      anAssignment({ id: 'a', unitId: '6', unansweredAtMs: 1 }),
      // Answered after all.
      anAssignment({ id: 'b', unitId: '4', state: 'on-scene', unansweredAtMs: 1 }),
    ]
    expect(toBoard(units, open).map(({ unit }) => unit.unitNumber)).toEqual(['P-6', 'P-5', 'P-4', 'P-9', 'P-10', 'P-3'])
  })

  it('every state is shown under exactly one filter beside all of them', () => {
    for (const state of unitStates) {
      const filters = boardFilters.filter(({ value }) => value !== '' && isShown(aUnit({ state }), value))
      expect(filters, state).toHaveLength(1)
      expect(isShown(aUnit({ state }), '')).toBe(true)
    }
  })

  it('what a unit can do is understood as people type it', () => {
    expect(splitCapabilities(' First aid, ladder,, Female  officer ')).toEqual([
      'first-aid',
      'ladder',
      'female-officer',
    ])
  })
})

describe('drawing an area', () => {
  const anywhere = fc.record({
    latitude: fc.double({ min: -60, max: 60, noNaN: true }),
    longitude: fc.double({ min: -179, max: 179, noNaN: true }),
  })

  it('a circle is whole with its middle, a polygon with three corners, and each can be taken back', () => {
    const circle = addPoint(emptyDraft, townHall)
    expect(toArea(emptyDraft)).toBeUndefined()
    expect(toArea(circle)).toEqual({ type: 'circle', center: townHall, radiusM: 500 })
    expect(toArea({ ...circle, radiusM: 0 })).toBeUndefined()
    expect(toArea(undoPoint(circle))).toBeUndefined()
    let polygon = { ...emptyDraft, shape: 'polygon' as const, corners: [] as (typeof townHall)[] } as typeof emptyDraft
    for (const east of [0, 0.01, 0.02]) {
      expect(toArea(polygon)).toBeUndefined()
      polygon = addPoint(polygon, { latitude: 19 + east * east, longitude: 72.8 + east })
    }
    expect(toArea(polygon)).toMatchObject({ type: 'polygon' })
    expect(toArea(undoPoint(polygon))).toBeUndefined()
  })

  it('the line of a circle is closed, and is where the circle ends', () => {
    fc.assert(
      fc.property(anywhere, fc.integer({ min: 50, max: 5000 }), (center, radiusM) => {
        const line = outline({ ...emptyDraft, center, radiusM })
        expect(line.at(-1)).toEqual(line[0])
        for (const to of line) {
          const distance = distanceM({ from: center, to })
          expect(Math.abs(distance - radiusM) / radiusM).toBeLessThan(0.01)
        }
      }),
    )
  })

  it('a map that was panned round the globe still gives a longitude', () => {
    expect(addPoint(emptyDraft, { latitude: 1, longitude: 187.5 }).center?.longitude).toBe(-172.5)
  })

  it('takes no more corners than the server', () => {
    let draft = { ...emptyDraft, shape: 'polygon' } as typeof emptyDraft
    for (let at = 0; at < 250; at++) draft = addPoint(draft, { latitude: at / 100, longitude: at % 2 })
    expect(draft.corners).toHaveLength(200)
  })
})

describe('what an area covers', () => {
  it('a polygon covers its middle and nothing beyond its corners, across the antimeridian too', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -180, max: 180, noNaN: true }),
        fc.double({ min: -70, max: 70, noNaN: true }),
        fc.double({ min: 0.001, max: 1, noNaN: true }),
        (longitude, latitude, size) => {
          const at = (east: number, north: number) => ({
            latitude: latitude + north * size,
            longitude: ((longitude + east * size + 540) % 360) - 180,
          })
          const corners = [at(-1, -1), at(1, -1), at(1, 1), at(-1, 1)]
          expect(isInPolygon(corners, at(0, 0))).toBe(true)
          for (const [east, north] of [
            [1.5, 0],
            [-1.5, 0],
            [0, 1.5],
            [0, -1.5],
          ] as const) {
            expect(isInPolygon(corners, at(east, north))).toBe(false)
          }
        },
      ),
    )
  })

  it('what has no place is covered by nothing', () => {
    expect(covers({ type: 'circle', center: townHall, radiusM: 1e5 }, undefined)).toBe(false)
  })
})
