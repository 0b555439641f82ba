import { between, type Random } from '../random.ts'
import { type Barriers, type Corridor, nearestOn } from './barriers.ts'
import {
  areaM2,
  centroidOf,
  insetRing,
  isInsideRing,
  keepLeftOf,
  type Line,
  lengthM,
  lerp,
  longestDirection,
  type Path,
  type Point,
  piecesInside,
  reversed,
  shiftedLeft,
  sideOf,
} from './plane.ts'
import type { Skeleton } from './skeleton.ts'

type StreetRank = 'secondary' | 'residential'

export interface Parcel {
  readonly band: number
  readonly use: 'block' | 'park'
  readonly ring: Path
}

export interface SideStreet {
  readonly rank: StreetRank
  readonly path: Path
}

/** How a quarter of each band is cut: small and crooked in the old city, wide and straight outside. */
const cuts = [
  { blockM2: 10_500, tiltRad: 0.22, unevenness: 0.14, parkShare: 0.02 },
  { blockM2: 21_000, tiltRad: 0.06, unevenness: 0.08, parkShare: 0.035 },
  { blockM2: 36_000, tiltRad: 0.04, unevenness: 0.07, parkShare: 0.04 },
  { blockM2: 70_000, tiltRad: 0.07, unevenness: 0.1, parkShare: 0.03 },
] as const
/** A cut through more land than this is a through street. */
const throughStreetM2 = 330_000
const parkM2 = { min: 30_000, max: 160_000 } as const
const streetPieceMinM = 35
const pavementM = { old: 5, elsewhere: 8 } as const

/**
 * Cuts a quarter in two across its longer side, and the halves again, until what is left is a city block.
 * Each cut is a street; cuts made first run through, later ones end at them, as streets do that grew over time.
 */
export function divideQuarter(options: {
  readonly quarter: Skeleton['quarters'][number]
  readonly barriers: Barriers
  readonly isBuiltUp: (point: Point) => boolean
  readonly random: Random
}): { readonly parcels: Parcel[]; readonly streets: SideStreet[] } {
  const { quarter, barriers, isBuiltUp, random } = options
  const parcels: Parcel[] = []
  const streets: SideStreet[] = []
  const cut = cuts[quarter.band]!
  const divide = (ring: Path): void => {
    const area = areaM2(ring)
    const isBlock = area < cut.blockM2 * between(random, 0.8, 1.5)
    const isPark = !isBlock && area > parkM2.min && area < parkM2.max && random() < cut.parkShare
    if (isBlock || isPark) {
      settle(ring, isPark ? 'park' : 'block')
      return
    }
    const line = cutAcross(ring, cut, random)
    const rank: StreetRank = area > throughStreetM2 ? 'secondary' : 'residential'
    for (const piece of piecesInside(line, ring)) {
      for (const path of openStretches(piece, rank, barriers, isBuiltUp)) streets.push({ rank, path })
    }
    for (const half of [keepLeftOf(line, ring), keepLeftOf(reversed(line), ring)]) {
      if (half.length > 0) divide(half)
    }
  }

  const settle = (ring: Path, use: Parcel['use']): void => {
    for (const piece of aroundLake(besideCorridors(ring, barriers.corridors), barriers)) {
      const built = insetRing(piece, quarter.band === 0 ? pavementM.old : pavementM.elsewhere)
      if (built && areaM2(built) > 900 && isBuiltUp(centroidOf(built))) {
        parcels.push({ band: quarter.band, use, ring: built })
      }
    }
  }

  divide(quarter.ring)
  return { parcels, streets }
}

function cutAcross(ring: Path, cut: (typeof cuts)[number], random: Random): Line {
  const { direction, middle, lengthM: longM } = longestDirection(ring)
  const shift = between(random, -cut.unevenness, cut.unevenness) * longM
  const tilt = between(random, -cut.tiltRad, cut.tiltRad)
  const across = { x: -direction.y, y: direction.x }
  return {
    through: { x: middle.x + direction.x * shift, y: middle.y + direction.y * shift },
    direction: {
      x: across.x * Math.cos(tilt) - across.y * Math.sin(tilt),
      y: across.x * Math.sin(tilt) + across.y * Math.cos(tilt),
    },
  }
}

/** The stretches of a street where it may run; a through street crosses the railway, none crosses water. */
function openStretches(
  [from, to]: [Point, Point],
  rank: StreetRank,
  barriers: Barriers,
  isBuiltUp: (point: Point) => boolean,
): Path[] {
  const isOpen = (point: Point) =>
    isBuiltUp(point) && !(rank === 'residential' ? barriers.isKeptClear(point) : isNearWater(point, barriers))
  const stepCount = Math.max(2, Math.ceil(lengthM([from, to]) / 16))
  const stretches: Point[][] = []
  let open: [Point, Point] | undefined
  for (let step = 0; step <= stepCount; step++) {
    const point = lerp(from, to, step / stepCount)
    if (isOpen(point)) open = open ? [open[0], point] : [point, point]
    else if (open) {
      stretches.push(open)
      open = undefined
    }
  }
  if (open) stretches.push(open)
  return stretches.filter((stretch) => lengthM(stretch) >= streetPieceMinM)
}

function isNearWater(point: Point, barriers: Barriers): boolean {
  const river = barriers.corridors[0]!
  const nearest = nearestOn(river.path, point)
  return nearest.distanceM < river.halfWidthM(nearest.index) || isInsideRing(barriers.lake.shore, point)
}

/** What is left of a parcel on either side of the river and the railway. */
function besideCorridors(ring: Path, corridors: readonly Corridor[]): Path[] {
  let pieces: Path[] = [ring]
  for (const corridor of corridors) {
    pieces = pieces.flatMap((piece) => {
      const { line, index, distanceM } = nearestOn(corridor.path, centroidOf(piece))
      const halfWidthM = corridor.halfWidthM(index)
      if (distanceM > halfWidthM + 900) return [piece]
      if (piece.every((point) => Math.abs(sideOf(line, point)) >= halfWidthM)) return [piece]
      return [
        keepLeftOf(shiftedLeft(line, halfWidthM), piece),
        keepLeftOf(reversed(shiftedLeft(line, -halfWidthM)), piece),
      ].filter((part) => part.length > 0)
    })
  }
  return pieces
}

/** Parcels stop at the shore's tangent; what lies wholly on the shore is the lake's. */
function aroundLake(pieces: Path[], { lake }: Barriers): Path[] {
  return pieces.flatMap((piece) => {
    const middle = centroidOf(piece)
    if (isInsideRing(lake.shore, middle)) return []
    if (!piece.some((point) => isInsideRing(lake.shore, point))) return [piece]
    const { line } = nearestOn([...lake.shore, lake.shore[0]!], middle)
    // The shore runs counter-clockwise: its outside is on the right.
    const outside = keepLeftOf(reversed(line), piece)
    return outside.length > 0 ? [outside] : []
  })
}
