import { z } from 'zod'

/** WGS-84, degrees. The only order of coordinates outside this file. */
export const positionSchema = z.object({
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
})
export type Position = z.infer<typeof positionSchema>

/** GeoJSON and Turf want `[longitude, latitude]` (RFC 7946, section 3.1.1); this is the one place that turns it round. */
export function toLonLat(position: Position): [number, number] {
  return [position.longitude, position.latitude]
}

export interface BoundingBox {
  readonly west: number
  readonly south: number
  readonly east: number
  readonly north: number
}

/** A box whose west is greater than its east crosses the antimeridian (RFC 7946, section 5.2). */
export function isInside(box: BoundingBox, position: Position): boolean {
  const { latitude, longitude } = position
  if (latitude < box.south || latitude > box.north) return false
  return box.west <= box.east
    ? longitude >= box.west && longitude <= box.east
    : longitude >= box.west || longitude <= box.east
}

/** IUGG mean radius. */
const earthRadiusM = 6_371_008.8

/**
 * Distance over ground between two points.
 * @returns metres, >= 0
 * @see haversine; an error of up to 0.5 %, as the earth is no sphere
 */
export function distanceM({ from, to }: { readonly from: Position; readonly to: Position }): number {
  const [latitudeA, latitudeB] = [toRadians(from.latitude), toRadians(to.latitude)]
  const half = (angle: number) => Math.sin(angle / 2) ** 2
  const a =
    half(latitudeB - latitudeA) +
    Math.cos(latitudeA) * Math.cos(latitudeB) * half(toRadians(to.longitude - from.longitude))
  // Rounding may carry the sine of opposite points past 1.
  return 2 * earthRadiusM * Math.asin(Math.min(1, Math.sqrt(a)))
}

function toRadians(degrees: number): number {
  return (degrees * Math.PI) / 180
}

/**
 * Even-odd rule on flat degrees, good for areas of city size; a polygon may cross the antimeridian when it is narrower
 * than half the globe.
 * @param corners in order, length >= 3, closed by itself
 */
export function isInPolygon(corners: readonly Position[], position: Position): boolean {
  let inside = false
  for (let at = 0, before = corners.length - 1; at < corners.length; before = at++) {
    const a = offset(corners[at]!, position)
    const b = offset(corners[before]!, position)
    if (a.north > 0 === b.north > 0) continue
    const eastOfCrossing = a.east + ((b.east - a.east) * (0 - a.north)) / (b.north - a.north)
    if (eastOfCrossing > 0) inside = !inside
  }
  return inside
}

/** Seen from `position`, in degrees; the shorter way round. */
function offset(corner: Position, position: Position): { readonly north: number; readonly east: number } {
  const east = corner.longitude - position.longitude
  return {
    north: corner.latitude - position.latitude,
    east: east > 180 ? east - 360 : east < -180 ? east + 360 : east,
  }
}
