import { z } from 'zod'
import { accountSettingsChangeSchema } from '../../contracts/account-settings.ts'
import {
  profileResourceSchema,
  recoveryCodesSchema,
  secondFactorStartSchema,
  sessionListSchema,
  verificationSchema,
} from '../../contracts/http/account.ts'
import { empty, json } from '../http/answer.ts'
import { idParamsSchema, toTime } from '../http/inputs.ts'
import { defineRoute, type Route } from '../http/route.ts'
import { cityField, codeField, emailField, flatField, nameField, passwordField, phoneField } from './bodies.ts'
import { presentProfile } from './present-user.ts'
import type { AuthRouteDeps } from './routes.ts'

const profileChangeSchema = z
  .object({
    name: nameField.optional(),
    email: emailField.optional(),
    phone: phoneField.nullable().optional(),
    city: cityField.nullable().optional(),
    flatNumber: flatField.nullable().optional(),
    flat_number: flatField.nullable().optional(),
    full_name: nameField.optional(),
    currentPassword: passwordField.optional(),
    current_password: passwordField.optional(),
    ...accountSettingsChangeSchema.shape,
  })
  .transform(
    ({ flat_number, full_name, current_password, accessibilitySettings, locationSettings, preferences, ...plain }) => ({
      ...plain,
      name: plain.name ?? full_name,
      currentPassword: plain.currentPassword ?? current_password,
      flatNumber: plain.flatNumber === undefined ? flat_number : plain.flatNumber,
      ...((accessibilitySettings ?? locationSettings ?? preferences) && {
        settings: { accessibilitySettings, locationSettings, preferences },
      }),
    }),
  )

const passwordChangeSchema = z
  .object({
    currentPassword: passwordField.optional(),
    current_password: passwordField.optional(),
    oldPassword: passwordField.optional(),
    old_password: passwordField.optional(),
    newPassword: passwordField.optional(),
    new_password: passwordField.optional(),
  })
  .transform((body, context) => {
    const newPassword = body.newPassword ?? body.new_password
    const currentPassword = body.currentPassword ?? body.current_password ?? body.oldPassword ?? body.old_password
    if (newPassword !== undefined) return { newPassword, currentPassword }
    context.addIssue({ code: 'custom', path: ['newPassword'], message: 'the new password is needed' })
    return z.NEVER
  })

const verifyBodySchema = z.object({ code: codeField.optional(), otp: codeField.optional() }).optional()

