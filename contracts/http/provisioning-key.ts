import { z } from 'zod'
import { timeSchema } from './common.ts'

export const provisioningKeyStates = ['open', 'used-up', 'expired', 'revoked'] as const

export const provisioningKeyInputSchema = z.strictObject({
  name: z.string().trim().min(1).max(120),
  quota: z.int().min(1).max(100_000).describe('How many devices may enrol with it'),
  expiresAt: z.iso
    .datetime({ offset: true })
    .optional()
    .describe('At most a year from now; 30 days from now when absent'),
})

export const provisioningKeySchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    quota: z.int().positive(),
    usedCount: z
      .int()
      .nonnegative()
      .describe('Each connection made with it counts, whether or not a device came of it'),
    state: z.enum(provisioningKeyStates),
    createdAt: timeSchema,
    expiresAt: timeSchema.nullable(),
    revokedAt: timeSchema.nullable(),
  })
  .meta({ id: 'ProvisioningKey' })
export type ProvisioningKeyResource = z.infer<typeof provisioningKeySchema>

/** The only answer that ever carries the key. */
export const newProvisioningKeySchema = z
  .strictObject({
    provisioningKey: provisioningKeySchema,
    key: z.string().describe('MQTT password beside the username `enrol`. Shown once; only a hash is kept'),
  })
  .meta({ id: 'NewProvisioningKey' })
