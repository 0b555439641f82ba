import type { Position } from '../../contracts/geo.ts'

/**
 * The city is drawn on a flat sheet, in metres east and north of its centre, and turned into degrees at the end.
 * Over a dozen kilometres the error of that is far below the width of a street.
 */
export interface Point {
  readonly x: number
  readonly y: number
}
export type Path = readonly Point[]

const metresPerDegree = 111_320

export function toPosition(centre: Position, point: Point): Position {
  const metresPerDegreeEast = metresPerDegree * Math.cos((centre.latitude * Math.PI) / 180)
  return {
    latitude: roundDegrees(centre.latitude + point.y / metresPerDegree),
    longitude: roundDegrees(centre.longitude + point.x / metresPerDegreeEast),
  }
}

/** Five decimals are about a metre: as fine as anything here is drawn, and half the bytes of a full double. */
function roundDegrees(degrees: number): number {
  return Math.round(degrees * 100_000) / 100_000
}

export function distanceM({ from, to }: { readonly from: Point; readonly to: Point }): number {
  return Math.hypot(to.x - from.x, to.y - from.y)
}

export function lerp(from: Point, to: Point, share: number): Point {
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share }
}

export function lengthM(path: Path): number {
  let total = 0
  for (let at = 1; at < path.length; at++) total += distanceM({ from: path[at - 1]!, to: path[at]! })
  return total
}

/** Where one stands after walking along a path, and which way one faces (unit vector). */
export function walkAlong(path: Path, metres: number): { readonly at: Point; readonly heading: Point } {
  let left = Math.max(0, metres)
  for (let at = 1; at < path.length; at++) {
    const from = path[at - 1]!
    const to = path[at]!
    const step = distanceM({ from, to })
    if (left <= step || at === path.length - 1) {
      const heading = { x: (to.x - from.x) / (step || 1), y: (to.y - from.y) / (step || 1) }
      return { at: lerp(from, to, Math.min(1, left / (step || 1))), heading }
    }
    left -= step
  }
  throw new RangeError('a path has at least two points')
}

/** Signed area, positive when the ring runs counter-clockwise. */
export function areaM2(ring: Path): number {
  let twice = 0
  for (let at = 0; at < ring.length; at++) {
    const from = ring[at]!
    const to = ring[(at + 1) % ring.length]!
    twice += from.x * to.y - to.x * from.y
  }
  return twice / 2
}

export function centroidOf(ring: Path): Point {
  let x = 0
  let y = 0
  let weight = 0
  for (let at = 0; at < ring.length; at++) {
    const from = ring[at]!
    const to = ring[(at + 1) % ring.length]!
    const cross = from.x * to.y - to.x * from.y
    x += (from.x + to.x) * cross
    y += (from.y + to.y) * cross
    weight += cross * 3
  }
  return weight === 0 ? ring[0]! : { x: x / weight, y: y / weight }
}

export function isInsideRing(ring: Path, point: Point): boolean {
  let inside = false
  for (let at = 0, before = ring.length - 1; at < ring.length; before = at++) {
    const a = ring[at]!
    const b = ring[before]!
    if (a.y > point.y !== b.y > point.y && point.x < ((b.x - a.x) * (point.y - a.y)) / (b.y - a.y) + a.x) {
      inside = !inside
    }
  }
  return inside
}

/** A straight line; `side` is positive to the left of its direction. */
export interface Line {
  readonly through: Point
  /** Unit vector. */
  readonly direction: Point
}

export function sideOf(line: Line, point: Point): number {
  return line.direction.x * (point.y - line.through.y) - line.direction.y * (point.x - line.through.x)
}

/** The part of a ring that lies left of a line (Sutherland-Hodgman, one edge); empty when nothing does. */
export function keepLeftOf(line: Line, ring: Path): Point[] {
  const kept: Point[] = []
  for (let at = 0; at < ring.length; at++) {
    const from = ring[at]!
    const to = ring[(at + 1) % ring.length]!
    const sideFrom = sideOf(line, from)
    const sideTo = sideOf(line, to)
    if (sideFrom >= 0) kept.push(from)
    if (sideFrom >= 0 !== sideTo >= 0) kept.push(lerp(from, to, sideFrom / (sideFrom - sideTo)))
  }
  return kept.length >= 3 ? kept : []
}

export function reversed(line: Line): Line {
  return { through: line.through, direction: { x: -line.direction.x, y: -line.direction.y } }
}

/** The same line moved to its left. */
export function shiftedLeft(line: Line, metres: number): Line {
  const { through, direction } = line
  return { through: { x: through.x - direction.y * metres, y: through.y + direction.x * metres }, direction }
}

/** Where a line runs inside a ring, as pieces in the line's direction. */
export function piecesInside(line: Line, ring: Path): [Point, Point][] {
  const crossings: { readonly along: number; readonly at: Point }[] = []
  for (let at = 0; at < ring.length; at++) {
    const from = ring[at]!
    const to = ring[(at + 1) % ring.length]!
    const sideFrom = sideOf(line, from)
    const sideTo = sideOf(line, to)
    if (sideFrom >= 0 === sideTo >= 0) continue
    const crossing = lerp(from, to, sideFrom / (sideFrom - sideTo))
    const along = (crossing.x - line.through.x) * line.direction.x + (crossing.y - line.through.y) * line.direction.y
    crossings.push({ along, at: crossing })
  }
  crossings.sort((a, b) => a.along - b.along)
  const pieces: [Point, Point][] = []
  for (let at = 0; at + 1 < crossings.length; at += 2) pieces.push([crossings[at]!.at, crossings[at + 1]!.at])
  return pieces
}

