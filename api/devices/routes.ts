import { z } from 'zod'
import { owns, reachOf } from '../../contracts/access.ts'
import {
  type Device,
  deviceIdSchema,
  deviceInputSchema,
  deviceLabelsSchema,
  deviceOwnerSchema,
  deviceStates,
} from '../../contracts/device.ts'
import { positionSchema } from '../../contracts/geo.ts'
import { pageOf } from '../../contracts/http/common.ts'
import { deviceDetailSchema, deviceResourceSchema, deviceWithSecretSchema } from '../../contracts/http/device.ts'
import type { ApiDeps } from '../deps.ts'
import { notFound } from '../errors.ts'
import { empty, json } from '../http/answer.ts'
import { deviceParamsSchema, flagSchema, limitSchema } from '../http/inputs.ts'
import { presentPage, recordCursorSchema } from '../http/pages.ts'
import { defineRoute, type Principal, type Route } from '../http/route.ts'
import { presentReading } from '../readings/present-reading.ts'
import { presentDevice, presentStatus } from './present-device.ts'

const listQuerySchema = z.strictObject({
  kind: z.string().min(1).max(32).optional(),
  state: z.enum(deviceStates).optional(),
  gatewayId: deviceIdSchema.optional(),
  ownerId: deviceOwnerSchema.optional(),
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
    ownerId: deviceOwnerSchema.nullable().optional(),
    labels: deviceLabelsSchema.optional(),
  })
  .refine((patch) => Object.keys(patch).length > 0, { message: 'nothing to change' })

const unknownDevice = { 404: 'There is no such device' }
const badReferences = { 400: 'The request does not fit, or names an owner or a gateway that is not there' }
const alsoPersonal =
  'Where a device of a person is, is told here to that person alone; others who may know it ask for the one device.'

export type DeviceRouteDeps = Pick<ApiDeps, 'records' | 'latest' | 'broker' | 'log'>

/** The registry of devices. What changes a device is audited under the name of who did it. */
export function createDeviceRoutes(deps: DeviceRouteDeps): Route[] {
  const { records, latest } = deps
  const presentTo = (principal: Principal) => (device: Device) =>
    presentDevice(device, deps, { showsPosition: owns(principal, device) })
  return [
    defineRoute({
      method: 'get',
      path: '/api/devices',
      area: 'Devices',
      summary: 'Devices, by id',
      description: `Whoever does not work with the city's devices sees the own ones. ${alsoPersonal}`,
      access: 'devices.read',
      narrowsToOwn: true,
      query: listQuerySchema,
      answer: { description: 'A page of devices', schema: pageOf(deviceResourceSchema) },
      handler: async ({ query, principal, reach }) => {
        const narrowed = reach === 'own' ? { ...query, ownerId: principal.userId } : query
        return json(presentPage(await records.devices.list(narrowed), presentTo(principal)))
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/devices',
      area: 'Devices',
      summary: 'Register a device',
      access: 'devices.manage',
      body: deviceInputSchema,
      answer: { status: 201, description: 'Registered; the secret is shown this once', schema: deviceWithSecretSchema },
      faults: { ...badReferences, 409: 'The id is taken' },
      handler: async ({ body, principal }) => {
        const { device, secret } = await records.devices.register(body)
        await audit(principal.userId, 'device-registered', device.id, ownerOf(body))
        const answer = { device: presentTo(principal)(device), secret }
        return json(answer, { headers: { Location: `/api/devices/${device.id}` } })
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/devices/:id',
      area: 'Devices',
      summary: 'One device with what it last said of itself and its newest readings',
      description:
        'Where a device of a person is, is told to that person and to those who may know it; that they looked is audited.',
      access: 'devices.read',
      narrowsToOwn: true,
      params: deviceParamsSchema,
      answer: { description: 'The device', schema: deviceDetailSchema },
      faults: unknownDevice,
      handler: async ({ params, principal, reach }) => {
        const device = await records.devices.get(params.id)
        if (device === undefined || (reach === 'own' && !owns(principal, device))) throw notFound('device')
        const status = await records.deviceStatuses.get(device.id)
        const showsPosition = owns(principal, device) || reachOf(principal.role, 'devices.locate') === 'all'
        if (showsPosition) await auditLook(principal, device)
        return json({
          ...presentDevice(device, deps, { showsPosition }),
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
      description: `With its owner a device loses its position, unless a new one is named. ${alsoPersonal}`,
      access: 'devices.manage',
      params: deviceParamsSchema,
      body: patchSchema,
      answer: { description: 'The device as it now is', schema: deviceResourceSchema },
      faults: { ...badReferences, ...unknownDevice, 409: 'The device is decommissioned' },
      handler: async ({ params, body, principal }) => {
        const device = await records.devices.patch(params.id, body)
        await audit(principal.userId, 'device-changed', device.id, { fields: Object.keys(body), ...ownerOf(body) })
        return json(presentTo(principal)(device))
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/api/devices/:id',
      area: 'Devices',
      summary: 'Forget a device',
      description:
        'Closes its connection and frees its id. Its readings stay; devices bound to it are bound to nobody. To keep the record, and to keep its certificates from ever opening the door again, decommission it.',
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
      summary: 'Rotate the credentials',
      description:
        'The old secret and every certificate made before stop working at once, and its connection is closed. A revoked device may connect again.',
      access: 'devices.manage',
      params: deviceParamsSchema,
      answer: { status: 201, description: 'The new secret, shown this once', schema: deviceWithSecretSchema },
      faults: { ...unknownDevice, 409: 'The device is decommissioned' },
      handler: async ({ params, principal }) => {
        const { device, secret } = await records.devices.rotateSecret(params.id)
        deps.broker?.disconnect(device.id, 'revoked')
        await audit(principal.userId, 'device-credentials-rotated', device.id)
        return json({ device: presentTo(principal)(device), secret })
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
        return json(presentTo(principal)(device))
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
        return json(presentTo(principal)(device))
      },
    }),
  ]

  /** Before the answer: nobody learns where somebody is without a trace. */
  async function auditLook({ userId }: Principal, { id, ownerId, position }: Device) {
    if (ownerId === undefined || ownerId === userId || position === undefined) return
    await audit(userId, 'device-location-viewed', id)
  }

  async function audit(actor: string, action: string, deviceId: string, detail: Record<string, unknown> = {}) {
    await records.audit.append({ actor, action, subject: `device:${deviceId}`, detail })
  }
}

/** Whom a device was given to, or taken from, for the audit. */
function ownerOf({ ownerId }: { readonly ownerId?: string | null | undefined }) {
  return ownerId === undefined ? {} : { ownerId }
}
