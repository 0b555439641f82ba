import { defineKind, field } from './kind.ts'
import { driftTowards, roundTo, rushHour } from './simulation.ts'

/** Street-level air-quality node. Ranges from common laser-scattering and electrochemical sensors' datasheets. */
export const airQuality = defineKind({
  id: 'air-quality',
  label: 'Air quality',
  domain: 'environment',
  reportEveryS: 30,
  fields: {
    pm25: field({ min: 0, max: 1000, unit: 'µg/m³', label: 'PM2.5', decimals: 1 }),
    pm10: field({ min: 0, max: 2000, unit: 'µg/m³', label: 'PM10', decimals: 1 }),
    no2: field({ min: 0, max: 2000, unit: 'ppb', label: 'NO₂', decimals: 1 }),
    o3: field({ min: 0, max: 1000, unit: 'ppb', label: 'O₃', decimals: 1 }),
    co: field({ min: 0, max: 500, unit: 'ppm', label: 'CO', decimals: 2 }),
    co2: field({ min: 0, max: 10_000, unit: 'ppm', label: 'CO₂', decimals: 0 }),
  },
  thresholds: [
    { field: 'pm25', raiseAbove: 35, clearBelow: 30, holdS: 300, severity: 'high' },
    { field: 'pm10', raiseAbove: 155, clearBelow: 140, holdS: 300, severity: 'high' },
    { field: 'co', raiseAbove: 35, clearBelow: 25, holdS: 60, severity: 'critical' },
  ],
  frozenAfterS: 3600,
  simulate: ({ random, hour, previous }) => {
    const traffic = rushHour(hour)
    const drift = (now: number | undefined, target: number, noise: number, max: number) =>
      driftTowards({ previous: now, target, pull: 0.1, noise, min: 0, max, random })
    return {
      pm25: roundTo(drift(previous?.pm25, 8 + 18 * traffic, 1.5, 1000), 1),
      pm10: roundTo(drift(previous?.pm10, 18 + 40 * traffic, 3, 2000), 1),
      no2: roundTo(drift(previous?.no2, 10 + 45 * traffic, 3, 2000), 1),
      o3: roundTo(drift(previous?.o3, 40 - 20 * traffic, 2, 1000), 1),
      co: roundTo(drift(previous?.co, 0.3 + 1.2 * traffic, 0.1, 500), 2),
      co2: roundTo(drift(previous?.co2, 420 + 90 * traffic, 8, 10_000), 0),
    }
  },
  card: { widget: 'gauge', primary: 'pm25', historyH: 24 },
  examples: {
    valid: [
      { pm25: 12.4, co2: 430 },
      { pm25: 0, pm10: 0, no2: 0, o3: 0, co: 0, co2: 400 },
    ],
    invalid: [{ pm25: -1, co2: 430 }, { pm25: 1000.1 }, { pm25: 'high' }, {}],
  },
})
