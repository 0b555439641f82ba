import { type Capability, may } from '../../contracts/access.ts'
import type { Role } from '../../contracts/roles.ts'
import { paths } from './routing/router.ts'
import type { IconName } from './ui/icons.tsx'

export interface Place {
  readonly to: string
  readonly label: string
  readonly icon: IconName
  /** Pressed after `g`. */
  readonly key: string
  /** What the page asks the server for. Who may not is not shown the place. */
  readonly needs: Capability
}

/** Where the bar leads, in its order: what is looked at all day comes first. */
export const places: readonly Place[] = [
  { to: paths.map, label: 'Map', icon: 'map', key: 'm', needs: 'live.watch' },
  { to: paths.sos, label: 'SOS', icon: 'sos', key: 'o', needs: 'sos.act' },
  { to: paths.devices, label: 'Devices', icon: 'devices', key: 'd', needs: 'readings.survey' },
  { to: paths.alerts, label: 'Alerts', icon: 'alerts', key: 'a', needs: 'alerts.read' },
  { to: paths.units, label: 'Units', icon: 'units', key: 'n', needs: 'units.read' },
  { to: paths.broadcasts, label: 'Broadcasts', icon: 'broadcasts', key: 'b', needs: 'broadcasts.read' },
  { to: paths.quarantine, label: 'Quarantine', icon: 'quarantine', key: 'q', needs: 'quarantine.read' },
  { to: paths.system, label: 'System', icon: 'system', key: 's', needs: 'system.read' },
  { to: paths.users, label: 'People', icon: 'users', key: 'u', needs: 'users.read' },
  { to: paths.audit, label: 'Audit', icon: 'audit', key: 'l', needs: 'audit.read' },
]

export function placesFor(role: Role): readonly Place[] {
  return places.filter(({ needs }) => may(role, needs))
}

/** Where somebody starts: who watches nothing has still a profile. */
export function homeOf(role: Role): string {
  return placesFor(role)[0]?.to ?? paths.profile
}
