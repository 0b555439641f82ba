import type { Feature } from 'geojson'
import type { GeoJSONSourceDiff } from 'maplibre-gl'
import { toLonLat } from '../../../contracts/geo.ts'
import type { LiveDevice } from '../../../contracts/live.ts'
import { type MarkName, markOf, marks } from '../ui/shapes.ts'

/** What is on the map of one device; readings that change nothing of it cost the map nothing. */
interface Drawn {
  readonly longitude: number
  readonly latitude: number
  readonly mark: MarkName
  readonly name: string
}

/**
 * Brings a GeoJSON source up to date with as little as possible.
 * @param drawn what the source holds, by device id; changed to match the answer
 * @param changedIds only these are looked at; all devices when undefined
 * @param isShown the filters of the screen
 * @returns undefined when the map has nothing to do
 */
export function diffDevices(options: {
  readonly drawn: Map<string, Drawn>
  readonly devices: ReadonlyMap<string, LiveDevice>
  readonly changedIds: ReadonlySet<string> | undefined
  readonly isShown: (device: LiveDevice) => boolean
}): GeoJSONSourceDiff | undefined {
  const { drawn, devices, changedIds, isShown } = options
  const add: Feature[] = []
  const remove: string[] = []
  for (const id of changedIds ?? allIds(drawn, devices)) {
    const device = devices.get(id)
    const next = device && isShown(device) ? drawnOf(device) : undefined
    const before = drawn.get(id)
    if (next === undefined) {
      if (drawn.delete(id)) remove.push(id)
    } else if (before === undefined || !isSame(before, next)) {
      drawn.set(id, next)
      // Adding an id that is there already replaces it.
      add.push(toFeature(id, next))
    }
  }
  if (add.length === 0 && remove.length === 0) return undefined
  return { add, remove }
}

function* allIds(drawn: ReadonlyMap<string, Drawn>, devices: ReadonlyMap<string, LiveDevice>): Iterable<string> {
  yield* devices.keys()
  for (const id of drawn.keys()) if (!devices.has(id)) yield id
}

function drawnOf(device: LiveDevice): Drawn | undefined {
  const { latitude, longitude, name } = device
  if (latitude === undefined || longitude === undefined) return undefined
  return { latitude, longitude, name, mark: markOf(device) }
}

function isSame(a: Drawn, b: Drawn): boolean {
  return a.mark === b.mark && a.latitude === b.latitude && a.longitude === b.longitude && a.name === b.name
}

function toFeature(id: string, { mark, name, ...position }: Drawn): Feature {
  return {
    type: 'Feature',
    properties: { id, name, mark, rank: marks[mark].rank },
    geometry: { type: 'Point', coordinates: toLonLat(position) },
  }
}

export type DrawnDevices = Map<string, Drawn>
