import type { AlertRule, RuleTransition } from '../contracts/alert.ts'
import type { OpenAlert } from './protocol.ts'

/**
 * What is firing as far as the alert desk has been told: the records at start, and every transition since. The rules'
 * own memory is rebuilt from readings, which know nothing of silence; this is what they are then held against.
 */
export interface FiringAlerts {
  open(alerts: readonly OpenAlert[]): void
  note(transitions: readonly RuleTransition[]): void
  /** Forgets those of rules that watch for something else now: the desk ended them with the change. */
  rulesChanged(before: readonly AlertRule[], after: readonly AlertRule[]): void
  list(): OpenAlert[]
}

export function createFiringAlerts(): FiringAlerts {
  const firing = new Map<string, OpenAlert>()
  return {
    open(alerts) {
      for (const alert of alerts) firing.set(keyOf(alert), alert)
    },
    note(transitions) {
      for (const { type, ruleId, deviceId, kind } of transitions) {
        const alert = { ruleId, deviceId, kind }
        if (type === 'raise') firing.set(keyOf(alert), alert)
        else if (type === 'clear') firing.delete(keyOf(alert))
      }
    },
    rulesChanged(before, after) {
      const watches = new Map(after.map((rule) => [rule.id, watchOf(rule)]))
      const changed = new Set(before.filter((rule) => watches.get(rule.id) !== watchOf(rule)).map(({ id }) => id))
      for (const [key, { ruleId }] of firing) if (changed.has(ruleId)) firing.delete(key)
    },
    list: () => [...firing.values()],
  }
}

function keyOf({ ruleId, deviceId, kind }: OpenAlert): string {
  return `${ruleId}\n${deviceId}\n${kind}`
}

function watchOf({ enabled, condition }: AlertRule): string {
  return enabled ? JSON.stringify(condition) : ''
}
