import type { UserResource } from '../../../contracts/http/account.ts'
import type { Decoded } from '../http/decoded.ts'

/** Somebody with an account, as administrators see them. */
export type Person = Decoded<Omit<UserResource, '_id'>>

export const personStates = ['active', 'banned', 'erased'] as const
type PersonState = (typeof personStates)[number]

/** An erased account is neither active nor banned: nothing of it is left but its id. */
export function stateOf({ isBanned, isActive }: Pick<Person, 'isBanned' | 'isActive'>): PersonState {
  if (isBanned) return 'banned'
  return isActive ? 'active' : 'erased'
}

/** What they sign in with, the most telling first. */
export function addressesOf({ email, phone, username }: Pick<Person, 'email' | 'phone' | 'username'>): string[] {
  return [email, phone, username].filter((address) => address !== undefined)
}

export function isVerified({ isEmailVerified, isPhoneVerified }: Person): boolean {
  return isEmailVerified || isPhoneVerified
}
