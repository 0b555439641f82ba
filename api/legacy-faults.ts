import { z } from 'zod'
import type { AppError } from '../contracts/errors.ts'
import type { ErrorAnswer } from '../contracts/http/common.ts'
import { errorAnswerSchema } from '../contracts/http/common.ts'

/** Routes whose clients read faults as their own backend told them. */
export const faultShapes = ['security-management', 'naari-kavach'] as const
export type FaultShape = (typeof faultShapes)[number]

interface LegacyFault {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** @param answer the house's own; what an earlier client reads is set beside it, or where both use one name in its place */
export function toLegacyFault(
  shape: FaultShape,
  error: AppError,
  { status, answer }: { readonly status: number; readonly answer: ErrorAnswer },
): LegacyFault {
  return shape === 'security-management'
    ? toSecurityManagement(error, status, answer)
    : toNaariKavach(error, status, answer)
}

/** What Security Management called these. Others keep our words. */
const securityManagementWords: Readonly<Record<string, string>> = {
  'invalid-phone': 'Invalid phone number format',
  'invalid-otp': 'Invalid OTP',
  'phone-taken': 'User already exists',
  'phone-not-verified': 'Phone number not verified',
  'token-expired': 'Token has expired',
  'session-ended': 'Token has expired',
  'invalid-token': 'Invalid token',
  'token-required': 'Authorization token required',
  forbidden: 'Insufficient permissions',
}

/** Its clients read `error` as a text, and for tokens `message`. */
function toSecurityManagement({ code, family }: AppError, status: number, { error }: ErrorAnswer): LegacyFault {
  const words = securityManagementWords[code] ?? error.message
  if (family === 'unauthenticated') return { status, body: { error, message: words } }
  // It knew no 409.
  const told = family === 'conflict' ? 400 : status
  return { status: told, body: { error: words, message: words, code, details: error.details } }
}

/** What the fields of its forms were called. */
const naariKavachFields: Readonly<Record<string, string>> = {
  'username-taken': 'username',
  'invalid-username': 'username',
  'password-too-weak': 'password',
  'email-taken': 'email',
  'invalid-email': 'email',
}

/** Django REST framework: a list of texts under each field, `non_field_errors` for the rest, `detail` for tokens. */
function toNaariKavach({ code, family }: AppError, status: number, answer: ErrorAnswer): LegacyFault {
  const { message, details } = answer.error
  const field = naariKavachFields[code]
  if (field !== undefined) return { status: 400, body: { ...answer, [field]: [message] } }
  if (code === 'wrong-credentials') {
    const words = 'Unable to log in with provided credentials.'
    return { status: 400, body: { ...answer, non_field_errors: [words] } }
  }
  if (code === 'second-factor-required' || code === 'wrong-second-factor') {
    return { status: 400, body: { ...answer, non_field_errors: [message] } }
  }
  if (code === 'invalid-request') {
    const fields = details.map(({ path, message: fault }) => [path?.split('.')[1] ?? 'non_field_errors', [fault]])
    return { status, body: { ...answer, ...Object.fromEntries(fields) } }
  }
  return { status, body: { ...answer, ...(family === 'unauthenticated' && { detail: message }) } }
}

/** As OpenAPI tells it. */
export const legacyFaultSchemas: Readonly<Record<FaultShape, z.ZodType>> = {
  'security-management': z
    .looseObject({
      error: z.union([z.string(), errorAnswerSchema.shape.error]).describe('A text; the object for a token (401)'),
      message: z.string(),
      code: z.string().optional().describe('Stable and kebab-case; absent for a token (401)'),
    })
    .meta({ id: 'SecurityManagementError' }),
  'naari-kavach': z
    .looseObject({
      error: errorAnswerSchema.shape.error,
      non_field_errors: z.array(z.string()).optional(),
      detail: z.string().optional(),
    })
    .describe('And a list of texts under each field at fault')
    .meta({ id: 'NaariKavachError' }),
}
