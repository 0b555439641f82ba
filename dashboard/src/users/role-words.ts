import { type Role, roles } from '../../../contracts/roles.ts'

export interface RoleWords {
  readonly label: string
  /** What it lets somebody do, in one line. */
  readonly may: string
}

export const roleWords: Readonly<Record<Role, RoleWords>> = {
  citizen: { label: 'Citizen', may: 'Has an account, and sees the devices that are theirs.' },
  resident: { label: 'Resident', may: 'As a citizen, and is known by their flat once it is confirmed.' },
  security_guard: { label: 'Security guard', may: 'As a citizen, and keeps a gate.' },
  officer: { label: 'Officer', may: 'Hears of every SOS and where it is, and is known by their unit.' },
  operator: { label: 'Operator', may: 'Watches the city, acts on alerts, sends commands, replays the quarantine.' },
  analyst: { label: 'Analyst', may: 'Reads everything that is measured, and changes nothing. Not where people are.' },
  admin: { label: 'Administrator', may: 'As an operator, and manages people, devices and rules, and reads the audit.' },
  super_admin: { label: 'Super administrator', may: 'As an administrator, and appoints super administrators.' },
}

/** What lies above everybody who manages nobody. */
const rankOf: Readonly<Partial<Record<Role, number>>> = { admin: 1, super_admin: 2 }

/** Nobody gives a role above their own, and nobody changes the account of who has one. */
export function mayGrant(own: Role, role: Role): boolean {
  const rank = rankOf[own]
  return rank !== undefined && rank >= (rankOf[role] ?? 0)
}

export function grantableRoles(own: Role): readonly Role[] {
  return roles.filter((role) => mayGrant(own, role))
}
