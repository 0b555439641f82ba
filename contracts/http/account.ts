import { z } from 'zod'
import { accountSettingsSchema } from '../account-settings.ts'
import { positionSchema } from '../geo.ts'
import { roleSchema } from '../roles.ts'
import { timeSchema } from './common.ts'
import { contactResourceSchema } from './contact.ts'
import { sosPositionSchema, sosTimelineEntrySchema } from './sos.ts'

/** A user as administrators and the user see them. `_id` and some fields carry the names that earlier clients read. */
const userFields = {
  id: z.string(),
  _id: z.string().describe('The id under the name earlier clients read'),
  name: z.string(),
  email: z.string().nullable(),
  phone: z.string().nullable().describe('National number of the city’s own country, else with + and country code'),
  username: z.string().nullable(),
  city: z.string().nullable(),
  role: roleSchema,
  flatNumber: z.string().nullable().describe('As the resident says; counts once confirmed'),
  isFlatConfirmed: z.boolean(),
  unitNumber: z.string().nullable().describe('Of an officer'),
  isEmailVerified: z.boolean(),
  isPhoneVerified: z.boolean(),
  isActive: z.boolean(),
  isBanned: z.boolean(),
  hasPassword: z.boolean(),
  hasSecondFactor: z.boolean(),
  lastLoginAt: timeSchema.nullable(),
  createdAt: timeSchema,
  updatedAt: timeSchema,
}

export const userResourceSchema = z.strictObject(userFields).meta({ id: 'User' })
export type UserResource = z.infer<typeof userResourceSchema>

const count = z.int().nonnegative()

/** Oneself. */
export const profileResourceSchema = z
  .strictObject({
    ...userFields,
    ...accountSettingsSchema.shape,
    pendingEmail: z.string().nullable().describe('Takes the place of `email` when it is verified'),
    pendingPhone: z.string().nullable().describe('Takes the place of `phone` when it is verified'),
    emergencyContacts: z.array(contactResourceSchema),
    circleOfSafety: z.array(z.record(z.string(), z.unknown())).describe('None in this release'),
    stats: z.strictObject({
      sosTriggered: count.describe('By the devices that belong to the user'),
      postsCreated: count,
      incidentsReported: count,
      helpfulVotes: count,
    }),
  })
  .meta({ id: 'Profile' })
export type ProfileResource = z.infer<typeof profileResourceSchema>

const tokenFields = {
  token: z
    .string()
    .describe(
      'Stands for the session itself, for clients that cannot refresh: good until it is not used for 30 days (12 hours for operators and above), or revoked',
    ),
  accessToken: z.string().describe('JWT, 15 minutes'),
  access_token: z.string().describe('The same under the name earlier clients read'),
  refreshToken: z.string().describe('Works once; each refresh answers with the next one'),
  refresh_token: z.string(),
  expiresAt: timeSchema.describe('When the access token ends'),
}

export const sessionResourceSchema = z
  .strictObject({ ...tokenFields, user: profileResourceSchema })
  .meta({ id: 'Session' })
export type SessionResource = z.infer<typeof sessionResourceSchema>

/** Who registers for themselves is signed in; whom an administrator registers is not. */
export const registrationResourceSchema = z
  .strictObject({
    ...z.strictObject(tokenFields).partial().shape,
    user: profileResourceSchema,
  })
  .meta({ id: 'Registration' })

/** One of one's own sessions. */
export const sessionInfoSchema = z
  .strictObject({
    id: z.string(),
    isCurrent: z.boolean(),
    clientAddress: z.string().nullable(),
    userAgent: z.string().nullable(),
    createdAt: timeSchema,
    lastUsedAt: timeSchema.describe('To some minutes'),
    expiresAt: timeSchema,
  })
  .meta({ id: 'SessionInfo' })
export type SessionInfo = z.infer<typeof sessionInfoSchema>

export const sessionListSchema = z.strictObject({ items: z.array(sessionInfoSchema) })

/** Says that a code is on its way, or that it would be if somebody had that address. */
export const codeSentSchema = z
  .strictObject({ message: z.string(), expiresInS: z.int().positive() })
  .meta({ id: 'CodeSent' })

