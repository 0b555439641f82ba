import { z } from 'zod'
import { AppError } from '../../contracts/errors.ts'
import { pageOf } from '../../contracts/http/common.ts'
import {
  newProvisioningKeySchema,
  type ProvisioningKeyResource,
  provisioningKeyInputSchema,
  provisioningKeySchema,
} from '../../contracts/http/provisioning-key.ts'
import type { ProvisioningKey } from '../../store/index.ts'
import type { ApiDeps } from '../deps.ts'
import { json } from '../http/answer.ts'
import { idParamsSchema, limitSchema, toTime, toTimeOrNull } from '../http/inputs.ts'
import { presentPage, recordCursorSchema } from '../http/pages.ts'
import { defineRoute, type Principal, type Route } from '../http/route.ts'
import { createAudited } from './audited.ts'

const listQuerySchema = z.strictObject({ limit: limitSchema, cursor: recordCursorSchema.optional() })

const dayMs = 86_400_000
const lifetimeMsUsual = 30 * dayMs
const lifetimeMsMax = 366 * dayMs

/** Keys with which devices enrol themselves over MQTT, where `PRAHARI_DEVICE_ENROLMENT` is `key`. */
export function createProvisioningRoutes({ records, now }: Pick<ApiDeps, 'records' | 'now'>): Route[] {
  const audited = createAudited({ records })
  const present = (key: ProvisioningKey) => presentProvisioningKey(key, now())
  return [
    defineRoute({
      method: 'get',
      path: '/api/provisioning-keys',
      area: 'Devices',
      summary: 'Provisioning keys, newest first',
      description: 'The keys themselves are never shown again. The audit has the devices that enrolled with each.',
      access: 'provisioning.manage',
      query: listQuerySchema,
      answer: { description: 'A page of keys', schema: pageOf(provisioningKeySchema) },
      handler: async ({ query }) => json(presentPage(await records.provisioningKeys.list(query), present)),
    }),
    defineRoute({
      method: 'post',
      path: '/api/provisioning-keys',
      area: 'Devices',
      summary: 'Make a provisioning key',
      description: 'Devices enrol themselves with it, as many as its quota says, until it expires or is revoked.',
      access: 'provisioning.manage',
      body: provisioningKeyInputSchema,
      answer: { status: 201, description: 'Made; the key is shown this once', schema: newProvisioningKeySchema },
      faults: { 409: 'As many keys are open as may be' },
      handler: async ({ body, principal }) => {
        const { name, quota } = body
        const expiresAtMs = readExpiry(body.expiresAt, now())
        const detail = { name, quota, expiresAt: toTime(expiresAtMs) }
        const { provisioningKey, key } = await audited(
          ({ provisioningKeys }) => provisioningKeys.create({ name, quota, expiresAtMs }),
          (made) => trace(principal, 'provisioning-key-created', made.provisioningKey.id, detail),
        )
        return json({ provisioningKey: present(provisioningKey), key })
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/provisioning-keys/:id/revoke',
      area: 'Devices',
      summary: 'End a provisioning key',
      description: 'Nothing enrols with it any more, not even on a connection that is open. Devices it enrolled stay.',
      access: 'provisioning.manage',
      params: idParamsSchema,
      answer: { description: 'The key', schema: provisioningKeySchema },
      faults: { 404: 'There is no such provisioning key' },
      handler: async ({ params, principal }) => {
        const provisioningKey = await audited(
          ({ provisioningKeys }) => provisioningKeys.revoke(params.id),
          ({ id }) => trace(principal, 'provisioning-key-revoked', id),
        )
        return json(present(provisioningKey))
      },
    }),
  ]
}

function trace({ userId }: Principal, action: string, keyId: string, detail: Record<string, unknown> = {}) {
  return { actor: userId, action, subject: `provisioning-key:${keyId}`, detail }
}

function readExpiry(text: string | undefined, nowMs: number): number {
  if (text === undefined) return nowMs + lifetimeMsUsual
  const expiresAtMs = Date.parse(text)
  if (expiresAtMs > nowMs && expiresAtMs <= nowMs + lifetimeMsMax) return expiresAtMs
  const message = 'A provisioning key expires in the future, within a year'
  throw new AppError('invalid', 'expiry-out-of-range', message, { details: [{ path: 'body.expiresAt', message }] })
}

function presentProvisioningKey(key: ProvisioningKey, nowMs: number): ProvisioningKeyResource {
  return {
    id: key.id,
    name: key.name,
    quota: key.quota,
    usedCount: key.usedCount,
    state: stateOf(key, nowMs),
    createdAt: toTime(key.createdAtMs),
    expiresAt: toTimeOrNull(key.expiresAtMs),
    revokedAt: toTimeOrNull(key.revokedAtMs),
  }
}

function stateOf({ quota, usedCount, expiresAtMs, revokedAtMs }: ProvisioningKey, nowMs: number) {
  if (revokedAtMs !== undefined) return 'revoked'
  if (expiresAtMs !== undefined && expiresAtMs <= nowMs) return 'expired'
  return usedCount >= quota ? 'used-up' : 'open'
}
