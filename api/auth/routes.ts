import { z } from 'zod'
import {
  type SessionResource,
  sessionResourceSchema,
  type UserResource,
  userResourceSchema,
} from '../../contracts/http/session.ts'
import type { Accounts, SignedIn } from '../../people/index.ts'
import type { User } from '../../store/index.ts'
import { empty, json } from '../http/answer.ts'
import { toTime } from '../http/inputs.ts'
import { defineRoute, type Route } from '../http/route.ts'

// Loose on purpose: clients of the earlier backends send fields of their own along.
const signInSchema = z.object({ email: z.string().min(1).max(254), password: z.string().min(1).max(1024) })
const refreshSchema = z.object({ refreshToken: z.string().min(1).max(1024) })

/** Signing in and out. The rest of accounts belongs here too. */
export function createAuthRoutes({ accounts }: { readonly accounts: Accounts }): Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/api/auth/login',
      area: 'Accounts',
      summary: 'Sign in',
      access: 'anyone',
      limit: 'sensitive',
      body: signInSchema,
      answer: { description: 'Signed in', schema: sessionResourceSchema },
      faults: { 401: 'Wrong e-mail address or password', 403: 'The account is banned' },
      handler: async ({ body, clientAddress }) =>
        json(presentSession(await accounts.signIn({ ...body, clientAddress }))),
    }),
    defineRoute({
      method: 'post',
      path: '/api/auth/refresh',
      area: 'Accounts',
      summary: 'Trade a refresh token for new tokens',
      description: 'A refresh token works once. Using an old one again ends the session: somebody holds a copy.',
      access: 'anyone',
      limit: 'sensitive',
      body: refreshSchema,
      answer: { description: 'New tokens', schema: sessionResourceSchema },
      faults: { 401: 'Not a refresh token of an open session', 403: 'The account is banned' },
      handler: async ({ body }) => json(presentSession(await accounts.refresh(body.refreshToken))),
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
      method: 'get',
      path: '/api/auth/profile',
      area: 'Accounts',
      summary: 'Who the token speaks for',
      access: 'profile.read',
      answer: { description: 'The user', schema: userResourceSchema },
      handler: async ({ principal }) => json(presentUser(await accounts.getUser(principal.userId))),
    }),
  ]
}

function presentSession({ user, accessToken, accessExpiresAtMs, refreshToken }: SignedIn): SessionResource {
  return {
    token: accessToken,
    accessToken,
    refreshToken,
    expiresAt: toTime(accessExpiresAtMs),
    user: presentUser(user),
  }
}

function presentUser({ id, name, email, role, createdAtMs }: User): UserResource {
  return { id, name, email, role, createdAt: toTime(createdAtMs) }
}
