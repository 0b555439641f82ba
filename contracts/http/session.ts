import { z } from 'zod'
import { roleSchema } from '../roles.ts'
import { timeSchema } from './common.ts'

export const userResourceSchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    email: z.string(),
    role: roleSchema,
    createdAt: timeSchema,
  })
  .meta({ id: 'User' })
export type UserResource = z.infer<typeof userResourceSchema>

export const sessionResourceSchema = z
  .strictObject({
    token: z.string().describe('The access token under the name earlier clients read'),
    accessToken: z.string(),
    refreshToken: z.string().describe('Works once; each refresh answers with the next one'),
    expiresAt: timeSchema.describe('When the access token ends'),
    user: userResourceSchema,
  })
  .meta({ id: 'Session' })
export type SessionResource = z.infer<typeof sessionResourceSchema>
