import type { Kind } from '../../../contracts/kinds/kind.ts'
import { type Severity, severities } from '../../../contracts/severity.ts'

export interface Limit {
  readonly value: number
  readonly severity: Severity
  readonly side: 'above' | 'below'
}

/** The values at which the kind's own thresholds raise. */
export function limitsOf(kind: Kind, field: string): readonly Limit[] {
  return kind.thresholds.flatMap(({ field: watched, raiseAbove, raiseBelow, severity }): Limit[] => {
    if (watched !== field) return []
    if (raiseAbove !== undefined) return [{ value: raiseAbove, severity, side: 'above' }]
    return raiseBelow === undefined ? [] : [{ value: raiseBelow, severity, side: 'below' }]
  })
}

/** The gravest limit a value is beyond. It may not have been so long enough to raise an alert. */
export function limitPassed(limits: readonly Limit[], value: number): Limit | undefined {
  return limits
    .filter((limit) => (limit.side === 'above' ? value > limit.value : value < limit.value))
    .sort((a, b) => severities.indexOf(b.severity) - severities.indexOf(a.severity))[0]
}

/**
 * The part of a field's range worth a gauge. A sensor may read to 1000 where 35 is already too much: the scale then ends
 * at a round number above twice the highest limit, and above the value.
 */
export function gaugeScale(options: { readonly kind: Kind; readonly field: string; readonly value: number }): {
  readonly min: number
  readonly max: number
} {
  const { kind, field, value } = options
  const { min, max } = kind.fields[field]!
  const highest = Math.max(...limitsOf(kind, field).map((limit) => limit.value))
  if (!Number.isFinite(highest) || highest <= min) return { min, max }
  return { min, max: Math.min(max, roundUp(Math.max(highest * 2, value))) }
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
