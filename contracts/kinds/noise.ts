import { defineKind, field } from './kind.ts'
import { driftTowards, roundTo, rushHour } from './simulation.ts'

/** Class 2 sound level meter (IEC 61672-1), A-weighted. */
export const noise = defineKind({
  id: 'noise',
  label: 'Noise',
  domain: 'environment',
  reportEveryS: 30,
  fields: {
    laeqDb: field({ min: 0, max: 160, unit: 'dB(A)', label: 'LAeq', decimals: 1 }),
    lamaxDb: field({ min: 0, max: 160, unit: 'dB(A)', label: 'LAmax', decimals: 1 }),
  },
  thresholds: [
    { field: 'laeqDb', raiseAbove: 75, clearBelow: 70, holdS: 600, severity: 'medium' },
    { field: 'lamaxDb', raiseAbove: 120, clearBelow: 110, holdS: 0, severity: 'high' },
  ],
  frozenAfterS: 3600,
  simulate: ({ random, hour, previous }) => {
    const laeqDb = driftTowards({
      previous: previous?.laeqDb,
      target: 46 + 20 * rushHour(hour),
      pull: 0.2,
      noise: 2,
      min: 0,
      max: 160,
      random,
    })
    return { laeqDb: roundTo(laeqDb, 1), lamaxDb: roundTo(laeqDb + 4 + random() ** 4 * 18, 1) }
  },
  card: { widget: 'gauge', primary: 'laeqDb', historyH: 24 },
  examples: {
    valid: [{ laeqDb: 61.2, lamaxDb: 78.4 }, { laeqDb: 0 }],
    invalid: [{ laeqDb: -1 }, { laeqDb: 161 }, { lamaxDb: [80] }, {}],
  },
})
