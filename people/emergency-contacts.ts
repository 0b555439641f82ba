import { randomInt } from 'node:crypto'
import { AppError } from '../contracts/errors.ts'
import type { AddressType } from '../contracts/ports/messages.ts'
import type { AskAllowance, Contact, ContactInput } from '../store/index.ts'
import type { PeopleDeps } from './people-deps.ts'
import { readEmail } from './registration.ts'
import type { Identity } from './sessions.ts'

/**
 * Whom a person wants to be told when they raise an SOS. Nobody is told who has not agreed: a code goes to the contact, and
 * whoever gives it to the person agrees.
 * @throws AppError `contact-not-found`, `contact-twice`, `invalid-phone`, `invalid-email`, `address-missing`,
 *   `too-many-codes`, `channel-missing`, `invalid-otp`
 */
export interface EmergencyContacts {
  /** In the order they are told. */
  listContacts(identity: Pick<Identity, 'userId'>): Promise<readonly Contact[]>
  /** Makes these the contacts, and asks those who were never asked, as far as that is possible now. */
  putContacts(identity: Identity, contacts: readonly ContactInput[]): Promise<readonly Contact[]>
  /** @returns the contact, and seconds until the code expires */
  askContact(
    identity: Identity,
    input: { readonly contactId: string; readonly by: AddressType | undefined },
  ): Promise<{ readonly contact: Contact; readonly expiresInS: number }>
  confirmContact(identity: Identity, input: { readonly contactId: string; readonly code: string }): Promise<Contact>
}

const lifetimeMs = 24 * 3_600_000
const triesMax = 5
const digits = 6
/** A message that has not left by then would come out of the blue. */
const messageExpiresMs = 15 * 60_000
const allowance: AskAllowance = { periodMs: 24 * 3_600_000, perOwnerMax: 20, perAddressMax: 5 }

export function createEmergencyContacts({ records, messenger, phones, now }: PeopleDeps): EmergencyContacts {
  const firstAddress = ({ phone }: Contact): AddressType => (phone === undefined ? 'email' : 'phone')

  function readAddresses({ phone, email, ...contact }: ContactInput): ContactInput {
    if (!phone && !email)
      throw new AppError('invalid', 'address-missing', 'a contact needs a phone number or an e-mail address')
    return { ...contact, phone: phone ? phones.read(phone) : undefined, email: email ? readEmail(email) : undefined }
  }

  /** @returns undefined when too many were asked lately */
  async function ask(
    { userId }: Identity,
    { id: contactId }: Contact,
    type: AddressType,
  ): Promise<Contact | undefined> {
    const code = String(randomInt(10 ** digits)).padStart(digits, '0')
    const asked = await records.contacts.ask({ ownerId: userId, contactId, type, code, lifetimeMs, allowance })
    if (asked.type === 'too-many') return undefined
    const { contact } = asked
    const owner = await records.users.get(userId)
    const name = toOneLine(owner?.name ?? 'Somebody')
    messenger.deliver({
      id: `${contact.id}-${now()}`,
      to: { type, address: (type === 'phone' ? contact.phone : contact.email)! },
      subject: `${name} names you as an emergency contact`,
      text: `${name} wants you to be told when they raise an SOS with Prahari. If you agree, give them this code: ${code}. It is good for a day. If you do not, do nothing.`,
      expiresAtMs: now() + messageExpiresMs,
    })
    return contact
  }

  return {
    listContacts: ({ userId }) => records.contacts.listOf(userId),
    async putContacts(identity, contacts) {
      const { userId } = identity
      const wanted = contacts.map(readAddresses)
      const put = await records.transaction(async (repositories) => {
        const before = await repositories.contacts.listOf(userId)
        const after = await repositories.contacts.replaceAllOf(userId, wanted)
        const detail = { before: before.length, after: after.length }
        await repositories.audit.append({
          actor: userId,
          action: 'contacts-changed',
          subject: `user:${userId}`,
          detail,
        })
        return after
      })
      const shown: Contact[] = []
      for (const contact of put) {
        const type = firstAddress(contact)
        const isNew = contact.askedAtMs === undefined && messenger.canReach(type)
        shown.push((isNew && (await ask(identity, contact, type))) || contact)
      }
      return shown
    },
    async askContact(identity, { contactId, by }) {
      const contacts = await records.contacts.listOf(identity.userId)
      const contact = contacts.find(({ id }) => id === contactId)
      if (contact === undefined)
        throw new AppError('not-found', 'contact-not-found', `you have no contact ${contactId}`)
      const type = by ?? firstAddress(contact)
      if (!messenger.canReach(type)) {
        throw new AppError('unavailable', 'channel-missing', `this server cannot reach contacts by ${type}`)
      }
      const asked = await ask(identity, contact, type)
      if (asked) return { contact: asked, expiresInS: lifetimeMs / 1000 }
      throw new AppError('too-many', 'too-many-codes', 'too many contacts were asked; try again tomorrow')
    },
    async confirmContact({ userId }, { contactId, code }) {
      const contact = await records.contacts.consent({ ownerId: userId, contactId, code, triesMax })
      if (!contact)
        throw new AppError('invalid', 'invalid-otp', 'the code is wrong, has expired, or was tried too often')
      await records.audit.append({
        actor: userId,
        action: 'contact-consented',
        subject: `user:${userId}`,
        detail: { contactId },
      })
      return contact
    },
  }
}

/** A name is what its owner typed, and stands in a subject. */
function toOneLine(name: string): string {
  return name.replace(notOneLine, ' ').trim().slice(0, 60)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const notOneLine = /[\u0000-\u001f\u007f\u2028\u2029]+/g
