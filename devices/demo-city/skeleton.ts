import { between, type Random } from '../random.ts'
import type { Path, Point } from './plane.ts'

/** How far from the middle the rings run and the city ends, in metres before the wobble. */
const ringRadiiM = { inner: 900, middle: 2300, outer: 4200, edge: 5600 } as const
const bandEdgesM = [ringRadiiM.inner, ringRadiiM.middle, ringRadiiM.outer, ringRadiiM.edge] as const

/** Radial avenues, rings and the quarters between them: the part of a city that was there before its streets. */
export interface Skeleton {
  readonly rings: readonly { readonly id: 'inner' | 'middle' | 'outer'; readonly path: Path }[]
  readonly radials: readonly { readonly path: Path; readonly reachesCentre: boolean }[]
  /** Quarters, counter-clockwise rings; `band` 0 is the old city, 3 the outskirts. */
  readonly quarters: readonly { readonly band: number; readonly ring: Path }[]
  /** The ragged edge of the built-up land. */
  readonly edge: Path
  readonly isBuiltUp: (point: Point) => boolean
}

/** Direction and distance (before the wobble) to a place on the sheet. */
type Polar = (angle: number, radiusM: number) => Point

export function createSkeleton(random: Random): Skeleton {
  const at = createWobble(random)
  const angles = radialAngles(random)
  const bends = angles.map(() => between(random, -0.16, 0.16))
  const bent = (index: number, radiusM: number) =>
    angles[index % angles.length]! +
    (index >= angles.length ? 2 * Math.PI : 0) +
    bends[index % bends.length]! * Math.sin((radiusM / ringRadiiM.edge) * Math.PI)
  const ragged = createRaggedness(random)
  const edge = arc(at, 0, 2 * Math.PI, (angle) => ringRadiiM.edge * ragged(angle))

  return {
    rings: (['inner', 'middle', 'outer'] as const).map((id) => ({
      id,
      path: arc(at, 0, 2 * Math.PI, () => ringRadiiM[id]),
    })),
    radials: angles.map((_angle, index) => {
      const reachesCentre = index % 2 === 0
      const from = reachesCentre ? 0 : ringRadiiM.inner
      return { reachesCentre, path: spoke(at, (radiusM) => bent(index, radiusM), from, ringRadiiM.edge + 1600) }
    }),
    quarters: [0, 1, 2, 3].flatMap((band) => quartersOf({ band, at, bent, count: angles.length })),
    edge,
    isBuiltUp: (point) => {
      const angle = Math.atan2(point.y, point.x)
      const limit = at(angle, ringRadiiM.edge * ragged(angle))
      return Math.hypot(point.x, point.y) < Math.hypot(limit.x, limit.y)
    },
  }
}

/** Nine avenues, roughly evenly spread and none quite where it should be; an even count would pair them too neatly. */
function radialAngles(random: Random): number[] {
  const count = 10
  return Array.from({ length: count }, (_none, index) => ((index + between(random, -0.24, 0.24)) / count) * 2 * Math.PI)
}

/** No city is a circle: stretched a little east to west, with slow bulges that shift from ring to ring. */
function createWobble(random: Random): Polar {
  const phases = [between(random, 0, 6.28), between(random, 0, 6.28), between(random, 0, 6.28)]
  return (angle, radiusM) => {
    const shift = radiusM / 2600
    const bulge =
      1 +
      0.07 * Math.sin(2 * angle + phases[0]! + shift) +
      0.045 * Math.sin(3 * angle + phases[1]! - shift) +
      0.025 * Math.sin(5 * angle + phases[2]!)
    return { x: Math.cos(angle) * radiusM * bulge * 1.12, y: Math.sin(angle) * radiusM * bulge * 0.94 }
  }
}

function createRaggedness(random: Random): (angle: number) => number {
  const waves = [4, 7, 11, 17].map((count) => ({ count, phase: between(random, 0, 6.28), size: 0.35 / count }))
  return (angle) =>
    0.94 + waves.reduce((sum, { count, phase, size }) => sum + size * Math.sin(count * angle + phase), 0)
}

function arc(at: Polar, from: number, to: number, radiusM: (angle: number) => number): Point[] {
  const steps = Math.max(6, Math.ceil(((to - from) / (2 * Math.PI)) * 96))
  return Array.from({ length: steps + 1 }, (_none, step) => {
    const angle = from + ((to - from) * step) / steps
    return at(angle, radiusM(angle))
  })
}

function spoke(at: Polar, angle: (radiusM: number) => number, fromM: number, toM: number): Point[] {
  const steps = Math.max(4, Math.ceil((toM - fromM) / 200))
  return Array.from({ length: steps + 1 }, (_none, step) => {
    const radiusM = fromM + ((toM - fromM) * step) / steps
    return at(angle(radiusM), radiusM)
  })
}

function quartersOf(options: {
  readonly band: number
  readonly at: Polar
  readonly bent: (index: number, radiusM: number) => number
  readonly count: number
}): { readonly band: number; readonly ring: Path }[] {
  const { band, at, bent, count } = options
  // Only every other avenue reaches the old city, so its quarters are twice as wide.
  const stride = band === 0 ? 2 : 1
  const innerM = band === 0 ? 0 : bandEdgesM[band - 1]!
  const outerM = band === 3 ? ringRadiiM.edge * 1.12 : bandEdgesM[band]!
  const quarters = []
  for (let index = 0; index < count; index += stride) {
    const next = index + stride
    const out = spoke(at, (radiusM) => bent(index, radiusM), innerM, outerM)
    const far = arc(at, bent(index, outerM), bent(next, outerM), () => outerM)
    const back = spoke(at, (radiusM) => bent(next, radiusM), innerM, outerM).reverse()
    const near = innerM === 0 ? [] : arc(at, bent(index, innerM), bent(next, innerM), () => innerM).reverse()
    quarters.push({ band, ring: [...out, ...far.slice(1), ...back.slice(1), ...near.slice(1, -1)] })
  }
  return quarters
}
