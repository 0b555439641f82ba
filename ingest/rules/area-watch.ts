import type { RuleTransition, WatchedRule } from '../../contracts/alert.ts'
import type { AreaMean, AreaMeanQuery } from '../../contracts/ports/time-series.ts'
import { areaSource, type RuleCondition } from '../../contracts/rule-condition.ts'
import type { OpenAlert } from '../protocol.ts'
import {
  clearState,
  firingState,
  noStep,
  type RuleState,
  type RuleStep,
  stepOutside,
  stepThreshold,
} from './evaluate.ts'
import { type CompiledRule, compileRule } from './rule-book.ts'

type AreaCondition = Extract<RuleCondition, { type: 'area-mean' }>

/** How often the mean of an area is looked at. */
export const areaStepMs = 30_000

/** Too few devices say nothing of the area: then nothing changes. */
export function stepArea(c: AreaCondition, state: RuleState, atMs: number, found: AreaMean | undefined): RuleStep {
  if (found === undefined || found.deviceCount < c.devicesMin) return noStep
  const limits = { type: c.direction, raise: c.raise, clear: c.clear, holdS: 0 }
  return stepThreshold(limits, state, atMs, found.mean)
}

/** What is asked of the store to look at a rule's area at a time. */
export function windowOf({ condition, deviceIds }: WatchedRule, atMs: number): AreaMeanQuery {
  const { kind, field, windowS } = condition as AreaCondition
  return { kind, field, fromMs: atMs - windowS * 1000, toMs: atMs, deviceIds: deviceIds ?? [] }
}

interface Watched {
  readonly rule: WatchedRule
  readonly compiled: CompiledRule
  state: RuleState
}

/** Rules about the mean of an area. They ask the store now and then, so that the path of a reading knows nothing of them. */
export interface AreaWatch {
  setRules(rules: readonly WatchedRule[]): void
  /** Starts from what is known to be open, and forgets everything else. */
  reset(open: readonly OpenAlert[]): void
  /** Looks at every area when its time has come; nothing while the look before is still under way. */
  look(nowMs: number): Promise<readonly RuleTransition[]>
}

export function createAreaWatch({
  areaMean,
}: {
  readonly areaMean: (query: AreaMeanQuery) => Promise<AreaMean | undefined>
}): AreaWatch {
  let watched: Watched[] = []
  let lookedAtMs = Number.NEGATIVE_INFINITY
  let isLooking = false

  async function lookAt(one: Watched, nowMs: number): Promise<RuleTransition | undefined> {
    const { rule, compiled } = one
    const isOpen = compiled.isOpenAt === undefined || compiled.isOpenAt(nowMs)
    const found = isOpen ? await areaMean(windowOf(rule, nowMs)) : undefined
    // Changed or switched off while the store was asked.
    if (!watched.includes(one)) return undefined
    const step = isOpen ? stepArea(rule.condition as AreaCondition, one.state, nowMs, found) : stepOutside(one.state)
    if (step === noStep) return undefined
    one.state = step.state
    if (step.edge === undefined) return undefined
    const { id: ruleId, condition } = rule
    return { type: step.edge, ruleId, deviceId: areaSource, kind: condition.kind, atMs: nowMs, value: found?.mean }
  }

  return {
    setRules(rules) {
      const before = new Map(watched.map((one) => [one.rule.id, one]))
      watched = []
      for (const rule of rules) {
        const compiled = rule.enabled && rule.condition.type === 'area-mean' ? compileRule(rule) : undefined
        if (compiled === undefined) continue
        const old = before.get(rule.id)
        const isSameWatch = old && JSON.stringify(old.rule.condition) === JSON.stringify(rule.condition)
        watched.push({ rule, compiled, state: isSameWatch ? old.state : clearState })
      }
    },
    reset(open) {
      const firing = new Set(open.filter(({ deviceId }) => deviceId === areaSource).map(({ ruleId }) => ruleId))
      for (const one of watched) one.state = firing.has(one.rule.id) ? firingState : clearState
    },
    async look(nowMs) {
      if (isLooking || watched.length === 0 || nowMs - lookedAtMs < areaStepMs) return []
      isLooking = true
      lookedAtMs = nowMs
      try {
        const transitions: RuleTransition[] = []
        for (const one of watched) {
          const transition = await lookAt(one, nowMs)
          if (transition) transitions.push(transition)
        }
        return transitions
      } finally {
        isLooking = false
      }
    },
  }
}
