import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isInside } from '../../contracts/geo.ts'
import {
  areaAround,
  isInArea,
  liveAreaSchema,
  tileColumn,
  tileKey,
  tileKeysOf,
  tileRow,
} from '../../contracts/live-area.ts'

const latitude = fc.double({ min: -90, max: 90, noNaN: true })
const longitude = fc.double({ min: -180, max: 180, noNaN: true })
const position = fc.record({ latitude, longitude })
const anyBox = fc
  .tuple(longitude, longitude, latitude, latitude)
  .map(([west, east, a, b]) => ({ west, east, south: Math.min(a, b), north: Math.max(a, b) }))
const cityBox = fc
  .tuple(
    longitude,
    latitude,
    fc.double({ min: 0, max: 0.5, noNaN: true }),
    fc.double({ min: 0, max: 0.5, noNaN: true }),
  )
  .map(([west, south, width, height]) => ({
    west,
    south,
    east: west + width > 180 ? west + width - 360 : west + width,
    north: Math.min(90, south + height),
  }))
const box = fc.oneof(anyBox, cityBox)

describe('the area of a viewport', () => {
  it('contains everything the viewport shows', () => {
    fc.assert(
      fc.property(box, position, (viewport, at) => {
        fc.pre(isInside(viewport, at))
        expect(isInArea(areaAround(viewport), at)).toBe(true)
      }),
      { numRuns: 5000 },
    )
  })

  it('contains the corners of a small viewport', () => {
    fc.assert(
      fc.property(cityBox, (viewport) => {
        const area = areaAround(viewport)
        for (const corner of [
          { latitude: viewport.south, longitude: viewport.west },
          { latitude: viewport.north, longitude: viewport.east },
        ]) {
          expect(isInArea(area, corner)).toBe(true)
        }
      }),
    )
  })

  it('is valid on the wire and never has more than 49 tiles', () => {
    fc.assert(
      fc.property(box, (viewport) => {
        const area = areaAround(viewport)
        expect(liveAreaSchema.safeParse(area).success, JSON.stringify(area)).toBe(true)
        expect(tileKeysOf(area).length).toBeLessThanOrEqual(49)
      }),
      { numRuns: 5000 },
    )
  })

  it('has exactly the positions whose tile is one of its tiles', () => {
    fc.assert(
      fc.property(box, position, fc.boolean(), (viewport, anywhere, isNear) => {
        const area = areaAround(viewport)
        const at = isNear ? { latitude: viewport.south, longitude: viewport.west } : anywhere
        const key = tileKey(tileColumn(at.longitude, area.level), tileRow(at.latitude, area.level))
        expect(tileKeysOf(area).includes(key)).toBe(isInArea(area, at))
      }),
      { numRuns: 5000 },
    )
  })

  it('is the same for viewports that differ by a hair', () => {
    const viewport = { west: 72.8, south: 19.0, east: 72.9, north: 19.1 }
    expect(areaAround({ ...viewport, west: 72.8001 })).toEqual(areaAround(viewport))
  })

  it('goes on across the antimeridian', () => {
    const area = areaAround({ west: 179.9, south: -17, east: -179.9, north: -16.9 })
    expect(isInArea(area, { latitude: -16.95, longitude: 180 })).toBe(true)
    expect(isInArea(area, { latitude: -16.95, longitude: -180 })).toBe(true)
    expect(isInArea(area, { latitude: -16.95, longitude: -179.95 })).toBe(true)
    expect(isInArea(area, { latitude: -16.95, longitude: 0 })).toBe(false)
  })

  it('leaves out what has no position, unless it is the whole city', () => {
    expect(isInArea(areaAround({ west: -180, south: -90, east: 180, north: 90 }), {})).toBe(false)
    expect(isInArea(null, {})).toBe(true)
  })
})
