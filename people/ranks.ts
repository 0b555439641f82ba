import type { Role } from '../contracts/roles.ts'

/** Who may do something to accounts. Everybody else may do nothing to another's. */
const rankOf: Readonly<Partial<Record<Role, number>>> = { admin: 1, super_admin: 2 }

/** Nobody gives a role above their own, and nobody touches the account of who has one. */
export function mayGrant(own: Role, role: Role): boolean {
  const rank = rankOf[own]
  return rank !== undefined && rank >= (rankOf[role] ?? 0)
}
