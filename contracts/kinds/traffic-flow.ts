import { defineKind, field } from './kind.ts'
import { driftTowards, roundTo, rushHour } from './simulation.ts'

/** Inductive loop or radar counter over one carriageway; values are for the last reporting interval. */
export const trafficFlow = defineKind({
  id: 'traffic-flow',
  label: 'Traffic flow',
  domain: 'traffic',
  reportEveryS: 15,
  fields: {
    flowVehPerH: field({ min: 0, max: 12_000, unit: 'veh/h', label: 'Flow', decimals: 0 }),
    speedKmh: field({ min: 0, max: 250, unit: 'km/h', label: 'Speed', decimals: 1 }),
    occupancyPct: field({ min: 0, max: 100, unit: '%', label: 'Occupancy', decimals: 1 }),
    queueM: field({ min: 0, max: 5000, unit: 'm', label: 'Queue', decimals: 0 }),
  },
  thresholds: [
    { field: 'occupancyPct', raiseAbove: 60, clearBelow: 45, holdS: 180, severity: 'medium' },
    { field: 'queueM', raiseAbove: 400, clearBelow: 250, holdS: 120, severity: 'high' },
  ],
  simulate: ({ random, hour, previous }) => {
    const load = rushHour(hour)
    const drift = (now: number | undefined, target: number, noise: number, max: number) =>
      driftTowards({ previous: now, target, pull: 0.15, noise, min: 0, max, random })
    return {
      flowVehPerH: roundTo(drift(previous?.flowVehPerH, 150 + 1500 * load, 60, 12_000), 0),
      speedKmh: roundTo(drift(previous?.speedKmh, 52 - 30 * load, 3, 250), 1),
      occupancyPct: roundTo(drift(previous?.occupancyPct, 4 + 38 * load, 2.5, 100), 1),
      queueM: roundTo(drift(previous?.queueM, 180 * load ** 2, 15, 5000), 0),
    }
  },
  card: { widget: 'number', primary: 'speedKmh', historyH: 24 },
  examples: {
    valid: [{ flowVehPerH: 900, speedKmh: 34.5, occupancyPct: 22 }, { flowVehPerH: 0 }],
    invalid: [{ speedKmh: -3 }, { occupancyPct: 101 }, { flowVehPerH: null }, {}],
  },
})
