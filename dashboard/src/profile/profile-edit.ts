import type { Profile } from '../session/session.ts'
import type { ProfileChange } from './save-profile.ts'

/** The profile as it stands in the fields of a form. */
export interface ProfileDraft {
  readonly name: string
  readonly email: string
  readonly phone: string
  readonly city: string
  readonly flatNumber: string
}

type Editable = Pick<Profile, 'name' | 'email' | 'phone' | 'city' | 'flatNumber'>

export function draftOf({ name, email = '', phone = '', city = '', flatNumber = '' }: Editable): ProfileDraft {
  return { name, email, phone, city, flatNumber }
}

/** Only what was changed is sent: an address that is sent again would have to be confirmed again. */
export function changeOf(user: Editable, draft: ProfileDraft): ProfileChange {
  const was = draftOf(user)
  const now = {
    name: draft.name.trim(),
    email: draft.email.trim(),
    phone: draft.phone.trim(),
    city: draft.city.trim(),
    flatNumber: draft.flatNumber.trim(),
  }
  return {
    ...(now.name !== was.name && { name: now.name }),
    ...(now.email !== was.email && { email: now.email }),
    ...(now.phone !== was.phone && { phone: now.phone || null }),
    ...(now.city !== was.city && { city: now.city || null }),
    ...(now.flatNumber !== was.flatNumber && { flatNumber: now.flatNumber || null }),
  }
}
