import type { Device, DeviceInput } from '../../contracts/device.ts'
import { AppError } from '../../contracts/errors.ts'
import type { DevicePatch } from './device-rows.ts'
import type { Scope } from './scope.ts'

/** What a device was said to belong to that is not there. */
export type BadReference = 'owner-not-found' | 'gateway-not-found'

type References = Pick<DeviceInput, 'ownerId' | 'gatewayId'>

/**
 * Looks up, in one go, what devices are to be tied to. An account that was erased is nobody's; one that is banned still
 * has its devices, for a ban takes nobody's panic button away. A gateway is a device that may yet speak.
 * @returns a function that tells what of a device's references is not there
 */
export async function readReferences({ db }: Scope, inputs: readonly References[]) {
  const ownerIds = distinct(inputs.map(({ ownerId }) => ownerId))
  const gatewayIds = distinct(inputs.map(({ gatewayId }) => gatewayId))
  const [owners, gateways] = [new Set<string>(), new Set<string>()]
  if (ownerIds.length > 0) {
    const rows = await db
      .selectFrom('users')
      .select('id')
      .where('id', 'in', ownerIds)
      .where('state', '<>', 'erased')
      .execute()
    for (const { id } of rows) owners.add(id)
  }
  if (gatewayIds.length > 0) {
    const rows = await db
      .selectFrom('devices')
      .select('id')
      .where('id', 'in', gatewayIds)
      .where('state', '<>', 'decommissioned')
      .execute()
    for (const { id } of rows) gateways.add(id)
  }
  return function findBadReference({ ownerId, gatewayId }: References): BadReference | undefined {
    if (ownerId && !owners.has(ownerId)) return 'owner-not-found'
    return gatewayId && !gateways.has(gatewayId) ? 'gateway-not-found' : undefined
  }
}

/** @throws AppError `owner-not-found`, `gateway-not-found`, `gateway-is-itself` */
export async function assertReferences(scope: Scope, device: Device, patch: DevicePatch): Promise<void> {
  if (patch.gatewayId === device.id) {
    throw new AppError('invalid', 'gateway-is-itself', 'a device cannot be its own gateway', {
      details: [{ path: 'gatewayId', message: 'the device itself' }],
    })
  }
  const bad = (await readReferences(scope, [patch]))(patch)
  if (bad !== undefined) throw badReference(bad)
}

export function badReference(code: BadReference): AppError {
  const [path, message] =
    code === 'owner-not-found'
      ? ['ownerId', 'nobody has an account of this id']
      : ['gatewayId', 'no device of this id is in service']
  return new AppError('invalid', code, message, { details: [{ path, message }] })
}

function distinct(ids: readonly (string | null | undefined)[]): string[] {
  return [...new Set(ids)].filter((id) => typeof id === 'string')
}