/** A path moved to its left (negative: right) by bisecting each corner. */
export function offsetPath(path: Path, metres: number | ((at: number) => number)): Point[] {
  return path.map((point, at) => {
    const before = normalOf(path[Math.max(0, at - 1)]!, path[at === 0 ? 1 : at]!)
    const after = normalOf(path[at === path.length - 1 ? at - 1 : at]!, path[Math.min(path.length - 1, at + 1)]!)
    return moveAlongBisector(point, before, after, typeof metres === 'number' ? metres : metres(at))
  })
}

/** A counter-clockwise ring drawn in by a margin; undefined when nothing sensible is left of it. */
export function insetRing(ring: Path, metres: number): Point[] | undefined {
  const clean = withoutFlatCorners(withoutShortEdges(ring, 2))
  if (clean.length < 3) return undefined
  const inset = clean.map((point, at) => {
    const before = clean[(at + clean.length - 1) % clean.length]!
    const after = clean[(at + 1) % clean.length]!
    return moveAlongBisector(point, normalOf(before, point), normalOf(point, after), metres)
  })
  const area = areaM2(inset)
  const keptIn = inset.every((point) => isInsideRing(clean, point))
  return keptIn && area > 0 && area < areaM2(clean) ? inset : undefined
}

/** Unit normal to the left of a step. */
function normalOf(from: Point, to: Point): Point {
  const step = distanceM({ from, to }) || 1
  return { x: -(to.y - from.y) / step, y: (to.x - from.x) / step }
}

/** The mitre is capped at twice the margin, so that a needle-sharp corner does not shoot across the map. */
function moveAlongBisector(point: Point, before: Point, after: Point, metres: number): Point {
  const spread = Math.max(0.5, 1 + before.x * after.x + before.y * after.y)
  return {
    x: point.x + ((before.x + after.x) / spread) * metres,
    y: point.y + ((before.y + after.y) / spread) * metres,
  }
}

/** Corners that bend the outline by less than a metre and a half are bytes nobody sees. */
function withoutFlatCorners(ring: Path): Point[] {
  const kept: Point[] = []
  ring.forEach((point, at) => {
    const from = kept.at(-1) ?? ring.at(-1)!
    const to = ring[(at + 1) % ring.length]!
    const step = distanceM({ from, to })
    const direction = { x: (to.x - from.x) / (step || 1), y: (to.y - from.y) / (step || 1) }
    if (Math.abs(sideOf({ through: from, direction }, point)) > 1.5) kept.push(point)
  })
  return kept
}

function withoutShortEdges(ring: Path, edgeMinM: number): Point[] {
  const kept: Point[] = []
  for (const point of ring) {
    const last = kept.at(-1)
    if (!last || distanceM({ from: last, to: point }) >= edgeMinM) kept.push(point)
  }
  while (kept.length > 1 && distanceM({ from: kept.at(-1)!, to: kept[0]! }) < edgeMinM) kept.pop()
  return kept
}

/** The direction in which a ring is longest, and how long and wide it is there: its smallest enclosing rectangle. */
export function longestDirection(ring: Path): {
  readonly direction: Point
  readonly middle: Point
  readonly lengthM: number
  readonly widthM: number
} {
  let best: ReturnType<typeof longestDirection> | undefined
  for (let at = 0; at < ring.length; at++) {
    const from = ring[at]!
    const to = ring[(at + 1) % ring.length]!
    const step = distanceM({ from, to })
    if (step < 1) continue
    const box = boxAlong(ring, { x: (to.x - from.x) / step, y: (to.y - from.y) / step })
    if (!best || box.lengthM * box.widthM < best.lengthM * best.widthM) best = box
  }
  return best ?? { direction: { x: 1, y: 0 }, middle: centroidOf(ring), lengthM: 0, widthM: 0 }
}

function boxAlong(ring: Path, axis: Point): ReturnType<typeof longestDirection> {
  let [uMin, uMax, vMin, vMax] = [Infinity, -Infinity, Infinity, -Infinity]
  for (const { x, y } of ring) {
    const u = x * axis.x + y * axis.y
    const v = -x * axis.y + y * axis.x
    uMin = Math.min(uMin, u)
    uMax = Math.max(uMax, u)
    vMin = Math.min(vMin, v)
    vMax = Math.max(vMax, v)
  }
  const u = (uMin + uMax) / 2
  const v = (vMin + vMax) / 2
  const middle = { x: u * axis.x - v * axis.y, y: u * axis.y + v * axis.x }
  return uMax - uMin >= vMax - vMin
    ? { direction: axis, middle, lengthM: uMax - uMin, widthM: vMax - vMin }
    : { direction: { x: -axis.y, y: axis.x }, middle, lengthM: vMax - vMin, widthM: uMax - uMin }
}
