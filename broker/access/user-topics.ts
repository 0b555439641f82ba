import type { Role } from '../../contracts/roles.ts'
import { filterCovers } from '../sessions/topic-tree.ts'

const watching = ['v1/devices/+/telemetry/#', 'v1/devices/+/status', 'v1/devices/+/location', 'v1/city/#'] as const
const dispatching = [...watching, 'v1/devices/+/sos'] as const

/**
 * The access table of backend users: what each role may read of what devices send. It is that of the live feed
 * (api/access.ts). A role that is not here may not connect. Commands are for their devices alone.
 */
export const userTopics: Readonly<Partial<Record<Role, readonly string[]>>> = {
  analyst: watching,
  officer: dispatching,
  operator: dispatching,
  admin: dispatching,
  super_admin: dispatching,
}

/** @param filter of a subscription, or the topic of a message; allowed when all it can match is */
export function mayUserRead(role: Role, filter: string): boolean {
  return userTopics[role]?.some((allowed) => filterCovers(allowed, filter)) === true
}
