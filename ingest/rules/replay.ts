import type { RuleTransition, WatchedRule } from '../../contracts/alert.ts'
import { findKind } from '../../contracts/kinds/index.ts'
import { fieldNames } from '../../contracts/kinds/kind.ts'
import type { TimeSeriesReader } from '../../contracts/ports/time-series.ts'
import { areaSource } from '../../contracts/rule-condition.ts'
import type { ReplayedAlert, RuleReplay, RuleReplayQuery } from '../../contracts/rule-replay.ts'
import { type Severity, severities } from '../../contracts/severity.ts'
import { createKindTable } from '../kind-runtime.ts'
import { createLedger } from '../ledger.ts'
import { createSource, type Source } from '../source.ts'
import { areaStepMs, stepArea, windowOf } from './area-watch.ts'
import { clearState, noStep, type RuleState, stepOutside } from './evaluate.ts'
import { compileRule, createRuleBook } from './rule-book.ts'

export interface ReplayLimits {
  readonly readingsMax: number
  readonly alertsMax: number
  /** Looks at an area; a longer period is looked at less often. */
  readonly areaLooksMax: number
}

const usualLimits: ReplayLimits = { readingsMax: 500_000, alertsMax: 500, areaLooksMax: 500 }

type Store = Pick<TimeSeriesReader, 'exportRows' | 'areaMean'>

/**
 * Runs a rule over stored readings, oldest first, through the very evaluator that live readings go through. Readings come
 * in pages; between them the thread does its other work.
 */
export function replayRule(
  store: Store,
  query: RuleReplayQuery,
  limits: ReplayLimits = usualLimits,
): Promise<RuleReplay> {
  const { deviceIds } = query.rule
  const wanted = query.deviceIds
  const inBoth = deviceIds && wanted ? wanted.filter((id) => deviceIds.includes(id)) : (deviceIds ?? wanted)
  return query.rule.condition.type === 'area-mean'
    ? replayArea(store, { ...query, rule: { ...query.rule, deviceIds: inBoth } }, limits)
    : replayReadings(store, { ...query, deviceIds: inBoth }, limits)
}

async function replayReadings(store: Store, query: RuleReplayQuery, limits: ReplayLimits): Promise<RuleReplay> {
  const { fromMs, toMs, deviceIds } = query
  // Switched off or not, it is tried; where its devices stand was settled before.
  const rule: WatchedRule = { ...query.rule, enabled: true, deviceIds }
  const { kind: kindId } = rule.condition
  const names = fieldNames(findKind(kindId)!)
  const book = createRuleBook([rule])
  const runtime = createKindTable().find(kindId)!
  const ledger = createLedger()
  const sources = new Map<string, Source>()
  const story = createStory(rule, limits.alertsMax)
  const values = new Float64Array(names.length)
  let readingCount = 0
  let replayedToMs = toMs

  const sourceOf = (deviceId: string) => {
    let source = sources.get(deviceId)
    if (source === undefined) {
      source = createSource({ deviceId, runtime, account: ledger.account(deviceId) })
      source.setRules(book.forSource(deviceId, kindId))
      sources.set(deviceId, source)
    }
    return source
  }
  const silenceMs = rule.condition.type === 'no-data' ? rule.condition.afterS * 1000 : undefined

  read: for await (const page of store.exportRows({ kind: kindId, fromMs, toMs, ...(deviceIds && { deviceIds }) })) {
    for (const row of page) {
      if (readingCount >= limits.readingsMax) {
        replayedToMs = row.observedAtMs
        break read
      }
      readingCount++
      const source = sourceOf(row.deviceId)
      for (let f = 0; f < names.length; f++) values[f] = row.values[names[f]!] ?? Number.NaN
      const { observedAtMs } = row
      if (silenceMs !== undefined) {
        // The clock of the silence is the reading's own time: what was sent late is taken as sent in time.
        const heardMs = source.hasReading ? source.latest.observedAtMs : fromMs
        if (observedAtMs - heardMs >= silenceMs) source.tick(heardMs + silenceMs, fromMs, story.note)
      }
      const seq = row.seq ?? -1
      source.accept({ observedAtMs, receivedAtMs: observedAtMs, seq, flags: 0, values }, true, story.note)
      if (silenceMs !== undefined) source.tick(observedAtMs, fromMs, story.note)
      story.see(row.deviceId, peakOf(rule, row.values))
    }
  }
  if (silenceMs !== undefined) {
    for (const source of sources.values()) {
      const atMs = source.latest.observedAtMs + silenceMs
      if (atMs < replayedToMs) source.tick(atMs, fromMs, story.note)
    }
  }
  return {
    ...story.end(),
    deviceCount: sources.size,
    readingCount,
    replayedToMs,
    isCutShort: replayedToMs < toMs,
  }
}

