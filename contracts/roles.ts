import { z } from 'zod'

/** What a person is; one table (contracts/access.ts) says what each may do. */
export const roles = [
  'citizen',
  'resident',
  'security_guard',
  'officer',
  'operator',
  'analyst',
  'admin',
  'super_admin',
] as const
export const roleSchema = z.enum(roles)
export type Role = z.infer<typeof roleSchema>
