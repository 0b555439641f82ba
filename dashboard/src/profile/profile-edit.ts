import type { AccountSettingsChange } from '../../../contracts/account-settings.ts'
import type { ProfileResource } from '../../../contracts/http/account.ts'
import type { Decoded } from '../http/decoded.ts'
import type { AddressType } from './address-words.ts'

/** What one changes about oneself. Absent leaves as it is, null takes away. */
export interface ProfileChange extends AccountSettingsChange {
  readonly name?: string
  /** Waits until it is confirmed, as the phone number does. */
  readonly email?: string
  readonly phone?: string | null
  readonly city?: string | null
  readonly flatNumber?: string | null
  /** Needed for another address, of who has one. */
  readonly currentPassword?: string
}

/** The profile as it stands in the fields of a form. */
export interface ProfileDraft {
  readonly name: string
  readonly city: string
  readonly flatNumber: string
}

type Editable = Decoded<Pick<ProfileResource, 'name' | 'city' | 'flatNumber'>>

export function draftOf({ name, city = '', flatNumber = '' }: Editable): ProfileDraft {
  return { name, city, flatNumber }
}

/** Only what was changed is sent: a flat that is sent again might have to be confirmed again. */
export function changeOf(user: Editable, draft: ProfileDraft): ProfileChange {
  const was = draftOf(user)
  const now = { name: draft.name.trim(), city: draft.city.trim(), flatNumber: draft.flatNumber.trim() }
  return {
    ...(now.name !== was.name && { name: now.name }),
    ...(now.city !== was.city && { city: now.city || null }),
    ...(now.flatNumber !== was.flatNumber && { flatNumber: now.flatNumber || null }),
  }
}

type Addressed = Decoded<Pick<ProfileResource, 'email' | 'phone' | 'pendingEmail' | 'pendingPhone' | 'hasPassword'>>

interface Addresses {
  readonly present: string | undefined
  /** Takes the place of the present one when it is confirmed. */
  readonly pending: string | undefined
}

export function addressesIn(user: Addressed, type: AddressType): Addresses {
  return type === 'email'
    ? { present: user.email, pending: user.pendingEmail }
    : { present: user.phone, pending: user.pendingPhone }
}

/** What is sent for another address; undefined when it is the one that stood in the form. */
export function addressChangeOf(
  user: Addressed,
  { type, address, password }: { readonly type: AddressType; readonly address: string; readonly password: string },
): ProfileChange | undefined {
  const { present, pending } = addressesIn(user, type)
  const wanted = address.trim()
  if (wanted === (pending ?? present ?? '')) return undefined
  return {
    ...(type === 'email' ? { email: wanted } : { phone: wanted || null }),
    ...(user.hasPassword && { currentPassword: password }),
  }
}

/** The present address, sent again, takes a wish for another back; an e-mail address cannot be wished for none. */
export function withdrawalOf(user: Addressed, type: AddressType): ProfileChange | undefined {
  if (type === 'phone') return { phone: user.phone ?? null }
  return user.email === undefined ? undefined : { email: user.email }
}
