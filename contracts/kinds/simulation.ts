/** Shapes of a city day that the kinds' simulators share. Pure; randomness is passed in. */

/** Two rush hours, 08:30 and 18:00; 0 at night, 1 at a peak. */
export function rushHour(hour: number): number {
  const peak = (at: number, widthH: number) => Math.exp(-(((hour - at) / widthH) ** 2))
  return Math.min(1, 0.08 + peak(8.5, 1.8) + 0.95 * peak(18, 2.2) + 0.45 * peak(13, 3))
}

/** 0 before dawn, 1 in mid afternoon. */
export function dayArc(hour: number): number {
  return Math.max(0, Math.sin(((hour - 6) / 15) * Math.PI))
}

export interface DriftOptions {
  readonly previous: number | undefined
  readonly target: number
  /** Share of the gap closed per step, 0..1. */
  readonly pull: number
  /** Largest random step, in the field's unit. */
  readonly noise: number
  readonly min: number
  readonly max: number
  readonly random: () => number
}

/** A value that wanders towards its target without leaving its range. */
export function driftTowards(o: DriftOptions): number {
  const from = o.previous ?? o.target
  const next = from + (o.target - from) * o.pull + (o.random() * 2 - 1) * o.noise
  return Math.min(o.max, Math.max(o.min, next))
}

export function roundTo(value: number, decimals: number): number {
  const scale = 10 ** decimals
  return Math.round(value * scale) / scale
}
