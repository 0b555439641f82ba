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
