import type { Alert } from '../../../contracts/alert.ts'
import { type Severity, severities } from '../../../contracts/severity.ts'

/** Open before resolved, then the gravest, then the oldest: what has waited longest comes first. Resolved: newest first. */
export function compareAlerts(a: Alert, b: Alert): number {
  const isResolved = Number(a.state === 'resolved') - Number(b.state === 'resolved')
  if (isResolved !== 0) return isResolved
  if (a.state === 'resolved') return (b.resolvedAtMs ?? 0) - (a.resolvedAtMs ?? 0)
  const bySeverity = severities.indexOf(b.severity) - severities.indexOf(a.severity)
  return bySeverity === 0 ? a.raisedAtMs - b.raisedAtMs : bySeverity
}

/** Alerts of one storm stand together, where the first of them stands. One alone is no group. */
export function groupAlerts(alerts: readonly Alert[]): readonly (readonly Alert[])[] {
  const groups: Alert[][] = []
  const byStorm = new Map<string, Alert[]>()
  for (const alert of alerts) {
    // What is over has been told; only what is open is gathered.
    const stormId = alert.state === 'resolved' ? undefined : alert.stormId
    const known = stormId === undefined ? undefined : byStorm.get(stormId)
    if (known !== undefined) {
      known.push(alert)
      continue
    }
    const group = [alert]
    groups.push(group)
    if (stormId !== undefined) byStorm.set(stormId, group)
  }
  return groups
}

/** One list of what was read and what the feed told, each alert in its newest form. */
export function mergeAlerts(stored: readonly Alert[], live: readonly Alert[]): Alert[] {
  const byId = new Map<string, Alert>()
  for (const alert of [...stored, ...live]) {
    const known = byId.get(alert.id)
    if (known === undefined || known.updatedAtMs <= alert.updatedAtMs) byId.set(alert.id, alert)
  }
  return [...byId.values()].sort(compareAlerts)
}

export interface AlertFilter {
  /** `open`, `resolved` or `all`. */
  readonly state: string
  readonly severity: string
  readonly kind: string
}

export function passesFilter(alert: Alert, { state, severity, kind }: AlertFilter): boolean {
  if (state === 'open' && alert.state === 'resolved') return false
  if (state === 'resolved' && alert.state !== 'resolved') return false
  if (severity !== '' && severities.indexOf(alert.severity) < severities.indexOf(severity as Severity)) return false
  return kind === '' || alert.kind === kind
}
