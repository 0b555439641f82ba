import { defineKind, field } from './kind.ts'
import { dayArc, driftTowards, roundTo } from './simulation.ts'

/** Compact weather station. Ranges are the extremes the WMO has on record, widened to the sensors' own. */
export const weather = defineKind({
  id: 'weather',
  label: 'Weather',
  domain: 'environment',
  reportEveryS: 60,
  fields: {
    temperatureC: field({ min: -60, max: 65, unit: '°C', label: 'Temperature', decimals: 1 }),
    humidityPct: field({ min: 0, max: 100, unit: '%', label: 'Humidity', decimals: 0 }),
    pressureHpa: field({ min: 800, max: 1100, unit: 'hPa', label: 'Pressure', decimals: 1 }),
    windMs: field({ min: 0, max: 120, unit: 'm/s', label: 'Wind', decimals: 1 }),
    windDirectionDeg: field({ min: 0, max: 360, unit: '°', label: 'Wind direction', decimals: 0 }),
    rainMmPerH: field({ min: 0, max: 500, unit: 'mm/h', label: 'Rain', decimals: 1 }),
  },
  thresholds: [
    { field: 'windMs', raiseAbove: 20, clearBelow: 15, holdS: 120, severity: 'high' },
    { field: 'rainMmPerH', raiseAbove: 50, clearBelow: 30, holdS: 300, severity: 'high' },
    { field: 'temperatureC', raiseAbove: 42, clearBelow: 40, holdS: 1800, severity: 'medium' },
  ],
  frozenAfterS: 7200,
  simulate: ({ random, hour, previous }) => {
    const drift = (now: number | undefined, target: number, noise: number, min: number, max: number) =>
      driftTowards({ previous: now, target, pull: 0.08, noise, min, max, random })
    const shower = random() < 0.01 ? random() * 12 : 0
    return {
      temperatureC: roundTo(drift(previous?.temperatureC, 14 + 10 * dayArc(hour), 0.3, -60, 65), 1),
      humidityPct: roundTo(drift(previous?.humidityPct, 72 - 25 * dayArc(hour), 1.5, 0, 100), 0),
      pressureHpa: roundTo(drift(previous?.pressureHpa, 1013, 0.3, 800, 1100), 1),
      windMs: roundTo(drift(previous?.windMs, 3 + 3 * dayArc(hour), 0.8, 0, 120), 1),
      windDirectionDeg: roundTo(((previous?.windDirectionDeg ?? 220) + (random() - 0.5) * 30 + 360) % 360, 0),
      rainMmPerH: roundTo(Math.max(shower, (previous?.rainMmPerH ?? 0) * 0.8 - 0.05), 1),
    }
  },
  card: { widget: 'number', primary: 'temperatureC', historyH: 48 },
  examples: {
    valid: [{ temperatureC: 18.2, humidityPct: 61, pressureHpa: 1015.2, windMs: 3.4 }, { rainMmPerH: 0 }],
    invalid: [{ temperatureC: 90 }, { humidityPct: -0.1 }, { pressureHpa: 'low' }, {}],
  },
})
