import type { RuleCondition } from '../../contracts/rule-condition.ts'
import { clearState, noStep, type RuleState, type RuleStep, stepThreshold } from './evaluate.ts'

export type RateCondition = Extract<RuleCondition, { type: 'rate' }>

/** A window is remembered by so many readings at most, whatever the pace of the device. */
export const windowSamplesMax = 32

/**
 * Change per minute between the oldest remembered reading of the window and this one. Says nothing before half of the
 * window is covered: the difference of two neighbours is noise.
 *
 * A reading is remembered when it comes a 32nd of the window after the last one that was.
 */
export function stepRate(c: RateCondition, state: RuleState, atMs: number, value: number): RuleStep {
  const before = state.phase === 'rate' ? state : undefined
  const inner = before?.inner ?? (state.phase === 'firing' ? state : clearState)
  const known = before?.samples ?? []
  const windowMs = c.windowS * 1000
  let from = 0
  while (from < known.length && known[from]! < atMs - windowMs) from += 2
  const isSpaced = known.length === 0 || atMs - known[known.length - 2]! >= windowMs / windowSamplesMax
  const isSame = from === 0 && !isSpaced && before !== undefined
  const samples = isSame ? known : [...known.slice(from), ...(isSpaced ? [atMs, value] : [])]

  const spanMs = samples.length === 0 ? 0 : atMs - samples[0]!
  if (spanMs < windowMs / 2) return isSame ? noStep : { state: { phase: 'rate', samples, inner }, edge: undefined }
  const perMinute = ((value - samples[1]!) / spanMs) * 60_000
  const pace = { rising: perMinute, falling: -perMinute, either: Math.abs(perMinute) }[c.direction]
  const limits = { type: 'above', raise: c.raise, clear: c.clear, holdS: c.holdS } as const
  const step = stepThreshold(limits, inner, atMs, pace)
  if (step === noStep && isSame) return noStep
  const next: RuleState = { phase: 'rate', samples, inner: step === noStep ? inner : step.state }
  return { state: next, edge: step.edge, value: perMinute }
}
