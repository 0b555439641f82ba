import { may } from '../../contracts/access.ts'
import { type Role, roles } from '../../contracts/roles.ts'
import { filterCovers } from '../sessions/topic-tree.ts'

const watched = ['v1/devices/+/telemetry/#', 'v1/devices/+/status', 'v1/devices/+/location', 'v1/city/#'] as const
const ofAnSos = ['v1/devices/+/sos'] as const

/**
 * What each role may read over MQTT of what devices send: the same as on the live feed. A role that is not here may not
 * connect. Commands are for their devices alone.
 */
export const userTopics: Readonly<Partial<Record<Role, readonly string[]>>> = Object.fromEntries(
  roles
    .filter((role) => may(role, 'live.watch'))
    .map((role) => [role, may(role, 'live.sos') ? [...watched, ...ofAnSos] : watched]),
)

/** @param filter of a subscription, or the topic of a message; allowed when all it can match is */
export function mayUserRead(role: Role, filter: string): boolean {
  return userTopics[role]?.some((allowed) => filterCovers(allowed, filter)) === true
}

/** Where a person's device is, is where the person is: for those alone who may see where an SOS is. */
export function mayUserLocatePeople(role: Role): boolean {
  return may(role, 'live.sos')
}
