import type { Alert, AlertNote, AlertRule } from '../../contracts/alert.ts'
import type { AlertNoteResource, AlertResource, RuleReplayResource, RuleResource } from '../../contracts/http/alert.ts'
import type { RuleReplay } from '../../contracts/rule-replay.ts'
import { toTime, toTimeOrNull } from '../http/inputs.ts'

export function presentAlert(alert: Alert): AlertResource {
  return {
    id: alert.id,
    ruleId: alert.ruleId,
    ruleName: alert.ruleName,
    deviceId: alert.deviceId,
    kind: alert.kind,
    severity: alert.severity,
    state: alert.state,
    message: alert.message,
    value: alert.value ?? null,
    raisedAt: toTime(alert.raisedAtMs),
    acknowledgedAt: toTimeOrNull(alert.acknowledgedAtMs),
    acknowledgedBy: alert.acknowledgedBy ?? null,
    resolvedAt: toTimeOrNull(alert.resolvedAtMs),
    resolvedBy: alert.resolvedBy ?? null,
    assignedTo: alert.assignedTo ?? null,
    silenceEndsAt: toTimeOrNull(alert.silenceEndsAtMs),
    silenceId: alert.silenceId ?? null,
    inhibitedBy: alert.inhibitedBy ?? null,
    escalatedAt: toTimeOrNull(alert.escalatedAtMs),
    stormId: alert.stormId ?? null,
    updatedAt: toTime(alert.updatedAtMs),
  }
}

export function presentNote({ atMs, by, action, text }: AlertNote): AlertNoteResource {
  return { at: toTime(atMs), by, action, text: text ?? null }
}

export function presentRule(rule: AlertRule): RuleResource {
  const { id, name, severity, enabled, condition, builtIn, updatedAtMs } = rule
  return {
    id,
    name,
    severity,
    enabled,
    condition,
    escalateAfterMin: rule.escalateAfterMin ?? null,
    inhibits: [...(rule.inhibits ?? [])],
    builtIn,
    updatedAt: toTime(updatedAtMs),
  }
}

export function presentReplay(replay: RuleReplay): RuleReplayResource {
  const { alertCount, deviceCount, readingCount, isCutShort } = replay
  return {
    alerts: replay.alerts.map(({ deviceId, raisedAtMs, clearedAtMs, peak, severity }) => ({
      deviceId,
      raisedAt: toTime(raisedAtMs),
      clearedAt: toTimeOrNull(clearedAtMs),
      peak: peak ?? null,
      severity,
    })),
    alertCount,
    deviceCount,
    readingCount,
    replayedTo: toTime(replay.replayedToMs),
    isCutShort,
  }
}
