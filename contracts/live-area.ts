import { z } from 'zod'
import type { BoundingBox, Position } from './geo.ts'

/**
 * A block of tiles of the globe cut into 2^level columns of equal degrees (and as tall as wide).
 * Client and server ask the same function whether a device is inside, so that rounding can never divide them.
 */
export const liveAreaSchema = z.object({
  level: z.number().int().min(0).max(20),
  /** Column of the western edge, counted from -180 degrees; the block may go on across the antimeridian. */
  x: z.number().int().nonnegative(),
  /** Row of the southern edge, counted from -90 degrees. */
  y: z.number().int().nonnegative(),
  width: z.number().int().min(1),
  height: z.number().int().min(1),
})
export type LiveArea = z.infer<typeof liveAreaSchema>

const levelMax = 20
/** Room to pan before the server has to be asked, as a share of the viewport on each side. */
const marginShare = 0.1
const spanMinDegrees = 360 / 2 ** levelMax

/**
 * The smallest block with a margin around a viewport. Its tiles are a quarter to a half of the viewport wide: near
 * viewports share an area (and so one encoding of what happens in it), and no area has more than 49 tiles.
 */
export function areaAround(viewport: BoundingBox): LiveArea {
  const { west, south, north } = viewport
  const east = viewport.east < west ? viewport.east + 360 : viewport.east
  const spanDegrees = Math.max(east - west, north - south, spanMinDegrees)
  const level = Math.max(0, Math.min(levelMax, Math.floor(Math.log2((360 * 4) / spanDegrees))))
  const columns = 2 ** level
  const tileDegrees = 360 / columns
  const margin = spanDegrees * marginShare
  const first = Math.floor((west - margin + 180) / tileDegrees)
  const width = Math.min(columns, Math.floor((east + margin + 180) / tileDegrees) - first + 1)
  const y = tileRow(Math.max(-90, south - margin), level)
  return {
    level,
    x: width === columns ? 0 : ((first % columns) + columns) % columns,
    y,
    width,
    height: tileRow(Math.min(90, north + margin), level) - y + 1,
  }
}

export function tileColumn(longitude: number, level: number): number {
  const columns = 2 ** level
  return Math.min(columns - 1, Math.floor(((longitude + 180) / 360) * columns))
}

export function tileRow(latitude: number, level: number): number {
  const rows = Math.max(1, 2 ** (level - 1))
  return Math.min(rows - 1, Math.floor(((latitude + 90) / 360) * 2 ** level))
}

/** Null is the whole city. What has no position is in no other area. */
export function isInArea(area: LiveArea | null, position: Partial<Position>): boolean {
  if (area === null) return true
  const { latitude, longitude } = position
  if (latitude === undefined || longitude === undefined) return false
  const row = tileRow(latitude, area.level)
  if (row < area.y || row >= area.y + area.height) return false
  const columns = 2 ** area.level
  return (tileColumn(longitude, area.level) - area.x + columns) % columns < area.width
}

/** One number per tile of a level. */
export function tileKey(column: number, row: number): number {
  // Columns stay below 2^20, so rows and columns never run into each other.
  return row * 2 ** levelMax + column
}

export function tileKeysOf(area: LiveArea): number[] {
  const columns = 2 ** area.level
  const keys: number[] = []
  for (let row = area.y; row < area.y + area.height; row++) {
    for (let step = 0; step < area.width; step++) keys.push(tileKey((area.x + step) % columns, row))
  }
  return keys
}
