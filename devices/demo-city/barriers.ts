import { between, type Random } from '../random.ts'
import { distanceM, isInsideRing, type Line, offsetPath, type Path, type Point, walkAlong } from './plane.ts'

/** Water and rails: what blocks stop at and what only large streets cross. */
export interface Barriers {
  readonly river: { readonly middle: Path; readonly water: Path; readonly banks: readonly [Path, Path] }
  readonly lake: { readonly water: Path; readonly shore: Path; readonly middle: Point }
  readonly railway: Path
  /** Line barriers with the half-width nothing is built on. */
  readonly corridors: readonly Corridor[]
  readonly isWater: (point: Point) => boolean
  /** True where no street but an avenue may run. */
  readonly isKeptClear: (point: Point) => boolean
}

export interface Corridor {
  readonly name: 'river' | 'railway'
  readonly path: Path
  readonly halfWidthM: (at: number) => number
}

const embankmentM = 46
const railwayHalfWidthM = 16

/** @param lakeAt the middle of a quarter, so that no avenue runs into the lake */
export function createBarriers(random: Random, lakeAt: Point): Barriers {
  const river = createRiver(random)
  const lake = createLake(random, lakeAt)
  const railway = createRailway(random)
  const corridors: readonly Corridor[] = [
    { name: 'river', path: river.middle, halfWidthM: (at) => river.halfWidthM(at) + embankmentM },
    { name: 'railway', path: railway, halfWidthM: () => railwayHalfWidthM },
  ]
  return {
    river,
    lake,
    railway,
    corridors,
    isWater: (point) => isInsideRing(river.water, point) || isInsideRing(lake.water, point),
    isKeptClear: (point) =>
      isInsideRing(lake.shore, point) ||
      corridors.some((corridor) => {
        const nearest = nearestOn(corridor.path, point)
        return nearest.distanceM < corridor.halfWidthM(nearest.index)
      }),
  }
}

/** Wanders from the north-west past the old city to the south-east, wider where it bends and as it goes. */
function createRiver(random: Random) {
  const phase = between(random, 0, 6.28)
  const middle: Point[] = []
  for (let along = -9500; along <= 9500; along += 120) {
    const sway =
      -1500 +
      430 * Math.sin(along / 1250 + phase) +
      260 * Math.sin(along / 2900 + phase * 2) +
      60 * Math.sin(along / 430)
    middle.push({ x: along * 0.94 + sway * 0.34, y: -along * 0.34 + sway * 0.94 })
  }
  const halfWidthM = (at: number) => 58 + (at / middle.length) * 34 + 16 * Math.sin(at / 5 + phase)
  const left = offsetPath(middle, halfWidthM)
  const right = offsetPath(middle, (at) => -halfWidthM(at))
  const bank = (side: 1 | -1) => offsetPath(middle, (at) => side * (halfWidthM(at) + embankmentM))
  const banks: readonly [Path, Path] = [bank(1), bank(-1)]
  return { middle, halfWidthM, water: [...right, ...left.reverse()], banks }
}

function createLake(random: Random, middle: Point) {
  const phase = between(random, 0, 6.28)
  const outline = (growM: number) =>
    Array.from({ length: 40 }, (_none, step): Point => {
      const angle = (step / 40) * 2 * Math.PI
      const radius = 330 + 50 * Math.sin(2 * angle + phase) + 28 * Math.sin(3 * angle - phase) + growM
      return { x: middle.x + Math.cos(angle) * radius * 1.35, y: middle.y + Math.sin(angle) * radius * 0.85 }
    })
  return { middle, water: outline(0), shore: outline(85) }
}

/** Comes in from the west, passes between the old city and the middle ring, and leaves for the north-east. */
function createRailway(random: Random): Path {
  const bow = between(random, 900, 1150)
  return Array.from({ length: 90 }, (_none, step) => {
    const along = -9000 + step * 205
    return { x: along, y: bow + along * 0.22 + 340 * Math.sin(along / 3100) }
  })
}

/** The nearest vertex-to-vertex stretch of a path, as a line in the path's direction. */
export function nearestOn(
  path: Path,
  point: Point,
): { readonly index: number; readonly distanceM: number; readonly line: Line } {
  let index = 0
  let nearest = Infinity
  for (let at = 0; at < path.length; at++) {
    const away = distanceM({ from: path[at]!, to: point })
    if (away < nearest) {
      nearest = away
      index = at
    }
  }
  const from = path[Math.max(0, index - 1)]!
  const to = path[Math.min(path.length - 1, index + 1)]!
  const { heading } = walkAlong([from, to], 0)
  const line = { through: path[index]!, direction: heading }
  const across = heading.x * (point.y - path[index]!.y) - heading.y * (point.x - path[index]!.x)
  return { index, distanceM: Math.abs(across), line }
}
