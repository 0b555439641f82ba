import { z } from 'zod'
import { authTokenSchema, namedUserSchema } from '../../contracts/http/account.ts'
import { empty, json } from '../http/answer.ts'
import { defineRoute, type Route } from '../http/route.ts'
import { emailField, passwordField, totpField } from './bodies.ts'
import type { AuthRouteDeps } from './routes.ts'

const usernameField = z.string().trim().min(1).max(254)

/**
 * Accounts by username as clients of NaariKavach know them from Djoser. Their token stands for the session, and is
 * accepted as `Authorization: Token ...` and `Bearer ...` alike.
 */
export function createNamedUserRoutes({ accounts }: Pick<AuthRouteDeps, 'accounts'>): Route[] {
  const shape = { area: 'Earlier clients', faultShape: 'naari-kavach' } as const
  return [
    defineRoute({
      ...shape,
      method: 'post',
      path: '/auth/users/',
      summary: 'Make an account with a username',
      access: 'anyone',
      limit: 'sensitive',
      body: z.object({
        username: usernameField,
        password: passwordField,
        email: z.union([z.literal('').transform(() => undefined), emailField]).optional(),
      }),
      answer: { status: 201, description: 'Registered', schema: namedUserSchema },
      handler: async ({ body }) => {
        const { id, username = '', email = '' } = await accounts.registerByUsername(body)
        return json({ id, username, email })
      },
    }),
    defineRoute({
      ...shape,
      method: 'post',
      path: '/auth/token/login/',
      summary: 'Sign in with username, or e-mail address, and password',
      access: 'anyone',
      limit: 'sensitive',
      body: z.object({ username: usernameField, password: passwordField, totp: totpField }),
      answer: { description: 'Signed in', schema: authTokenSchema },
      faults: { 403: 'The account is banned' },
      handler: async ({ body, client }) => {
        const { sessionToken } = await accounts.signIn({ ...body, ...client })
        return json({ auth_token: sessionToken })
      },
    }),
    defineRoute({
      ...shape,
      method: 'post',
      path: '/auth/token/logout/',
      summary: 'Sign out',
      access: 'profile.read',
      limit: 'sensitive',
      answer: { status: 204, description: 'The session of the token has ended' },
      handler: async ({ principal }) => {
        await accounts.signOut(principal.sessionId)
        return empty()
      },
    }),
  ]
}
