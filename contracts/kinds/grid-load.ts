import { defineKind, field } from './kind.ts'
import { dayArc, driftTowards, roundTo, rushHour } from './simulation.ts'

/** Distribution-transformer monitor on the 400 V side. */
export const gridLoad = defineKind({
  id: 'grid-load',
  label: 'Grid load',
  domain: 'energy',
  reportEveryS: 30,
  fields: {
    loadKw: field({ min: 0, max: 5000, unit: 'kW', label: 'Load', decimals: 1 }),
    voltageV: field({ min: 0, max: 1000, unit: 'V', label: 'Voltage', decimals: 1 }),
    frequencyHz: field({ min: 40, max: 70, unit: 'Hz', label: 'Frequency', decimals: 3 }),
    powerFactor: field({ min: -1, max: 1, unit: '', label: 'Power factor', decimals: 3 }),
    solarKw: field({ min: 0, max: 5000, unit: 'kW', label: 'Solar', decimals: 1 }),
    oilTemperatureC: field({ min: -40, max: 200, unit: '°C', label: 'Oil temperature', decimals: 1 }),
  },
  thresholds: [
    { field: 'loadKw', raiseAbove: 900, clearBelow: 800, holdS: 300, severity: 'high' },
    { field: 'frequencyHz', raiseBelow: 49.5, clearAbove: 49.8, holdS: 10, severity: 'critical' },
    { field: 'oilTemperatureC', raiseAbove: 95, clearBelow: 85, holdS: 60, severity: 'critical' },
  ],
  frozenAfterS: 1800,
  simulate: ({ random, hour, previous }) => {
    const demand = 0.35 + 0.5 * rushHour(hour) + 0.2 * dayArc(hour)
    const drift = (now: number | undefined, target: number, noise: number, min: number, max: number) =>
      driftTowards({ previous: now, target, pull: 0.1, noise, min, max, random })
    const loadKw = drift(previous?.loadKw, 620 * demand, 12, 0, 5000)
    return {
      loadKw: roundTo(loadKw, 1),
      voltageV: roundTo(drift(previous?.voltageV, 404 - 10 * demand, 0.8, 0, 1000), 1),
      frequencyHz: roundTo(drift(previous?.frequencyHz, 50, 0.012, 40, 70), 3),
      powerFactor: roundTo(drift(previous?.powerFactor, 0.96, 0.004, -1, 1), 3),
      solarKw: roundTo(drift(previous?.solarKw, 140 * dayArc(hour), 4, 0, 5000), 1),
      oilTemperatureC: roundTo(drift(previous?.oilTemperatureC, 38 + loadKw / 25, 0.5, -40, 200), 1),
    }
  },
  card: { widget: 'gauge', primary: 'loadKw', historyH: 24 },
  examples: {
    valid: [{ loadKw: 412.5, voltageV: 401.2, frequencyHz: 50.01, powerFactor: 0.97 }, { solarKw: 0 }],
    invalid: [{ frequencyHz: 30 }, { loadKw: -1 }, { powerFactor: 1.2 }, {}],
  },
})
