import { z } from 'zod'
import { may } from '../../contracts/access.ts'
import { AppError } from '../../contracts/errors.ts'
import { codeSentSchema, registrationResourceSchema, sessionResourceSchema } from '../../contracts/http/account.ts'
import { roleSchema } from '../../contracts/roles.ts'
import type { Accounts } from '../../people/index.ts'
import { empty, json } from '../http/answer.ts'
import { defineRoute, type Route } from '../http/route.ts'
import {
  cityField,
  codeField,
  emailField,
  namedAddressSchema,
  nameField,
  passwordField,
  phoneField,
  toNamedAddress,
  totpField,
} from './bodies.ts'
import { presentProfile, presentSession, type UserSurroundings } from './present-user.ts'

export interface AuthRouteDeps extends UserSurroundings {
  readonly accounts: Accounts
}

const registrationSchema = z.object({
  name: nameField,
  email: emailField,
  password: passwordField,
  phone: phoneField.optional(),
  city: cityField.optional(),
  role: roleSchema.optional().describe('Counts only with an administrator’s token'),
})
const signInSchema = z.object({ email: emailField, password: passwordField, totp: totpField })
const refreshSchema = z.object({
  refreshToken: z.string().min(1).max(1024).optional(),
  refresh_token: z.string().min(1).max(1024).optional(),
})

const signInFaults = {
  401: '`wrong-credentials`; or `second-factor-required`: send the same again with `totp`; or `wrong-second-factor`',
  403: 'The account is banned',
}

/** Registering, signing in and out, and the way back in for who forgot the password. */
export function createAuthRoutes(deps: AuthRouteDeps): Route[] {
  const { accounts } = deps
  return [
    defineRoute({
      method: 'post',
      path: '/api/auth/register',
      area: 'Accounts',
      summary: 'Make an account',
      description:
        'Who registers is a citizen and is signed in. With an administrator’s token it makes an account for somebody else, with the `role` that is named, and signs nobody in.',
      access: 'anyone',
      limit: 'sensitive',
      body: registrationSchema,
      answer: { status: 201, description: 'Registered', schema: registrationResourceSchema },
      faults: {
        401: 'A token came along that is not believed',
        403: 'The role is above that of the administrator',
        409: 'The e-mail address or phone number is taken',
      },
      handler: async ({ body, client, caller }) => {
        const by = await caller()
        if (by !== undefined && may(by.role, 'users.manage')) {
          return json({ user: await presentProfile(await accounts.registerOther({ ...body, by }), deps) })
        }
        const { role: _role, ...person } = body
        return json(await presentSession(await accounts.register({ ...person, ...client }), deps))
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/auth/login',
      area: 'Accounts',
      summary: 'Sign in with e-mail address and password',
      access: 'anyone',
      limit: 'sensitive',
      body: signInSchema,
      answer: { description: 'Signed in', schema: sessionResourceSchema },
      faults: signInFaults,
      handler: async ({ body, client }) =>
        json(await presentSession(await accounts.signIn({ ...body, ...client }), deps)),
    }),
    defineRoute({
      method: 'post',
      path: '/api/auth/otp',
      area: 'Accounts',
      summary: 'Have a sign-in code sent to a phone',
      access: 'anyone',
      limit: 'sensitive',
      body: z.object({ phone: phoneField }),
      answer: { status: 202, description: 'On its way, whoever has the number', schema: codeSentSchema },
      faults: { 503: 'This server cannot send text messages' },
      handler: async ({ body, client }) => {
        const { expiresInS } = await accounts.sendSignInCode({ ...body, ...client })
        return json({ message: 'A code is on its way', expiresInS })
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/auth/otp/verify',
      area: 'Accounts',
      summary: 'Sign in with the code',
      access: 'anyone',
      limit: 'sensitive',
      body: z.object({ phone: phoneField, code: codeField, totp: totpField }),
      answer: { description: 'Signed in', schema: sessionResourceSchema },
      faults: { ...signInFaults, 409: '`registration-needed`: nobody has an account with this number' },
      handler: async ({ body, client }) => {
        const outcome = await accounts.signInByCode({ ...body, ...client })
        if (outcome.type === 'signed-in') return json(await presentSession(outcome.signedIn, deps))
        throw new AppError('conflict', 'registration-needed', 'There is no account with this phone number')
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/auth/refresh',
      area: 'Accounts',
      summary: 'Trade a refresh token for new tokens',
      description:
        'A refresh token works once. Using an old one again ends the session: somebody holds a copy. It may also stand in the Authorization header.',
      access: 'anyone',
      limit: 'sensitive',
      body: refreshSchema.optional(),
      answer: { description: 'New tokens', schema: sessionResourceSchema },
      faults: { 401: 'Not a refresh token of an open session', 403: 'The account is banned' },
      handler: async ({ body, bearer }) => {
        const token = body?.refreshToken ?? body?.refresh_token ?? bearer
        if (token === undefined) throw new AppError('unauthenticated', 'token-required', 'A refresh token is needed')
        return json(await presentSession(await accounts.refresh(token), deps))
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/auth/logout',
      area: 'Accounts',
      summary: 'Sign out',
      description: 'Ends the session of the token: it and its refresh token stop working at once.',
      access: 'profile.read',
      limit: 'sensitive',
      answer: { status: 204, description: 'Signed out' },
      handler: async ({ principal }) => {
        await accounts.signOut(principal.sessionId)
        return empty()
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/auth/forgot-password',
      area: 'Accounts',
      summary: 'Have a code sent to reset a forgotten password',
      description: 'The answer is the same whether or not somebody has that address.',
      access: 'anyone',
      limit: 'sensitive',
      body: namedAddressSchema,
      answer: { status: 202, description: 'On its way, if somebody has that address', schema: codeSentSchema },
      faults: { 503: 'This server cannot send to such addresses' },
      handler: async ({ body, client }) => {
        const expiresInS = await accounts.sendPasswordReset({ ...toNamedAddress(body), ...client })
        return json({ message: 'If somebody has this address, a code is on its way', expiresInS })
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/auth/reset-password',
      area: 'Accounts',
      summary: 'Choose a new password with the code',
      description: 'Ends every session of the account.',
      access: 'anyone',
      limit: 'sensitive',
      body: namedAddressSchema.and(z.object({ code: codeField, password: passwordField })),
      answer: { status: 204, description: 'The password is changed' },
      handler: async ({ body, client }) => {
        const { code, password } = body
        await accounts.resetPassword({ ...toNamedAddress(body), code, password, ...client })
        return empty()
      },
    }),
  ]
}