/** What people do with their own account. The profile stands at two paths, for clients of two earlier backends. */
export function createProfileRoutes(deps: AuthRouteDeps): Route[] {
  const { accounts } = deps
  return [
    ...(['/api/auth/profile', '/api/users/profile'] as const).flatMap((path) => [
      defineRoute({
        method: 'get',
        path,
        area: 'Accounts',
        summary: 'Who the token speaks for',
        access: 'profile.read',
        answer: { description: 'The user', schema: profileResourceSchema },
        handler: async ({ principal }) => json(await presentProfile(await accounts.getUser(principal.userId), deps)),
      }),
      defineRoute({
        method: 'put',
        path,
        area: 'Accounts',
        summary: 'Change what is named; null takes away',
        description:
          'A new e-mail address or phone number takes the place of the old one when it is verified, and needs `currentPassword` for who has one; a new flat is not confirmed. The role is not among what can be changed.',
        access: 'profile.manage',
        limit: 'sensitive',
        body: profileChangeSchema,
        answer: { description: 'The user as they now are', schema: profileResourceSchema },
        faults: { 403: '`wrong-password`', 409: 'Without the phone number one could not sign in any more' },
        handler: async ({ principal, body }) =>
          json(await presentProfile(await accounts.changeProfile(principal, body), deps)),
      }),
    ]),
    defineRoute({
      method: 'post',
      path: '/api/auth/change-password',
      area: 'Accounts',
      summary: 'Change the password',
      description: 'Every other session of the account ends. Who has no password yet sets one.',
      access: 'profile.manage',
      limit: 'sensitive',
      body: passwordChangeSchema,
      answer: { status: 204, description: 'Changed' },
      faults: { 403: '`wrong-password`: the current one is not right' },
      handler: async ({ principal, body }) => {
        await accounts.changePassword(principal, body)
        return empty()
      },
    }),
    ...(['email', 'phone'] as const).map((type) =>
      defineRoute({
        method: 'post',
        path: `/api/auth/verify-${type}`,
        area: 'Accounts',
        summary: `Prove that the ${type === 'email' ? 'e-mail address' : 'phone number'} is one's own`,
        description: 'Without a code, one is sent; with it, the address is verified.',
        access: 'profile.manage',
        limit: 'sensitive',
        body: verifyBodySchema,
        answer: { description: 'Verified', schema: verificationSchema },
        otherStatuses: { 202: 'A code is on its way' },
        faults: {
          409: 'There is nothing to verify, or somebody else has proved the address',
          503: 'This server cannot send to such addresses',
        },
        handler: async ({ principal, body, client }) => {
          const code = body?.code ?? body?.otp
          if (code === undefined) {
            const expiresInS = await accounts.sendVerification(principal, type, client)
            return json({ message: 'A code is on its way', isVerified: false, expiresInS }, { status: 202 })
          }
          await accounts.confirmVerification(principal, type, { code, ...client })
          return json({ message: 'Verified', isVerified: true })
        },
      }),
    ),
    defineRoute({
      method: 'get',
      path: '/api/auth/sessions',
      area: 'Accounts',
      summary: 'Where one is signed in',
      access: 'profile.manage',
      answer: { description: 'Open sessions, newest first', schema: sessionListSchema },
      handler: async ({ principal }) => {
        const sessions = await accounts.listSessions(principal.userId)
        const items = sessions.map(({ id, clientAddress, userAgent, createdAtMs, usedAtMs, expiresAtMs }) => ({
          id,
          isCurrent: id === principal.sessionId,
          clientAddress: clientAddress ?? null,
          userAgent: userAgent ?? null,
          createdAt: toTime(createdAtMs),
          lastUsedAt: toTime(usedAtMs),
          expiresAt: toTime(expiresAtMs),
        }))
        return json({ items })
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/api/auth/sessions',
      area: 'Accounts',
      summary: 'Sign out everywhere else',
      access: 'profile.manage',
      answer: { status: 204, description: 'Every other session has ended' },
      handler: async ({ principal }) => {
        await accounts.endOtherSessions(principal)
        return empty()
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/api/auth/sessions/:id',
      area: 'Accounts',
      summary: 'End one of one’s own sessions',
      access: 'profile.manage',
      params: idParamsSchema,
      answer: { status: 204, description: 'It has ended' },
      faults: { 404: 'One has no such session' },
      handler: async ({ principal, params }) => {
        await accounts.endSession(principal, params.id)
        return empty()
      },
    }),
    ...createSecondFactorRoutes(deps),
  ]
}

function createSecondFactorRoutes({ accounts }: AuthRouteDeps): Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/api/auth/second-factor',
      area: 'Accounts',
      summary: 'Begin to set up a second factor',
      description: 'A secret for an authenticator app (RFC 6238). It is not asked for until it was confirmed.',
      access: 'second-factor.use',
      limit: 'sensitive',
      body: z.object({ password: passwordField.optional() }).optional(),
      answer: { status: 201, description: 'The secret, shown this once', schema: secondFactorStartSchema },
      faults: { 403: '`wrong-password`, or the role has no second factor', 409: 'One is switched on' },
      handler: async ({ principal, body }) =>
        json({ ...(await accounts.beginSecondFactor(principal, { password: body?.password })) }),
    }),
    defineRoute({
      method: 'post',
      path: '/api/auth/second-factor/confirm',
      area: 'Accounts',
      summary: 'Switch the second factor on with a code of it',
      access: 'second-factor.use',
      limit: 'sensitive',
      body: z.object({ code: codeField }),
      answer: { description: 'Recovery codes, shown this once', schema: recoveryCodesSchema },
      faults: { 403: '`wrong-second-factor`: the code is not right', 409: 'There is none that waits to be confirmed' },
      handler: async ({ principal, body }) =>
        json({ recoveryCodes: [...(await accounts.confirmSecondFactor(principal, body))] }),
    }),
    defineRoute({
      method: 'delete',
      path: '/api/auth/second-factor',
      area: 'Accounts',
      summary: 'Switch the second factor off',
      access: 'profile.manage',
      limit: 'sensitive',
      body: z.object({ code: codeField }),
      answer: { status: 204, description: 'It is not asked for any more' },
      faults: { 403: '`wrong-second-factor`: the code is not right' },
      handler: async ({ principal, body, client }) => {
        await accounts.removeSecondFactor(principal, { ...body, ...client })
        return empty()
      },
    }),
  ]
}
