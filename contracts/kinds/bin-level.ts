import { defineKind, field } from './kind.ts'
import { roundTo, rushHour } from './simulation.ts'

/** Ultrasonic fill sensor under the lid of a litter bin. */
export const binLevel = defineKind({
  id: 'bin-level',
  label: 'Bin level',
  domain: 'waste',
  reportEveryS: 300,
  fields: {
    fillPct: field({ min: 0, max: 100, unit: '%', label: 'Fill', decimals: 0 }),
    temperatureC: field({ min: -40, max: 120, unit: '°C', label: 'Temperature', decimals: 1 }),
    batteryPct: field({ min: 0, max: 100, unit: '%', label: 'Battery', decimals: 0 }),
  },
  thresholds: [
    { field: 'fillPct', raiseAbove: 85, clearBelow: 40, holdS: 600, severity: 'medium' },
    { field: 'temperatureC', raiseAbove: 70, clearBelow: 55, holdS: 0, severity: 'critical' },
    { field: 'batteryPct', raiseBelow: 10, clearAbove: 20, holdS: 3600, severity: 'low' },
  ],
  simulate: ({ random, hour, previous, elapsedS }) => {
    const fill = (previous?.fillPct ?? random() * 70) + (elapsedS / 3600) * (2 + 14 * rushHour(hour)) * random()
    return {
      // A full bin is emptied some time after it is reported.
      fillPct: roundTo(fill >= 97 ? random() * 4 : Math.min(100, fill), 2),
      temperatureC: roundTo(18 + 8 * Math.sin(((hour - 9) / 12) * Math.PI) + (random() - 0.5), 1),
      batteryPct: roundTo(Math.max(30, (previous?.batteryPct ?? 70 + random() * 30) - elapsedS / 864_000), 3),
    }
  },
  card: { widget: 'level', primary: 'fillPct', historyH: 72 },
  examples: {
    valid: [{ fillPct: 44, temperatureC: 21.5, batteryPct: 88 }, { fillPct: 100 }],
    invalid: [{ fillPct: 101 }, { fillPct: -1 }, { batteryPct: true }, {}],
  },
})
