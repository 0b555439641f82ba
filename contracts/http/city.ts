import { z } from 'zod'

/** What the dashboard must know before anybody signs in. */
export const cityConfigSchema = z
  .strictObject({
    demo: z.boolean().describe('Simulated devices are running; screens say so'),
    tileUrl: z.string().nullable().describe('Raster tiles to draw under the map; null: local data only'),
    mqttWebSocketPath: z.string().nullable(),
    version: z.string(),
  })
  .meta({ id: 'CityConfig' })
export type CityConfig = z.infer<typeof cityConfigSchema>
