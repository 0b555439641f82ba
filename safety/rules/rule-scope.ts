import type { AlertRule, WatchedRule } from '../../contracts/alert.ts'
import { covers } from '../../contracts/area.ts'
import type { Device } from '../../contracts/device.ts'

/**
 * Names the devices that stand in the area of a rule. Personal ones are left out: an alert of an area would tell where
 * a person is.
 */
export function scopeRule(rule: AlertRule, devices: Iterable<Device>): WatchedRule {
  const { area } = rule.condition
  if (!area) return rule
  const deviceIds: string[] = []
  for (const { id, position, isPersonal } of devices) {
    if (!isPersonal && covers(area, position)) deviceIds.push(id)
  }
  return { ...rule, deviceIds }
}
