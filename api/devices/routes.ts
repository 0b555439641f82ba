import { z } from 'zod'
import { owns, type Reach, reachOf } from '../../contracts/access.ts'
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
import { readableSince } from '../readings/readable-since.ts'
import { createAudited } from './audited.ts'
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
    isPersonal: z.boolean().optional().describe('`false`, without an owner, makes it a device of the city again'),
    labels: deviceLabelsSchema.optional(),
  })
  .refine((patch) => Object.keys(patch).length > 0, { message: 'nothing to change' })

const unknownDevice = { 404: 'There is no such device' }
const badReferences = { 400: 'The request does not fit, or names an owner or a gateway that is not there' }
const alsoPersonal =
  'Where a personal device is, is told here to its owner alone; others who may know it ask for the one device.'

export type DeviceRouteDeps = Pick<ApiDeps, 'records' | 'latest' | 'broker' | 'log'>

/** The registry of devices. What changes a device is audited under the name of who did it. */
export function createDeviceRoutes(deps: DeviceRouteDeps): Route[] {
  const { records, latest } = deps
  const audited = createAudited(deps)
  const presentTo =
    (principal: Principal, reach: Reach = 'all') =>
    (device: Device) =>
      presentDevice(device, deps, { showsPosition: owns(principal, device), sinceMs: readableSince(device, reach) })
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
        return json(presentPage(await records.devices.list(narrowed), presentTo(principal, reach)))
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
        const { device, secret } = await audited(
          ({ devices }) => devices.register(body),
          (registered) => trace(principal, 'device-registered', registered.device.id, ownerOf(body)),
        )
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
        'Where a personal device is, is told to its owner and to those who may know it; that they looked is audited. An owner is told nothing from before the device was theirs.',
      access: 'devices.read',
      narrowsToOwn: true,
      params: deviceParamsSchema,
      answer: { description: 'The device', schema: deviceDetailSchema },
      faults: unknownDevice,
      handler: async ({ params, principal, reach }) => {
        const device = await records.devices.get(params.id)
        if (device === undefined || (reach === 'own' && !owns(principal, device))) throw notFound('device')
        const sinceMs = readableSince(device, reach)
        const status = await records.deviceStatuses.get(device.id)
        const showsPosition = owns(principal, device) || reachOf(principal.role, 'devices.locate') === 'all'
        if (showsPosition) await auditLook(principal, device)
        return json({
          ...presentDevice(device, deps, { showsPosition, sinceMs }),
          status: status === undefined || status.receivedAtMs < sinceMs ? null : presentStatus(status),
          latest: latest
            .of(device.id)
            .filter(({ observedAtMs }) => observedAtMs >= sinceMs)
            .map(presentReading),
        })
      },
    }),
    defineRoute({
      method: 'patch',
      path: '/api/devices/:id',
      area: 'Devices',
      summary: 'Change what is named; null takes away',
      description: `With its owner a device loses its position, name and labels, unless new ones are named. It stays a personal one, whose whereabouts are told to few, until \`isPersonal\` is said to be false. ${alsoPersonal}`,
      access: 'devices.manage',
      params: deviceParamsSchema,
      body: patchSchema,
      answer: { description: 'The device as it now is', schema: deviceResourceSchema },
      faults: {
        ...badReferences,
        ...unknownDevice,
        409: 'The device is decommissioned, or belongs to somebody and cannot be the city’s',
      },
      handler: async ({ params, body, principal }) => {
        const device = await audited(
          ({ devices }) => devices.patch(params.id, body),
          ({ id }) => trace(principal, 'device-changed', id, describePatch(body)),
        )
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
        await audited(
          ({ devices }) => devices.delete(params.id),
          () => trace(principal, 'device-deleted', params.id),
        )
        deps.broker?.disconnect(params.id, 'decommissioned')
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
        const { device, secret } = await audited(
          ({ devices }) => devices.rotateSecret(params.id),
          () => trace(principal, 'device-credentials-rotated', params.id),
        )
        deps.broker?.disconnect(device.id, 'revoked')
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
        const device = await audited(
          ({ devices }) => devices.revoke(params.id),
          () => trace(principal, 'device-revoked', params.id),
        )
        deps.broker?.disconnect(device.id, 'revoked')
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
        const device = await audited(
          ({ devices }) => devices.decommission(params.id),
          () => trace(principal, 'device-decommissioned', params.id),
        )
        deps.broker?.disconnect(device.id, 'decommissioned')
        return json(presentTo(principal)(device))
      },
    }),
  ]

  /** Before the answer: nobody learns where somebody is without a trace. */
  async function auditLook(principal: Principal, device: Device) {
    if (!device.isPersonal || owns(principal, device) || device.position === undefined) return
    await records.audit.append(trace(principal, 'device-location-viewed', device.id))
  }
}

function trace({ userId }: Principal, action: string, deviceId: string, detail: Record<string, unknown> = {}) {
  return { actor: userId, action, subject: `device:${deviceId}`, detail }
}

function describePatch(patch: z.output<typeof patchSchema>) {
  const { isPersonal } = patch
  return { fields: Object.keys(patch), ...ownerOf(patch), ...(isPersonal !== undefined && { isPersonal }) }
}

/** Whom a device was given to, or taken from, for the audit. */
function ownerOf({ ownerId }: { readonly ownerId?: string | null | undefined }) {
  return ownerId === undefined ? {} : { ownerId }
}
