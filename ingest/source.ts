import type { RuleTransition } from '../contracts/alert.ts'
import type { Kind } from '../contracts/kinds/kind.ts'
import type { KindRuntime } from './kind-runtime.ts'
import type { LedgerAccount } from './ledger.ts'
import { clearState, firingState, isFiringState, noStep, type RuleState, stepSilence } from './rules/evaluate.ts'
import type { CompiledRule } from './rules/rule-book.ts'
import { stepRule } from './rules/step-rule.ts'

/** How many of a source's newest keys are held in memory; older ones are looked up in the store. */
const recentKeysMax = 32

export type Novelty = 'newest' | 'late' | 'duplicate' | 'unsure'

interface RuleRuntime {
  readonly compiled: CompiledRule
  state: RuleState
}

/**
 * One device's stream of one kind: what has been seen, what is latest, where its rules stand.
 * A reading is known by (time, sequence); the newest keys are here, so that the store is asked only about old ones.
 */
export interface Source {
  readonly deviceId: string
  readonly kind: Kind
  /** Position of the kind in the registry. */
  readonly kindNo: number
  readonly account: LedgerAccount
  readonly latest: LatestValues
  /** False until its first reading has been accepted. */
  readonly hasReading: boolean
  novelty(observedAtMs: number, seq: number): Novelty
  /** Takes note of an accepted reading. `isNewest` readings become latest and drive the rules. */
  accept(reading: AcceptedReading, isNewest: boolean, onEdge: OnEdge): void
  /** Looks at the clock for rules about silence. */
  tick(nowMs: number, startedAtMs: number, onEdge: OnEdge): void
  setRules(rules: readonly CompiledRule[]): void
  markFiring(ruleId: string): void
  save(): SavedSource
  load(saved: SavedSource): void
  /** Set while a change waits to be told to the other thread. */
  isDirty: boolean
}

export interface AcceptedReading {
  readonly observedAtMs: number
  readonly receivedAtMs: number
  readonly seq: number
  readonly flags: number
  readonly values: Float64Array
}

export interface LatestValues {
  observedAtMs: number
  receivedAtMs: number
  seq: number
  flags: number
  readonly values: Float64Array
}

export type OnEdge = (transition: RuleTransition) => void

/** Plain JSON, one per source in the snapshot. NaN travels as null. */
export interface SavedSource {
  readonly deviceNo: number
  readonly kindId: string
  readonly latest: readonly [observedAtMs: number, receivedAtMs: number, seq: number, flags: number]
  readonly values: readonly (number | null)[]
  readonly rules: readonly (readonly [ruleId: string, state: RuleState])[]
}

