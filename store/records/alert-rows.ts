import type { Alert } from '../../contracts/alert.ts'
import type { AlertRow } from './tables.ts'

/** Where the alert is, is a column that only the store reads: replacing an alert leaves it alone. */
export function toRow(alert: Alert): Omit<AlertRow, 'cell'> {
  return {
    id: alert.id,
    rule_id: alert.ruleId,
    rule_name: alert.ruleName,
    device_id: alert.deviceId,
    kind: alert.kind,
    severity: alert.severity,
    state: alert.state,
    message: alert.message,
    value: alert.value ?? null,
    raised_at_ms: alert.raisedAtMs,
    acknowledged_at_ms: alert.acknowledgedAtMs ?? null,
    acknowledged_by: alert.acknowledgedBy ?? null,
    resolved_at_ms: alert.resolvedAtMs ?? null,
    resolved_by: alert.resolvedBy ?? null,
    assigned_to: alert.assignedTo ?? null,
    updated_at_ms: alert.updatedAtMs,
    severity_since_ms: alert.severitySinceMs ?? null,
    silenced_until_ms: alert.silenceEndsAtMs ?? null,
    silence_id: alert.silenceId ?? null,
    inhibited_by: alert.inhibitedBy ?? null,
    escalated_at_ms: alert.escalatedAtMs ?? null,
    storm_id: alert.stormId ?? null,
  }
}

export function toAlert(row: AlertRow): Alert {
  return {
    id: row.id,
    ruleId: row.rule_id,
    ruleName: row.rule_name,
    deviceId: row.device_id,
    kind: row.kind,
    severity: row.severity,
    state: row.state,
    message: row.message,
    value: row.value ?? undefined,
    raisedAtMs: row.raised_at_ms,
    acknowledgedAtMs: row.acknowledged_at_ms ?? undefined,
    acknowledgedBy: row.acknowledged_by ?? undefined,
    resolvedAtMs: row.resolved_at_ms ?? undefined,
    resolvedBy: row.resolved_by ?? undefined,
    assignedTo: row.assigned_to ?? undefined,
    severitySinceMs: row.severity_since_ms ?? undefined,
    silenceEndsAtMs: row.silenced_until_ms ?? undefined,
    silenceId: row.silence_id ?? undefined,
    inhibitedBy: row.inhibited_by ?? undefined,
    escalatedAtMs: row.escalated_at_ms ?? undefined,
    stormId: row.storm_id ?? undefined,
    updatedAtMs: row.updated_at_ms,
  }
}
