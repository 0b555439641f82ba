import { cityConfigSchema } from '../../contracts/http/city.ts'
import type { ApiOptions } from '../deps.ts'
import { content, json } from '../http/answer.ts'
import { defineRoute, type Route } from '../http/route.ts'

export function createCityRoutes(options: ApiOptions): Route[] {
  // The map does not change while we run, and it is large: made once.
  const map = JSON.stringify(options.cityMap)
  return [
    defineRoute({
      method: 'get',
      path: '/api/city/config',
      area: 'City',
      summary: 'What a dashboard must know before anybody signs in',
      access: 'anyone',
      answer: { description: 'The configuration', schema: cityConfigSchema },
      handler: () =>
        json({
          demo: options.demo,
          tileUrl: options.tileUrl ?? null,
          mqttWebSocketPath: options.mqttWebSocketPath ?? null,
          version: options.version,
        }),
    }),
    defineRoute({
      method: 'get',
      path: '/api/city/map',
      area: 'City',
      summary: 'Streets and areas as GeoJSON, to draw the map from local data alone',
      access: 'city.view',
      answer: { description: 'A FeatureCollection', media: ['application/geo+json'] },
      handler: () =>
        content({
          mediaType: 'application/geo+json; charset=utf-8',
          body: map,
          headers: { 'Cache-Control': 'private, max-age=300' },
        }),
    }),
  ]
}
