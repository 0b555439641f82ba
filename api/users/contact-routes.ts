import { z } from 'zod'
import { contactConsentSchema, contactListSchema, contactsMax } from '../../contracts/http/contact.ts'
import type { Contact } from '../../store/index.ts'
import { codeField, emailField, nameField, phoneField } from '../auth/bodies.ts'
import type { AuthRouteDeps } from '../auth/routes.ts'
import { json } from '../http/answer.ts'
import { idParamsSchema } from '../http/inputs.ts'
import { defineRoute, type Route } from '../http/route.ts'
import { presentContact } from './present-contact.ts'

const emptyAsAbsent = z.literal('').transform(() => undefined)
const relationField = z.string().trim().max(60)

/** Loose: earlier clients send back what they were shown. */
const contactSchema = z
  .object({
    id: z.string().max(64).optional(),
    name: nameField,
    relation: relationField.nullish(),
    relationship: relationField.nullish(),
    phone: z.union([emptyAsAbsent, phoneField]).nullish(),
    email: z.union([emptyAsAbsent, emailField]).nullish(),
  })
  .transform(({ id, name, relation, relationship, phone, email }) => ({
    id,
    name,
    relation: (relation ?? relationship) || undefined,
    phone: phone ?? undefined,
    email: email ?? undefined,
  }))

const listSchema = z.array(contactSchema).max(contactsMax)
const putSchema = z.union([
  listSchema,
  z.object({ contacts: listSchema }).transform(({ contacts }) => contacts),
  z.object({ emergencyContacts: listSchema }).transform(({ emergencyContacts }) => emergencyContacts),
])

const consentSchema = z.object({ code: codeField.optional(), by: z.enum(['phone', 'email']).optional() }).optional()

/** Whom one wants to be told of one's SOS. */
export function createContactRoutes({ accounts }: Pick<AuthRouteDeps, 'accounts'>): Route[] {
  const present = (contact: Contact) => presentContact(contact, accounts)
  return [
    defineRoute({
      method: 'get',
      path: '/api/users/contacts',
      area: 'Accounts',
      summary: 'One’s emergency contacts, in the order they are told',
      access: 'profile.read',
      answer: { description: 'At most ten', schema: contactListSchema },
      handler: async ({ principal }) => json({ contacts: (await accounts.listContacts(principal)).map(present) }),
    }),
    defineRoute({
      method: 'put',
      path: '/api/users/contacts',
      area: 'Accounts',
      summary: 'Make these one’s emergency contacts',
      description:
        'In the order they are told; those left out are removed. A new contact is sent a code, and is told of an SOS only after they gave it to you. Consent belongs to an address: a new number has to agree again.',
      access: 'profile.manage',
      limit: 'sensitive',
      body: putSchema,
      answer: { description: 'The contacts as they now are', schema: contactListSchema },
      faults: { 404: 'An id is of no contact of yours' },
      handler: async ({ principal, body }) =>
        json({ contacts: (await accounts.putContacts(principal, body)).map(present) }),
    }),
    defineRoute({
      method: 'post',
      path: '/api/users/contacts/:id/consent',
      area: 'Accounts',
      summary: 'Ask a contact to agree, or confirm that they did',
      description: 'Without a code, one is sent to the contact; with the code they gave you, they have agreed.',
      access: 'profile.manage',
      limit: 'sensitive',
      params: idParamsSchema,
      body: consentSchema,
      answer: { description: 'They have agreed', schema: contactConsentSchema },
      otherStatuses: { 202: 'A code is on its way to them' },
      faults: {
        404: 'You have no such contact',
        409: 'The contact has no such address',
        503: 'This server cannot send to such addresses',
      },
      handler: async ({ principal, params, body }) => {
        const contactId = params.id
        if (body?.code === undefined) {
          const { contact, expiresInS } = await accounts.askContact(principal, { contactId, by: body?.by })
          const answer = { contact: present(contact), message: 'A code is on its way to your contact', expiresInS }
          return json(answer, { status: 202 })
        }
        const contact = await accounts.confirmContact(principal, { contactId, code: body.code })
        return json({ contact: present(contact), message: 'Your contact has agreed' })
      },
    }),
  ]
}
