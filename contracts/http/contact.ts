import { z } from 'zod'
import { timeSchema } from './common.ts'

/** More are of no help to anybody: they are all told at once. */
export const contactsMax = 10

export const contactResourceSchema = z
  .strictObject({
    id: z.string(),
    _id: z.string(),
    name: z.string(),
    relation: z.string().nullable(),
    relationship: z.string().nullable(),
    phone: z.string().nullable(),
    email: z.string().nullable(),
    isPhoneConsented: z.boolean().describe('Told of an SOS by text message'),
    isEmailConsented: z.boolean().describe('Told of an SOS by mail'),
    isVerified: z.boolean().describe('Has agreed, at one address or both'),
    askedAt: timeSchema.nullable(),
    createdAt: timeSchema,
  })
  .meta({ id: 'Contact' })
export type ContactResource = z.infer<typeof contactResourceSchema>

export const contactListSchema = z
  .strictObject({ contacts: z.array(contactResourceSchema) })
  .meta({ id: 'ContactList' })

export const contactConsentSchema = z
  .strictObject({ contact: contactResourceSchema, message: z.string(), expiresInS: z.number().optional() })
  .meta({ id: 'ContactConsent' })
