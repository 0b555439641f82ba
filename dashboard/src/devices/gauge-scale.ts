import type { Kind } from '../../../contracts/kinds/kind.ts'
import type { Severity } from '../../../contracts/severity.ts'

export interface Limit {
  readonly value: number
  readonly severity: Severity
}

/** The values at which the kind's own thresholds raise. */
export function limitsOf(kind: Kind, field: string): readonly Limit[] {
  return kind.thresholds.flatMap((threshold) => {
    const value = threshold.raiseAbove ?? threshold.raiseBelow
    return threshold.field === field && value !== undefined ? [{ value, severity: threshold.severity }] : []
  })
}

/**
 * The part of a field's range worth a gauge. A sensor may read to 1000 where 35 is already too much: the scale then ends
 * at the next round number above twice the highest limit.
 */
export function gaugeScale(kind: Kind, field: string): { readonly min: number; readonly max: number } {
  const { min, max } = kind.fields[field]!
  const highest = Math.max(...limitsOf(kind, field).map(({ value }) => value))
  if (!Number.isFinite(highest) || highest <= min) return { min, max }
  return { min, max: Math.min(max, roundUp(highest * 2)) }
}

/** To the next 1, 2, 2.5 or 5 times a power of ten. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  const step = [1, 2, 2.5, 5, 10].find((factor) => factor * power >= value)!
  return step * power
}

/** Where a value lies on a scale, 0..1; beyond its ends it stays there. */
export function gaugeShare({ min, max }: { readonly min: number; readonly max: number }, value: number): number {
  return Math.min(1, Math.max(0, (value - min) / (max - min)))
}
