import type { BoundingBox } from '../../contracts/geo.ts'
import { boundsOf, type CityMap, cityCentre, cityName, drawCityMap, planCity } from './city.ts'
import { type DemoDevice, placeDevices } from './devices.ts'

export { type CityFeature, cityClasses } from './city.ts'
export type { DemoDevice } from './devices.ts'

/** A made-up city: its map for `GET /api/city/map` and the devices that stand in it. */
export interface DemoCity {
  readonly name: string
  readonly centre: { readonly latitude: number; readonly longitude: number }
  readonly bounds: BoundingBox
  readonly map: CityMap
  readonly devices: readonly DemoDevice[]
}

/** Everything follows from the seed; takes well under a second, so call it once and keep the answer. */
export function createDemoCity(seed = 1): DemoCity {
  const plan = planCity(seed)
  const map = drawCityMap(plan)
  return { name: cityName, centre: cityCentre, bounds: boundsOf(map), map, devices: placeDevices(plan, seed) }
}
export { createDemoFleet } from './fleet.ts'