export const verificationSchema = z
  .strictObject({ message: z.string(), isVerified: z.boolean(), expiresInS: z.int().positive().optional() })
  .meta({ id: 'Verification' })

export const secondFactorStartSchema = z
  .strictObject({
    secret: z.string().describe('Base32, for an authenticator app. Shown once'),
    uri: z.string().describe('`otpauth://` of the same, for a QR code'),
  })
  .meta({ id: 'SecondFactorStart' })
export type SecondFactorStart = z.infer<typeof secondFactorStartSchema>

export const recoveryCodesSchema = z
  .strictObject({ recoveryCodes: z.array(z.string()).describe('Each opens once in place of a code. Shown once') })
  .meta({ id: 'RecoveryCodes' })

export const staffMemberSchema = z
  .strictObject({ id: z.string(), name: z.string(), role: roleSchema, unitNumber: z.string().nullable() })
  .meta({ id: 'StaffMember' })
export type StaffMember = z.infer<typeof staffMemberSchema>
export const staffListSchema = z.strictObject({ items: z.array(staffMemberSchema) })

/** Everything that is kept about one person. */
export const personalDataSchema = z
  .strictObject({
    profile: profileResourceSchema,
    sessions: z.array(sessionInfoSchema.omit({ isCurrent: true, expiresAt: true })),
    devices: z.array(
      z.strictObject({
        id: z.string(),
        name: z.string(),
        kinds: z.array(z.string()),
        position: positionSchema.nullable(),
        labels: z.record(z.string(), z.string()),
        createdAt: timeSchema,
      }),
    ),
    emergencyContacts: z.array(contactResourceSchema),
    sos: z.array(
      z.strictObject({
        id: z.string(),
        deviceId: z.string().nullable(),
        state: z.string(),
        trigger: z.string(),
        location: positionSchema.extend({ accuracyM: z.number().optional() }).nullable(),
        message: z.string().nullable(),
        batteryPct: z.number().nullable(),
        pressCount: count,
        pressedAt: timeSchema,
        updatedAt: timeSchema,
        timeline: z.array(sosTimelineEntrySchema),
        trail: z.array(sosPositionSchema),
      }),
    ),
    auditTrail: z
      .array(
        z.strictObject({
          at: timeSchema,
          actor: z.string(),
          action: z.string(),
          subject: z.string().nullable(),
          detail: z.record(z.string(), z.unknown()),
        }),
      )
      .describe('What one did, and what was done to the account'),
  })
  .meta({ id: 'PersonalData' })

/** Earlier clients of Security Management. */
export const residentSchema = z
  .strictObject({
    id: z.string(),
    phone_number: z.string(),
    full_name: z.string(),
    flat_number: z.string(),
    role: roleSchema,
  })
  .meta({ id: 'Resident' })

export const phoneLoginSchema = z
  .strictObject({
    message: z.string(),
    needs_otp_verification: z.boolean(),
    phone_number: z.string(),
    access_token: z.string().optional(),
    user: residentSchema.optional(),
    needs_registration: z.boolean().optional(),
  })
  .meta({ id: 'PhoneLogin' })

export const otpVerifiedSchema = z
  .strictObject({
    message: z.string(),
    needs_registration: z.boolean(),
    phone_number: z.string().optional().describe('When there is nobody yet with this phone number'),
    access_token: z.string().optional(),
    refresh_token: z.string().optional(),
    user: residentSchema.optional(),
  })
  .meta({ id: 'OtpVerified' })

export const residentRegisteredSchema = z
  .strictObject({ message: z.string(), access_token: z.string(), refresh_token: z.string(), user: residentSchema })
  .meta({ id: 'ResidentRegistered' })

export const residentProfileSchema = z
  .strictObject({
    user: residentSchema.extend({ created_at: timeSchema, last_login: timeSchema.nullable() }),
  })
  .meta({ id: 'ResidentProfile' })

/** Earlier clients of NaariKavach. */
export const namedUserSchema = z
  .strictObject({ id: z.string(), username: z.string(), email: z.string() })
  .meta({ id: 'NamedUser' })
export const authTokenSchema = z.strictObject({ auth_token: z.string() }).meta({ id: 'AuthToken' })
