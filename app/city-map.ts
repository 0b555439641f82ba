import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { AppError } from '../contracts/errors.ts'

const emptyMap = { type: 'FeatureCollection', features: [] } as const

const mapSchema = z.looseObject({
  type: z.literal('FeatureCollection'),
  features: z.array(z.looseObject({ type: z.literal('Feature') })),
})
type CityMap = Readonly<Record<string, unknown>>

/**
 * The map of a city from a GeoJSON file, or an empty one.
 * @throws AppError `bad-city-map`
 */
export function readCityMap(path: string | undefined): CityMap {
  if (path === undefined) return emptyMap
  try {
    return mapSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (cause) {
    throw new AppError('invalid', 'bad-city-map', `${path} is not a GeoJSON FeatureCollection`, { cause })
  }
}
