import type { CityConfig } from '../../../contracts/http/city.ts'
import { request } from '../http/client.ts'
import type { CityMap } from './city-style.ts'

export interface Ground {
  /** Absent when the server has no map of the city; the devices are then on empty ground. */
  readonly city: CityMap | undefined
  readonly config: CityConfig
}

/** What the map is drawn on; does not change while the app runs. */
export async function loadGround(signal: AbortSignal): Promise<Ground> {
  const [city, config] = await Promise.all([
    request<CityMap>('/api/city/map', { signal }),
    request<CityConfig>('/api/city/config', { signal }),
  ])
  return { city: city.features.length > 0 ? city : undefined, config }
}
