import { airQuality } from './air-quality.ts'
import { binLevel } from './bin-level.ts'
import { gridLoad } from './grid-load.ts'
import type { Kind } from './kind.ts'
import { noise } from './noise.ts'
import { trafficFlow } from './traffic-flow.ts'
import { weather } from './weather.ts'

/** Every kind of reading, in the order dashboards list them. A new file here is all a new kind needs. */
export const kinds: readonly Kind[] = [airQuality, trafficFlow, binLevel, gridLoad, noise, weather] as readonly Kind[]

const kindsById: ReadonlyMap<string, Kind> = new Map(kinds.map((kind) => [kind.id, kind]))

export function findKind(id: string): Kind | undefined {
  return kindsById.get(id)
}
