import { z } from 'zod'

/** Parts of bodies that several account routes share. Loose: earlier clients send fields of their own along. */

export const emailField = z.string().trim().min(1).max(254)
export const passwordField = z.string().min(1).max(1024)
export const phoneField = z.union([z.string(), z.number().transform(String)]).pipe(z.string().trim().min(1).max(32))
/** A one-time code, however it was typed. */
export const codeField = z.union([z.string(), z.number().transform(String)]).pipe(z.string().trim().min(1).max(32))
export const nameField = z.string().trim().min(1).max(120)
export const cityField = z.string().trim().max(120)
export const flatField = z.string().trim().min(1).max(40)
export const totpField = codeField.optional().describe('Code of the second factor, or a recovery code, for who has one')

/** An address people name themselves by: one of the two. */
export const namedAddressSchema = z
  .object({ email: emailField.optional(), phone: phoneField.optional() })
  .refine(({ email, phone }) => (email === undefined) !== (phone === undefined), {
    message: 'either email or phone is needed',
  })

export function toNamedAddress({ email, phone }: { email?: string | undefined; phone?: string | undefined }) {
  return email !== undefined ? { email } : { phone: phone! }
}
