import type { Alert, AlertNoteAction, AlertRule } from '../../contracts/alert.ts'
import { covers } from '../../contracts/area.ts'
import type { Position } from '../../contracts/geo.ts'
import { areaSource } from '../../contracts/rule-condition.ts'
import type { Silence } from '../../contracts/silence.ts'
import { type AlertStep, takeStep } from './life-cycle.ts'

/** What may make alerts quiet at one moment. */
export interface QuietContext {
  /** Those in force. */
  readonly silences: readonly Silence[]
  /** Rules that inhibit others, by id. */
  readonly inhibitingRules: ReadonlyMap<string, AlertRule>
  /** Open alerts of those rules. */
  readonly inhibitors: readonly Alert[]
  /** Where a device stands; undefined when it is not known. */
  readonly placeOf: (deviceId: string) => Position | undefined
  readonly nowMs: number
}

/** A change of an alert, and how its notes tell it. */
export interface QuietChange {
  readonly alert: Alert
  readonly action: AlertNoteAction
  readonly by: string
  readonly text: string | undefined
}

/** Brings an open alert in line with what should make it quiet now. @returns what changed, in order; empty when nothing did */
export function settleQuiet(alert: Alert, context: QuietContext): readonly QuietChange[] {
  const { nowMs } = context
  const changes: QuietChange[] = []
  let current = alert
  const take = (step: AlertStep, told: Omit<QuietChange, 'alert'>) => {
    current = takeStep(current, step, { atMs: nowMs, nowMs })
    changes.push({ alert: current, ...told })
  }
  const silence = longestOver(alert, context)
  if (silence && (silence.id !== alert.silenceId || silence.untilMs !== alert.silenceEndsAtMs)) {
    take(
      { type: 'silence', silenceId: silence.id, untilMs: silence.untilMs },
      { action: 'silenced', by: silence.createdBy, text: silence.reason },
    )
  } else if (!silence && alert.silenceId !== undefined) {
    take({ type: 'end-silence' }, { action: 'silence-ended', by: 'system', text: undefined })
  }
  const inhibitor = inhibitorOf(alert, context)
  if (inhibitor && inhibitor.id !== alert.inhibitedBy) {
    take({ type: 'inhibit', by: inhibitor.id }, { action: 'inhibited', by: 'system', text: `by ${inhibitor.message}` })
  } else if (!inhibitor && alert.inhibitedBy !== undefined) {
    take({ type: 'end-inhibition' }, { action: 'inhibition-ended', by: 'system', text: undefined })
  }
  return changes
}

/** Of all silences that fit, the one that lasts longest. */
function longestOver(alert: Alert, { silences, placeOf }: QuietContext): Silence | undefined {
  let longest: Silence | undefined
  for (const silence of silences) {
    if (longest !== undefined && longest.untilMs >= silence.untilMs) continue
    if (isAbout(silence, alert, placeOf)) longest = silence
  }
  return longest
}

/** True when everything that the silence names is so of the alert. */
export function isAbout(
  { ruleId, deviceId, kind, area }: Pick<Silence, 'ruleId' | 'deviceId' | 'kind' | 'area'>,
  alert: Alert,
  placeOf: QuietContext['placeOf'],
): boolean {
  if (ruleId !== undefined && ruleId !== alert.ruleId) return false
  if (deviceId !== undefined && deviceId !== alert.deviceId) return false
  if (kind !== undefined && kind !== alert.kind) return false
  return area === undefined || covers(area, placeOf(alert.deviceId))
}

/** The one that is already named stays, so that two that could do not take turns. */
function inhibitorOf(alert: Alert, { inhibitors, inhibitingRules, placeOf }: QuietContext): Alert | undefined {
  let found: Alert | undefined
  for (const inhibitor of inhibitors) {
    // What is inhibited itself inhibits nothing, or two rules could make each other quiet.
    if (inhibitor.inhibitedBy !== undefined || inhibitor.id === alert.id) continue
    const rule = inhibitingRules.get(inhibitor.ruleId)
    if (!rule?.inhibits?.includes(alert.ruleId)) continue
    if (!isSamePlace(inhibitor, rule, alert, placeOf)) continue
    if (inhibitor.id === alert.inhibitedBy) return inhibitor
    found ??= inhibitor
  }
  return found
}

function isSamePlace(inhibitor: Alert, rule: AlertRule, alert: Alert, placeOf: QuietContext['placeOf']): boolean {
  if (inhibitor.deviceId === alert.deviceId) return true
  const { condition } = rule
  return inhibitor.deviceId === areaSource && condition.type === 'area-mean'
    ? covers(condition.area, placeOf(alert.deviceId))
    : false
}
