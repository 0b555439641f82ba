import type { ContactResource } from '../../contracts/http/contact.ts'
import type { Accounts } from '../../people/index.ts'
import type { Contact } from '../../store/index.ts'
import { toTime, toTimeOrNull } from '../http/inputs.ts'

export function presentContact(contact: Contact, { phones }: Pick<Accounts, 'phones'>): ContactResource {
  const { id, name, relation = null, phone, email = null, phoneConsentedAtMs, emailConsentedAtMs } = contact
  const isPhoneConsented = phoneConsentedAtMs !== undefined
  const isEmailConsented = emailConsentedAtMs !== undefined
  return {
    id,
    _id: id,
    name,
    relation,
    relationship: relation,
    phone: phone === undefined ? null : phones.write(phone),
    email,
    isPhoneConsented,
    isEmailConsented,
    isVerified: isPhoneConsented || isEmailConsented,
    askedAt: toTimeOrNull(contact.askedAtMs),
    createdAt: toTime(contact.createdAtMs),
  }
}
