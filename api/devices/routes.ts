import { z } from 'zod'
import { deviceIdSchema, deviceInputSchema, deviceStates } from '../../contracts/device.ts'
import { positionSchema } from '../../contracts/geo.ts'
import { pageOf } from '../../contracts/http/common.ts'
import { deviceDetailSchema, deviceResourceSchema, deviceWithSecretSchema } from '../../contracts/http/device.ts'
import type { ApiDeps } from '../deps.ts'
import { notFound } from '../errors.ts'
import { empty, json } from '../http/answer.ts'
import { deviceParamsSchema, flagSchema, limitSchema } from '../http/inputs.ts'
import { presentPage, recordCursorSchema } from '../http/pages.ts'
import { defineRoute, type Route } from '../http/route.ts'
import { presentReading } from '../readings/present-reading.ts'
import { presentDevice, presentStatus } from './present-device.ts'

const listQuerySchema = z.strictObject({
  kind: z.string().min(1).max(32).optional(),
  state: z.enum(deviceStates).optional(),
  gatewayId: deviceIdSchema.optional(),
  simulated: flagSchema.optional(),
  search: z.string().trim().min(1).max(120).optional().describe('Part of the id or the name'),
  limit: limitSchema,
  cursor: recordCursorSchema.optional(),
})

// Not a partial of the input: its defaults would empty what the client never named.
const patchSchema = z
  .strictObject({
    name: z.string().trim().min(1).max(120).optional(),
    kinds: z.array(z.string().min(1).max(32)).max(16).optional(),
    position: positionSchema.nullable().optional(),
    gatewayId: deviceIdSchema.nullable().optional(),
    labels: z.record(z.string().max(40), z.string().max(120)).optional(),
  })
  .refine((patch) => Object.keys(patch).length > 0, { message: 'nothing to change' })

const unknownDevice = { 404: 'There is no such device' }

export type DeviceRouteDeps = Pick<ApiDeps, 'records' | 'latest' | 'broker' | 'log'>

/** The registry of devices. What changes a device is audited under the name of who did it. */
export function createDeviceRoutes(deps: DeviceRouteDeps): Route[] {
  const { records, latest } = deps
  const present = (device: Parameters<typeof presentDevice>[0]) => presentDevice(device, deps)
  return [
    defineRoute({
      method: 'get',
      path: '/api/devices',
      area: 'Devices',
      summary: 'Devices, by id',
      access: 'devices.read',
      query: listQuerySchema,
      answer: { description: 'A page of devices', schema: pageOf(deviceResourceSchema) },
      handler: async ({ query }) => json(presentPage(await records.devices.list(query), present)),
    }),
    defineRoute({
      method: 'post',
      path: '/api/devices',
      area: 'Devices',
      summary: 'Register a device',
      access: 'devices.manage',
      body: deviceInputSchema,
      answer: { status: 201, description: 'Registered; the secret is shown this once', schema: deviceWithSecretSchema },
      faults: { 409: 'The id is taken' },
      handler: async ({ body, principal }) => {
        const { device, secret } = await records.devices.register(body)
        await audit(principal.userId, 'device-registered', device.id)
        return json({ device: present(device), secret }, { headers: { Location: `/api/devices/${device.id}` } })
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/devices/:id',
      area: 'Devices',
      summary: 'One device with what it last said of itself and its newest readings',
      access: 'devices.read',
      params: deviceParamsSchema,
      answer: { description: 'The device', schema: deviceDetailSchema },
      faults: unknownDevice,
      handler: async ({ params }) => {
        const device = await records.devices.get(params.id)
        if (device === undefined) throw notFound('device')
        const status = await records.deviceStatuses.get(device.id)
        return json({
          ...present(device),
          status: status === undefined ? null : presentStatus(status),
          latest: latest.of(device.id).map(presentReading),
        })
      },
    }),
    defineRoute({
      method: 'patch',
      path: '/api/devices/:id',
      area: 'Devices',
      summary: 'Change what is named; null takes away',
      access: 'devices.manage',
      params: deviceParamsSchema,
      body: patchSchema,
      answer: { description: 'The device as it now is', schema: deviceResourceSchema },
      faults: { ...unknownDevice, 409: 'The device is decommissioned' },
      handler: async ({ params, body, principal }) => {
        const device = await records.devices.patch(params.id, body)
        await audit(principal.userId, 'device-changed', device.id, { fields: Object.keys(body) })
        return json(present(device))
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/api/devices/:id',
      area: 'Devices',
      summary: 'Forget a device',
      description: 'Closes its connection and frees its id. Its readings stay. To keep the record, decommission it.',
      access: 'devices.manage',
      params: deviceParamsSchema,
      answer: { status: 204, description: 'Forgotten' },
      faults: unknownDevice,
      handler: async ({ params, principal }) => {
        await records.devices.delete(params.id)
        deps.broker?.disconnect(params.id, 'decommissioned')
        await audit(principal.userId, 'device-deleted', params.id)
        return empty()
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/devices/:id/credentials',
      area: 'Devices',
      summary: 'Rotate the secret',
      description:
        'The old secret stops working at once and its connection is closed. A revoked device may connect again.',
      access: 'devices.manage',
      params: deviceParamsSchema,
      answer: { status: 201, description: 'The new secret, shown this once', schema: deviceWithSecretSchema },
      faults: { ...unknownDevice, 409: 'The device is decommissioned' },
      handler: async ({ params, principal }) => {
        const { device, secret } = await records.devices.rotateSecret(params.id)
        deps.broker?.disconnect(device.id, 'revoked')
        await audit(principal.userId, 'device-credentials-rotated', device.id)
        return json({ device: present(device), secret })
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/devices/:id/revoke',
      area: 'Devices',
      summary: 'Shut a device out until its secret is rotated',
      description: 'Its open connection is closed.',
      access: 'devices.manage',
      params: deviceParamsSchema,
      answer: { description: 'The device', schema: deviceResourceSchema },
      faults: { ...unknownDevice, 409: 'The device is decommissioned' },
      handler: async ({ params, principal }) => {
        const device = await records.devices.revoke(params.id)
        deps.broker?.disconnect(device.id, 'revoked')
        await audit(principal.userId, 'device-revoked', device.id)
        return json(present(device))
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/devices/:id/decommission',
      area: 'Devices',
      summary: 'Shut a device out for good',
      description: 'Its record and its readings stay; its open connection is closed.',
      access: 'devices.manage',
      params: deviceParamsSchema,
      answer: { description: 'The device', schema: deviceResourceSchema },
      faults: unknownDevice,
      handler: async ({ params, principal }) => {
        const device = await records.devices.decommission(params.id)
        deps.broker?.disconnect(device.id, 'decommissioned')
        await audit(principal.userId, 'device-decommissioned', device.id)
        return json(present(device))
      },
    }),
  ]

  async function audit(actor: string, action: string, deviceId: string, detail: Record<string, unknown> = {}) {
    await records.audit.append({ actor, action, subject: `device:${deviceId}`, detail })
  }
}
