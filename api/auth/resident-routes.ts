import { z } from 'zod'
import { AppError } from '../../contracts/errors.ts'
import {
  otpVerifiedSchema,
  phoneLoginSchema,
  residentProfileSchema,
  residentRegisteredSchema,
} from '../../contracts/http/account.ts'
import type { Accounts } from '../../people/index.ts'
import type { User } from '../../store/index.ts'
import { json } from '../http/answer.ts'
import { toTime, toTimeOrNull } from '../http/inputs.ts'
import { defineRoute, type Route } from '../http/route.ts'
import { codeField, flatField, nameField, phoneField, totpField } from './bodies.ts'
import type { AuthRouteDeps } from './routes.ts'

export interface ResidentRouteDeps extends Pick<AuthRouteDeps, 'accounts'> {
  /** Phones sign in without a code. Development alone. */
  readonly otpBypass: boolean
}

const missing = (words: string) => new AppError('invalid', 'field-missing', words)

/**
 * Sign-in by phone as clients of Security Management know it: snake_case, faults as texts. Their access token stands for
 * the session, as they know no refresh.
 */
export function createResidentRoutes({ accounts, otpBypass }: ResidentRouteDeps): Route[] {
  const present = (user: User) => presentResident(user, accounts)
  const shape = { area: 'Earlier clients', faultShape: 'security-management' } as const
  return [
    defineRoute({
      ...shape,
      method: 'post',
      path: '/auth/phone-login',
      summary: 'Have a sign-in code sent to a phone',
      access: 'anyone',
      limit: 'sensitive',
      body: z.object({ phone_number: phoneField.optional() }),
      answer: { description: 'On its way, whoever has the number', schema: phoneLoginSchema },
      faults: { 503: 'This server cannot send text messages' },
      handler: async ({ body, client }) => {
        const phone = readTenDigits(body.phone_number)
        if (otpBypass) {
          const outcome = await accounts.signInUnproven({ phone, ...client })
          if (outcome.type === 'signed-in') {
            const { sessionToken, user } = outcome.signedIn
            return json({
              message: 'Login successful (Debug Mode)',
              needs_otp_verification: false,
              needs_registration: false,
              phone_number: phone,
              access_token: sessionToken,
              user: present(user),
            })
          }
        }
        await accounts.sendSignInCode({ phone, ...client })
        return json({ message: 'OTP sent successfully', needs_otp_verification: true, phone_number: phone })
      },
    }),
    defineRoute({
      ...shape,
      method: 'post',
      path: '/auth/verify-otp',
      summary: 'Sign in with the code, or learn that one has to register',
      access: 'anyone',
      limit: 'sensitive',
      body: z.object({ phone_number: phoneField.optional(), otp: codeField.optional(), totp: totpField }),
      answer: { description: 'The code was right', schema: otpVerifiedSchema },
      faults: { 401: '`second-factor-required`: send the same again with `totp`', 403: 'The account is banned' },
      handler: async ({ body, client }) => {
        const phone = readTenDigits(body.phone_number)
        if (body.otp === undefined) throw missing('OTP is required')
        const outcome = await accounts.signInByCode({ phone, code: body.otp, totp: body.totp, ...client })
        if (outcome.type === 'needs-registration') {
          return json({ message: 'OTP verified. Please register.', needs_registration: true, phone_number: phone })
        }
        const { sessionToken, refreshToken, user } = outcome.signedIn
        return json({
          message: 'Login successful',
          access_token: sessionToken,
          refresh_token: refreshToken,
          user: present(user),
          needs_registration: false,
        })
      },
    }),
    defineRoute({
      ...shape,
      method: 'post',
      path: '/auth/register',
      summary: 'Make an account with a phone number that was just verified',
      description:
        'The same client must have verified it in the last ten minutes. The role is resident, whatever is sent.',
      access: 'anyone',
      limit: 'sensitive',
      body: z.object({
        phone_number: phoneField.optional(),
        full_name: nameField.optional().catch(undefined),
        flat_number: flatField.optional().catch(undefined),
      }),
      answer: { status: 201, description: 'Registered and signed in', schema: residentRegisteredSchema },
      faults: { 403: '`phone-not-verified`' },
      handler: async ({ body, client }) => {
        const { phone_number, full_name: name, flat_number: flatNumber } = body
        if (!phone_number || !name || !flatNumber) throw missing('All fields are required')
        const phone = readTenDigits(phone_number)
        const { sessionToken, refreshToken, user } = await accounts.registerByPhone({
          phone,
          name,
          flatNumber,
          ...client,
        })
        return json({
          message: 'Registration successful',
          access_token: sessionToken,
          refresh_token: refreshToken,
          user: present(user),
        })
      },
    }),
    defineRoute({
      ...shape,
      method: 'get',
      path: '/auth/profile',
      summary: 'Who the token speaks for',
      access: 'profile.read',
      answer: { description: 'The user', schema: residentProfileSchema },
      handler: async ({ principal }) => {
        const user = await accounts.getUser(principal.userId)
        const { createdAtMs, signedInAtMs } = user
        return json({
          user: { ...present(user), created_at: toTime(createdAtMs), last_login: toTimeOrNull(signedInAtMs) },
        })
      },
    }),
  ]
}

/** Ten digits, as that backend had it; a number with its country code does no harm. */
function readTenDigits(phone: string | undefined): string {
  if (!phone) throw missing('Phone number is required')
  if (/^(\d{10}|\+\d{8,15})$/.test(phone)) return phone
  throw new AppError('invalid', 'invalid-phone', 'Invalid phone number format')
}

function presentResident(user: User, { phones }: Pick<Accounts, 'phones'>) {
  return {
    id: user.id,
    phone_number: user.phone === undefined ? '' : phones.write(user.phone),
    full_name: user.name,
    flat_number: user.flatNumber ?? '',
    role: user.role,
  }
}
