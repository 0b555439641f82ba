import { z } from 'zod'
import { distanceM, isInPolygon, type Position, positionSchema } from './geo.ts'

/** A part of the city as people draw it. */
export const areaSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('circle'), center: positionSchema, radiusM: z.number().positive().max(200_000) }),
  /** A ring of corners, closed by itself; neither holes nor crossing edges mean anything. */
  z.object({ type: z.literal('polygon'), corners: z.array(positionSchema).min(3).max(200) }),
])
export type Area = z.infer<typeof areaSchema>

/** What has no position is in no area. */
export function covers(area: Area, position: Position | undefined): boolean {
  if (position === undefined) return false
  return area.type === 'circle'
    ? distanceM({ from: area.center, to: position }) <= area.radiusM
    : isInPolygon(area.corners, position)
}
