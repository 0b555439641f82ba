import type { Position } from '../../../../contracts/geo.ts'

/** A position as it is being typed. */
export interface PositionText {
  readonly latitude: string
  readonly longitude: string
}

export type PositionRead =
  | { readonly type: 'none' }
  | { readonly type: 'position'; readonly position: Position }
  | { readonly type: 'problem'; readonly problem: string }

/** Takes a decimal comma too. Half a position is a mistake, not a device without one. */
export function readPosition({ latitude, longitude }: PositionText): PositionRead {
  if (latitude.trim() === '' && longitude.trim() === '') return { type: 'none' }
  const read = { latitude: readDegrees(latitude), longitude: readDegrees(longitude) }
  if (!(Math.abs(read.latitude) <= 90)) return { type: 'problem', problem: 'The latitude is between -90 and 90.' }
  if (!(Math.abs(read.longitude) <= 180)) return { type: 'problem', problem: 'The longitude is between -180 and 180.' }
  return { type: 'position', position: read }
}

function readDegrees(text: string): number {
  const trimmed = text.trim().replace(',', '.')
  return trimmed === '' ? Number.NaN : Number(trimmed)
}
