import { type BoundingBox, isInside } from '../../../contracts/geo.ts'
import type { LiveDevice } from '../../../contracts/live.ts'

/** @param box what the map shows; before there is a map, everything is in view */
export function isInView(box: BoundingBox | undefined, { latitude, longitude }: LiveDevice): boolean {
  if (box === undefined) return true
  return latitude !== undefined && longitude !== undefined && isInside(box, { latitude, longitude })
}