export function createSource(options: {
  readonly deviceId: string
  readonly runtime: KindRuntime
  readonly account: LedgerAccount
}): Source {
  const { deviceId, account } = options
  const { kind, no: kindNo, fieldCount } = options.runtime
  const latest: LatestValues = {
    observedAtMs: Number.NEGATIVE_INFINITY,
    receivedAtMs: Number.NEGATIVE_INFINITY,
    seq: -1,
    flags: 0,
    values: new Float64Array(fieldCount).fill(Number.NaN),
  }
  const recentMs = new Float64Array(recentKeysMax).fill(Number.NEGATIVE_INFINITY)
  const recentSeq = new Float64Array(recentKeysMax)
  let recentAt = 0
  /** Every accepted key later than this is among the recent ones. */
  let completeAfterMs = Number.NEGATIVE_INFINITY
  let lastHeardMs = Number.NEGATIVE_INFINITY
  let rules: RuleRuntime[] = []

  function remember(observedAtMs: number, seq: number): void {
    const evictedMs = recentMs[recentAt]!
    if (evictedMs > completeAfterMs) completeAfterMs = evictedMs
    recentMs[recentAt] = observedAtMs
    recentSeq[recentAt] = seq
    recentAt = (recentAt + 1) % recentKeysMax
  }

  function isRecent(observedAtMs: number, seq: number): boolean {
    for (let i = 0; i < recentKeysMax; i++) {
      if (recentMs[i] === observedAtMs && recentSeq[i] === seq) return true
    }
    return false
  }

  function apply(runtime: RuleRuntime, step: typeof noStep, atMs: number, value: number | undefined, onEdge: OnEdge) {
    if (step === noStep) return
    runtime.state = step.state
    if (step.edge) {
      const { edge: type, severity } = step
      const told = { type, ruleId: runtime.compiled.rule.id, deviceId, kind: kind.id, atMs, value: step.value ?? value }
      onEdge(severity === undefined ? told : { ...told, severity })
    }
  }

  function drive(reading: AcceptedReading, onEdge: OnEdge): void {
    for (let r = 0; r < rules.length; r++) {
      const runtime = rules[r]!
      const step = stepRule(runtime.compiled, runtime.state, reading.observedAtMs, reading.values)
      if (step !== noStep)
        apply(runtime, step, reading.observedAtMs, reading.values[runtime.compiled.fieldIndex], onEdge)
    }
  }

  return {
    deviceId,
    kind,
    kindNo,
    account,
    latest,
    isDirty: false,
    get hasReading() {
      return latest.observedAtMs > Number.NEGATIVE_INFINITY
    },
    novelty(observedAtMs, seq) {
      if (observedAtMs > latest.observedAtMs) return 'newest'
      // Every accepted key at the latest time has a sequence up to that of the latest.
      if (observedAtMs === latest.observedAtMs && seq > latest.seq) return 'newest'
      if (observedAtMs <= completeAfterMs) return 'unsure'
      return isRecent(observedAtMs, seq) ? 'duplicate' : 'late'
    },
    accept(reading, isNewest, onEdge) {
      remember(reading.observedAtMs, reading.seq)
      if (reading.receivedAtMs > lastHeardMs) lastHeardMs = reading.receivedAtMs
      if (!isNewest) return
      latest.observedAtMs = reading.observedAtMs
      latest.receivedAtMs = reading.receivedAtMs
      latest.seq = reading.seq
      latest.flags = reading.flags
      latest.values.set(reading.values)
      drive(reading, onEdge)
    },
    tick(nowMs, startedAtMs, onEdge) {
      for (const runtime of rules) {
        const { rule, isOpenAt } = runtime.compiled
        if (rule.condition.type !== 'no-data') continue
        // Our own absence is not the device's silence: the clock starts again with us.
        const silentMs = nowMs - Math.max(lastHeardMs, startedAtMs)
        if (lastHeardMs < startedAtMs && isFiringState(runtime.state)) continue
        const isOpen = isOpenAt === undefined || isOpenAt(nowMs)
        // Outside of its hours nobody is silent.
        const step = stepSilence(rule.condition.afterS, runtime.state, isOpen ? silentMs : 0)
        apply(runtime, step, nowMs, undefined, onEdge)
      }
    },
    setRules(compiled) {
      const before = new Map(rules.map((runtime) => [runtime.compiled.rule.id, runtime]))
      rules = compiled.map((one) => {
        const old = before.get(one.rule.id)
        const isSameWatch = old && JSON.stringify(old.compiled.rule.condition) === JSON.stringify(one.rule.condition)
        // A changed condition starts over: the desk resolved its open alert with the change.
        return { compiled: one, state: isSameWatch ? old.state : clearState }
      })
    },
    markFiring(ruleId) {
      const runtime = rules.find((candidate) => candidate.compiled.rule.id === ruleId)
      if (runtime && !isFiringState(runtime.state)) runtime.state = firingState
    },
    save() {
      return {
        deviceNo: account.deviceNo,
        kindId: kind.id,
        latest: [latest.observedAtMs, Math.max(latest.receivedAtMs, lastHeardMs), latest.seq, latest.flags],
        values: Array.from(latest.values, (value) => (Number.isNaN(value) ? null : value)),
        rules: rules
          .filter(({ state }) => state !== clearState)
          .map(({ compiled, state }) => [compiled.rule.id, state] as const),
      }
    },
    load(saved) {
      const [observedAtMs, receivedAtMs, seq, flags] = saved.latest
      Object.assign(latest, { observedAtMs, receivedAtMs, seq, flags })
      saved.values.forEach((value, f) => {
        latest.values[f] = value ?? Number.NaN
      })
      lastHeardMs = receivedAtMs
      // What was stored before the snapshot is not remembered key by key: the store knows.
      completeAfterMs = observedAtMs
      const stateById = new Map(saved.rules)
      for (const runtime of rules) runtime.state = stateById.get(runtime.compiled.rule.id) ?? runtime.state
    },
  }
}
