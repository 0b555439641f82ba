import { z } from 'zod'
import { staffListSchema, userResourceSchema } from '../../contracts/http/account.ts'
import { pageOf } from '../../contracts/http/common.ts'
import { roleSchema } from '../../contracts/roles.ts'
import type { User } from '../../store/index.ts'
import { flatField, nameField } from '../auth/bodies.ts'
import { presentUser } from '../auth/present-user.ts'
import type { AuthRouteDeps } from '../auth/routes.ts'
import { empty, json } from '../http/answer.ts'
import { idParamsSchema, limitSchema } from '../http/inputs.ts'
import { presentPage, recordCursorSchema } from '../http/pages.ts'
import { defineRoute, type Route } from '../http/route.ts'

const listQuerySchema = z.strictObject({
  role: roleSchema.optional(),
  state: z.enum(['active', 'banned', 'erased']).optional(),
  search: z.string().trim().min(1).max(120).optional().describe('Part of name, e-mail address, phone or username'),
  limit: limitSchema,
  cursor: recordCursorSchema.optional(),
})

const patchSchema = z
  .strictObject({
    name: nameField.optional(),
    role: roleSchema.optional(),
    isBanned: z.boolean().optional(),
    unitNumber: z.string().trim().min(1).max(40).nullable().optional(),
    flatNumber: flatField.nullable().optional(),
    isFlatConfirmed: z.boolean().optional(),
  })
  .refine((patch) => Object.keys(patch).length > 0, { message: 'nothing to change' })

const unknownUser = { 404: 'There is no such user' }
const outOfReach = { 403: 'The role may not do this, or the account is above it', ...unknownUser }

/** Care for other people's accounts. */
export function createUserRoutes({ accounts }: Pick<AuthRouteDeps, 'accounts'>): Route[] {
  const present = (user: User) => presentUser(user, { accounts })
  return [
    defineRoute({
      method: 'get',
      path: '/api/users',
      area: 'Users',
      summary: 'Users, oldest first',
      access: 'users.read',
      query: listQuerySchema,
      answer: { description: 'A page of users', schema: pageOf(userResourceSchema) },
      handler: async ({ query }) => {
        const page = await accounts.listUsers(query)
        const items = await Promise.all(page.items.map(present))
        return json(presentPage({ ...page, items }, (item) => item))
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/staff',
      area: 'Users',
      summary: 'Names of those who work with alerts and devices',
      access: 'staff.read',
      answer: { description: 'At most a thousand, oldest account first', schema: staffListSchema },
      handler: async () => {
        const staff = await accounts.listStaff()
        return json({
          items: staff.map(({ id, name, role, unitNumber }) => ({ id, name, role, unitNumber: unitNumber ?? null })),
        })
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/users/:id',
      area: 'Users',
      summary: 'One user',
      access: 'users.read',
      params: idParamsSchema,
      answer: { description: 'The user', schema: userResourceSchema },
      faults: unknownUser,
      handler: async ({ params }) => json(await present(await accounts.getUser(params.id))),
    }),
    defineRoute({
      method: 'patch',
      path: '/api/users/:id',
      area: 'Users',
      summary: 'Change what is named; null takes away',
      description:
        'A new role or a ban counts at once, also on open sockets and MQTT connections. Another flat has to be confirmed again.',
      access: 'users.manage',
      params: idParamsSchema,
      body: patchSchema,
      answer: { description: 'The user as they now are', schema: userResourceSchema },
      faults: {
        ...outOfReach,
        409: '`last-administrator`, `password-too-short-for-role`, `user-erased`',
      },
      handler: async ({ params, body, principal }) =>
        json(await present(await accounts.administer({ userId: params.id, by: principal, change: body }))),
    }),
    defineRoute({
      method: 'delete',
      path: '/api/users/:id/sessions',
      area: 'Users',
      summary: 'Sign a user out everywhere',
      access: 'users.manage',
      params: idParamsSchema,
      answer: { status: 204, description: 'Every session has ended' },
      faults: outOfReach,
      handler: async ({ params, principal }) => {
        await accounts.endSessionsOf({ userId: params.id, by: principal })
        return empty()
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/api/users/:id/second-factor',
      area: 'Users',
      summary: 'Switch off the second factor of who lost it',
      access: 'users.manage',
      params: idParamsSchema,
      answer: { status: 204, description: 'It is not asked for any more' },
      faults: outOfReach,
      handler: async ({ params, principal }) => {
        await accounts.removeSecondFactorOf({ userId: params.id, by: principal })
        return empty()
      },
    }),
  ]
}
