import type { Alert, AlertNote, AlertRule } from '../../contracts/alert.ts'
import type { AlertNoteResource, AlertResource, RuleResource } from '../../contracts/http/alert.ts'
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
    silencedUntil: toTimeOrNull(alert.silencedUntilMs),
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
