import { describe, expect, it } from 'vitest'
import { type Area, covers } from '../../contracts/area.ts'

const at = (latitude: number, longitude: number) => ({ latitude, longitude })
const circle: Area = { type: 'circle', center: at(28.6, 77.2), radiusM: 1000 }
const square: Area = { type: 'polygon', corners: [at(0, 179), at(0, -179), at(2, -179), at(2, 179)] }

describe('an area', () => {
  it.each([
    ['its own middle', circle, at(28.6, 77.2), true],
    ['900 m north of it', circle, at(28.6081, 77.2), true],
    ['1,100 m north of it', circle, at(28.6099, 77.2), false],
    ['a point east of the antimeridian', square, at(1, -179.5), true],
    ['a point west of it', square, at(1, 179.5), true],
    ['a point north of it', square, at(3, 180), false],
  ] as const)('covers %s or not', (_, area, position, isCovered) => {
    expect(covers(area, position)).toBe(isCovered)
  })

  it('does not cover what has no place', () => {
    expect(covers(circle, undefined)).toBe(false)
  })
})
