import type { Area } from '../../../contracts/area.ts'
import type { Position } from '../../../contracts/geo.ts'

/** An area that is being drawn. */
export interface AreaDraft {
  readonly shape: Area['type']
  readonly center: Position | undefined
  readonly radiusM: number
  readonly corners: readonly Position[]
}

/** As many as the server takes. */
const cornersMax = 200

export const emptyDraft: AreaDraft = { shape: 'circle', center: undefined, radiusM: 500, corners: [] }

/** A click puts the centre, or one corner more. */
export function addPoint(draft: AreaDraft, at: Position): AreaDraft {
  const point = { latitude: round(at.latitude), longitude: round(wrap(at.longitude)) }
  if (draft.shape === 'circle') return { ...draft, center: point }
  return draft.corners.length >= cornersMax ? draft : { ...draft, corners: [...draft.corners, point] }
}

export function undoPoint(draft: AreaDraft): AreaDraft {
  return draft.shape === 'circle' ? { ...draft, center: undefined } : { ...draft, corners: draft.corners.slice(0, -1) }
}

/** @returns undefined while something of it is missing */
export function toArea({ shape, center, radiusM, corners }: AreaDraft): Area | undefined {
  if (shape === 'polygon') return corners.length >= 3 ? { type: 'polygon', corners: [...corners] } : undefined
  return center !== undefined && radiusM > 0 ? { type: 'circle', center, radiusM } : undefined
}

const circleCorners = 72
const metresPerDegree = 111_195

/** The line around it, closed; good for areas of city size. Empty while there is nothing to draw. */
export function outline(draft: AreaDraft): readonly Position[] {
  const { shape, center, radiusM, corners } = draft
  if (shape === 'polygon') return corners.length < 2 ? [] : [...corners, corners[0]!]
  if (center === undefined || !(radiusM > 0)) return []
  const north = radiusM / metresPerDegree
  const east = north / Math.max(0.01, Math.cos((center.latitude * Math.PI) / 180))
  return Array.from({ length: circleCorners + 1 }, (_, at) => {
    const angle = (2 * Math.PI * (at % circleCorners)) / circleCorners
    return {
      latitude: Math.max(-90, Math.min(90, center.latitude + north * Math.cos(angle))),
      longitude: center.longitude + east * Math.sin(angle),
    }
  })
}

/** To a metre. */
function round(degrees: number): number {
  return Number(degrees.toFixed(5))
}

/** A map panned past the antimeridian counts on. */
function wrap(longitude: number): number {
  return ((((longitude + 180) % 360) + 360) % 360) - 180
}
