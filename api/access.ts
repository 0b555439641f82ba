import { type Role, roles } from '../contracts/roles.ts'

const everybody = roles
const watchers = ['operator', 'analyst', 'admin', 'super_admin'] as const
const dispatchers = ['operator', 'admin', 'super_admin'] as const
const administrators = ['admin', 'super_admin'] as const

/**
 * Which role may do what: the one table. A route (or a room of the live feed) names the capability it needs;
 * who is not in its row is refused. Nothing is allowed by being left out.
 */
export const access = {
  'profile.read': everybody,
  'city.view': everybody,
  'kinds.read': everybody,
  'live.watch': [...watchers, 'officer'],
  /** What an SOS says and where it is. */
  'live.sos': [...dispatchers, 'officer'],

  'devices.read': watchers,
  'devices.manage': administrators,
  'commands.read': watchers,
  'commands.send': dispatchers,

  'readings.read': watchers,
  'readings.export': watchers,
  'readings.send': dispatchers,

  'quarantine.read': watchers,
  'quarantine.replay': dispatchers,
  'quarantine.purge': administrators,

  'alerts.read': watchers,
  'alerts.act': dispatchers,
  'rules.read': watchers,
  'rules.manage': administrators,

  'system.read': watchers,
  'metrics.read': administrators,
} as const satisfies Record<string, readonly Role[]>

export type Capability = keyof typeof access

export function may(role: Role, capability: Capability): boolean {
  return (access[capability] as readonly Role[]).includes(role)
}
