import { z } from 'zod'
import type { Severity } from '../severity.ts'

/** The part of the city a kind of reading speaks of; dashboards and legacy room names group by it. */
export type Domain = 'traffic' | 'environment' | 'waste' | 'energy'

/** One measured quantity of a kind. Values outside `min`..`max` are faults of the sensor, not of the city. */
export interface Field {
  readonly min: number
  readonly max: number
  /** Unit symbol as shown to people, for example `µg/m³`. */
  readonly unit: string
  readonly label: string
  readonly decimals: number
}

/** A threshold a kind ships with; every device of the kind starts with it as an alert rule. */
export interface DefaultThreshold<F extends string = string> {
  readonly field: NoInfer<F>
  readonly raiseAbove?: number
  readonly clearBelow?: number
  readonly raiseBelow?: number
  readonly clearAbove?: number
  /** How long the value must stay beyond the limit, in event time. */
  readonly holdS: number
  readonly severity: Severity
}

export type FieldValues<F extends string = string> = Partial<Record<F, number>>

export interface SimulationStep<F extends string = string> {
  /** Uniform in [0, 1), seeded by the caller. */
  readonly random: () => number
  /** Local hour of day, 0 <= hour < 24, with fraction. */
  readonly hour: number
  /** The device's previous values, absent at its first reading. */
  readonly previous: FieldValues<F> | undefined
  /** Seconds since the previous reading. */
  readonly elapsedS: number
}

export interface Kind<F extends string = string> {
  /** Also the last level of the telemetry topic. */
  readonly id: string
  readonly label: string
  readonly domain: Domain
  /** A device that is silent for several of these is reported as `no-data`. */
  readonly reportEveryS: number
  readonly fields: Readonly<Record<F, Field>>
  readonly thresholds: readonly DefaultThreshold<NoInfer<F>>[]
  /** A value that does not move at all for this long means a stuck sensor. Absent where standing still is normal. */
  readonly frozenAfterS?: number
  readonly simulate: (step: SimulationStep<NoInfer<F>>) => Record<NoInfer<F>, number>
  readonly card: {
    readonly widget: 'gauge' | 'level' | 'number'
    readonly primary: NoInfer<F>
    readonly historyH: number
  }
  readonly examples: {
    readonly valid: readonly FieldValues<NoInfer<F>>[]
    readonly invalid: readonly Record<string, unknown>[]
  }
}

/** Names the element type so that thresholds and card can only name fields that exist. */
export function defineKind<const F extends string>(kind: Kind<F>): Kind<F> {
  return kind
}

export function field(spec: Field): Field {
  return spec
}

/** Field names of a kind in the one order that columns, exports and packed values use. */
export function fieldNames(kind: Kind): string[] {
  return Object.keys(kind.fields)
}

/**
 * The values of one reading as a schema, for OpenAPI, forms and tests.
 * The hot path checks the same ranges without zod (see ingest/validate.ts); a test holds the two together.
 */
export function fieldValuesSchema(kind: Kind) {
  const shape: Record<string, z.ZodType<number | undefined>> = {}
  for (const name of fieldNames(kind)) {
    const spec = kind.fields[name]!
    shape[name] = z.number().min(spec.min).max(spec.max).optional().describe(`${spec.label}, ${spec.unit}`)
  }
  return z.object(shape).refine((values) => Object.values(values).some((value) => value !== undefined), {
    message: 'at least one field of the kind',
  })
}
