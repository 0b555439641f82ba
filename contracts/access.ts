import { type Role, roles } from './roles.ts'

const everybody = roles
const watchers = ['operator', 'analyst', 'admin', 'super_admin'] as const
const dispatchers = ['operator', 'admin', 'super_admin'] as const
const administrators = ['admin', 'super_admin'] as const

/** Whose rows a role may reach with a capability: everybody's, or those that are its own (see `owns`). */
export type Reach = 'all' | 'own'

interface Row {
  readonly all: readonly Role[]
  readonly own: readonly Role[]
}

const to = <const R extends readonly Role[]>(all: R) => ({ all, own: [] }) satisfies Row

/** The same, and everybody else as far as it is their own. */
const toAllOrOwn = <const R extends readonly Role[]>(all: R) =>
  ({ all, own: everybody.filter((role) => !all.includes(role)) }) satisfies Row

/**
 * Which role may do what: the one table. A route, an event of the live feed or a topic of a backend user names the
 * capability it needs; who is not in its row is refused. Nothing is allowed by being left out.
 */
export const access = {
  'profile.read': to(everybody),
  /** Change, secure, export and erase one's own account. */
  'profile.manage': to(everybody),
  'second-factor.use': to(watchers),
  'city.view': to(everybody),
  'kinds.read': to(everybody),
  /** Come in over Socket.IO, for one's own room and one's own call for help. */
  'live.enter': to(everybody),
  /** The live feed of the city. */
  'live.watch': to([...watchers, 'officer']),
  /** What an SOS says and where it is. */
  'live.sos': to([...dispatchers, 'officer']),
  /** Hear of a unit what it is told itself. */
  'live.unit': { all: dispatchers, own: ['officer'] },

  'users.read': to(administrators),
  'users.manage': to(administrators),
  /** Names of those who work with alerts and devices, for those who see what they did. */
  'staff.read': to([...watchers, 'officer']),
  'audit.read': to(administrators),

  'devices.read': toAllOrOwn(watchers),
  /** Where a device that belongs to a person is. */
  'devices.locate': toAllOrOwn(dispatchers),
  'devices.manage': to(administrators),
  'provisioning.manage': to(administrators),
  'commands.read': to(watchers),
  'commands.send': to(dispatchers),

  'readings.read': toAllOrOwn(watchers),
  /** Readings of the whole city. */
  'readings.survey': to(watchers),
  'readings.export': to(watchers),
  'readings.send': to(dispatchers),

  'quarantine.read': to(watchers),
  'quarantine.replay': to(dispatchers),
  'quarantine.purge': to(administrators),

  /** Who was told of an SOS, and who was not. */
  'notices.read': to(dispatchers),

  /** Who can be sent, and where they are. */
  'units.read': to([...watchers, 'officer']),
  'units.manage': to(administrators),
  /** Say whether a unit is there, and where. */
  'units.report': { all: dispatchers, own: ['officer'] },
  'dispatch.assign': to(dispatchers),
  'assignments.read': to([...watchers, 'officer']),
  /** Confirm, decline, arrive: what a unit says of what it was given. */
  'assignments.answer': { all: dispatchers, own: ['officer'] },
  'incidents.read': to([...watchers, 'officer']),
  'incidents.report': to([...dispatchers, 'officer', 'security_guard']),
  'incidents.act': to(dispatchers),
  'broadcasts.read': to([...watchers, 'officer']),
  'broadcasts.send': to(dispatchers),

  /** Call for help, for oneself or on behalf of somebody. */
  'sos.trigger': to(everybody),
  'sos.read': toAllOrOwn([...dispatchers, 'officer']),
  /** Tell where the person is, add what was recorded, share it. */
  'sos.report': toAllOrOwn([...dispatchers, 'officer']),
  /** Acknowledge, move on, note, merge, close. */
  'sos.act': to([...dispatchers, 'officer']),

  'alerts.read': to(watchers),
  'alerts.act': to(dispatchers),
  'rules.read': to(watchers),
  'rules.manage': to(administrators),

  'system.read': to(watchers),
  'metrics.read': to(administrators),
} as const satisfies Record<string, Row>

export type Capability = keyof typeof access

/** @returns undefined when the role may not */
export function reachOf(role: Role, capability: Capability): Reach | undefined {
  const { all, own }: Row = access[capability]
  if (all.includes(role)) return 'all'
  return own.includes(role) ? 'own' : undefined
}

export function may(role: Role, capability: Capability): boolean {
  return reachOf(role, capability) !== undefined
}

/** What a person is known by in rows that belong to somebody. */
export interface Person {
  readonly userId: string
  /** A resident's flat. */
  readonly flatNumber?: string | undefined
  /** An officer's unit. */
  readonly unitNumber?: string | undefined
}

/** Whom a row belongs to; any one of them is enough. */
export interface Owned {
  /** An SOS, a device, a session. */
  readonly ownerId?: string | undefined
  /** A visitor's flat. */
  readonly flatNumber?: string | undefined
  /** An assignment's unit. */
  readonly unitNumber?: string | undefined
}

/** True when the row is this person's. A row that belongs to nobody is nobody's. */
export function owns(person: Person, row: Owned): boolean {
  return (
    isSame(person.userId, row.ownerId) ||
    isSame(person.flatNumber, row.flatNumber) ||
    isSame(person.unitNumber, row.unitNumber)
  )
}

function isSame(mine: string | undefined, its: string | undefined): boolean {
  return mine !== undefined && mine !== '' && mine === its
}

/** What each event that a client may send over Socket.IO needs. One that is not here does not exist. */
export const socketAccess = {
  'live:subscribe': 'live.watch',
  'live:viewport': 'live.watch',
  'live:authenticate': 'live.enter',

  // Pink Shield
  join: 'live.enter',
  join_emergency: 'live.sos',
  sos_triggered: 'sos.trigger',
  location_update: 'sos.report',
  // NaariKavach
  join_sos_room: 'sos.read',
  join_officer_room: 'live.unit',
  join_sos_channel: 'live.sos',
  join_location_tracking_channel: 'units.read',
  // Smart City
  join_room: 'incidents.read',
  subscribe_alerts: 'incidents.read',
} as const satisfies Record<string, Capability>

export type SocketEvent = keyof typeof socketAccess