/** The value that tells how bad it is, where one field does. */
function peakOf({ condition }: WatchedRule, values: Readonly<Record<string, number>>): number | undefined {
  return condition.type === 'above' || condition.type === 'below' ? values[condition.field] : undefined
}

async function replayArea(store: Store, query: RuleReplayQuery, limits: ReplayLimits): Promise<RuleReplay> {
  const { rule, fromMs, toMs } = query
  const { condition } = rule
  const compiled = compileRule(rule)
  const story = createStory(rule, limits.alertsMax)
  let state: RuleState = clearState
  let deviceCount = 0
  if (condition.type === 'area-mean' && compiled) {
    const stepMs = Math.max(areaStepMs, Math.ceil((toMs - fromMs) / limits.areaLooksMax))
    for (let atMs = fromMs + stepMs; atMs <= toMs; atMs += stepMs) {
      const isOpen = compiled.isOpenAt === undefined || compiled.isOpenAt(atMs)
      const found = isOpen ? await store.areaMean(windowOf(rule, atMs)) : undefined
      deviceCount = Math.max(deviceCount, found?.deviceCount ?? 0)
      const step = isOpen ? stepArea(condition, state, atMs, found) : stepOutside(state)
      if (step !== noStep) {
        state = step.state
        const told = { ruleId: rule.id, deviceId: areaSource, kind: condition.kind, atMs, value: found?.mean }
        if (step.edge) story.note({ type: step.edge, ...told })
      }
      story.see(areaSource, found?.mean)
    }
  }
  return { ...story.end(), deviceCount, readingCount: 0, replayedToMs: toMs, isCutShort: false }
}

/** Makes alerts of transitions, one open per device, as the alert desk does. */
function createStory(rule: WatchedRule, alertsMax: number) {
  const { condition } = rule
  const isLower = condition.type === 'below' || (condition.type === 'area-mean' && condition.direction === 'below')
  const alerts: { -readonly [K in keyof ReplayedAlert]: ReplayedAlert[K] }[] = []
  const open = new Map<string, (typeof alerts)[number]>()
  let alertCount = 0
  const graver = (a: Severity, b: Severity) => (severities.indexOf(a) > severities.indexOf(b) ? a : b)
  const further = (a: number, b: number) => (isLower ? Math.min(a, b) : Math.max(a, b))

  return {
    note({ type, deviceId, atMs, value, severity }: RuleTransition): void {
      if (type === 'raise') {
        const alert = {
          deviceId,
          raisedAtMs: atMs,
          clearedAtMs: undefined,
          peak: value,
          severity: severity ?? rule.severity,
        }
        alertCount++
        open.set(deviceId, alert)
        if (alerts.length < alertsMax) alerts.push(alert)
        return
      }
      const alert = open.get(deviceId)
      if (!alert) return
      if (severity) alert.severity = graver(alert.severity, severity)
      if (type === 'clear') {
        alert.clearedAtMs = atMs
        open.delete(deviceId)
      }
    },
    see(deviceId: string, value: number | undefined): void {
      const alert = value === undefined ? undefined : open.get(deviceId)
      if (alert) alert.peak = alert.peak === undefined ? value : further(alert.peak, value!)
    },
    end: (): Pick<RuleReplay, 'alerts' | 'alertCount'> => ({ alerts, alertCount }),
  }
}
