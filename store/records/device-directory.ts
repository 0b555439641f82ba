import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { Device, DeviceInput } from '../../contracts/device.ts'
import { AppError } from '../../contracts/errors.ts'
import type { DeviceDirectory } from '../../contracts/ports/devices.ts'
import type { Service } from '../../contracts/service.ts'
import { badReference } from './device-references.ts'
import type { DeviceLine } from './device-registration.ts'
import type { DeviceWrite } from './device-rows.ts'
import { createGroupCommit } from './group-commit.ts'
import type { Records, Repositories } from './records.ts'
import { hashSecret } from './secrets.ts'

/** The directory in memory: loaded by `start`, kept up to date by every write to the store. */
export interface MemoryDeviceDirectory extends DeviceDirectory, Service {
  readonly size: number
  all(): Iterable<Device>
}

type Entry = Omit<DeviceWrite, 'change'>

/** Enrolments, or uses of keys, that share one commit. */
const groupSizeMax = 250

export function createDeviceDirectory({ records }: { readonly records: Records }): MemoryDeviceDirectory {
  const entries = new Map<string, Entry>()
  // Compared with when there is no such device, so that the time taken does not tell.
  const nobodysHash = randomBytes(32)
  let stopListening: (() => void) | undefined

  const register = createGroupCommit<Enrolment, EnrolmentOutcome>({
    sizeMax: groupSizeMax,
    commit: (enrolments) => records.transaction((repositories) => enrolAll(repositories, enrolments)),
  })
  const redeem = createGroupCommit<string, string | undefined>({
    sizeMax: groupSizeMax,
    commit: (keys) =>
      records.transaction(async ({ provisioningKeys }) => {
        const redeemed: (string | undefined)[] = []
        for (const key of keys) redeemed.push(await provisioningKeys.redeem(key))
        return redeemed
      }),
  })

  function follow({ device, secretHash, change }: DeviceWrite) {
    if (change === 'deleted') entries.delete(device.id)
    else entries.set(device.id, { device, secretHash })
  }

  function isInService(deviceId: string): boolean {
    return entries.get(deviceId)?.device.state === 'registered'
  }

  return {
    name: 'device-directory',
    async start() {
      stopListening ??= records.devices.onWrite(follow)
      for (const entry of await records.devices.loadAll()) {
        // A write that came in while this was read is newer.
        if (!entries.has(entry.device.id)) entries.set(entry.device.id, entry)
      }
    },
    async stop() {
      stopListening?.()
      stopListening = undefined
      entries.clear()
    },
    get size() {
      return entries.size
    },
    *all() {
      for (const { device } of entries.values()) yield device
    },
    find: (deviceId) => entries.get(deviceId)?.device,
    verifySecret(deviceId, secret) {
      const expected = entries.get(deviceId)?.secretHash ?? nobodysHash
      return timingSafeEqual(hashSecret(secret), expected) && isInService(deviceId)
    },
    isBound({ gatewayId, deviceId }) {
      return entries.get(deviceId)?.device.gatewayId === gatewayId && isInService(deviceId) && isInService(gatewayId)
    },
    async enrol(input, by) {
      const line = await register({ input, provisioningKeyId: by?.provisioningKeyId })
      switch (line.outcome) {
        case 'created':
          return { device: entries.get(line.id)!.device, secret: line.secret }
        case 'key-closed':
          throw new AppError('forbidden', 'provisioning-key-closed', 'the provisioning key was revoked or has expired')
        case 'invalid':
          throw new AppError('invalid', 'invalid-device', 'the device cannot be enrolled as it is', {
            details: line.details,
          })
        case 'already-registered':
          throw new AppError('conflict', 'device-already-registered', `device ${line.id} is already registered`)
        default:
          throw badReference(line.outcome)
      }
    },
    redeemProvisioningKey: redeem,
  }
}

interface Enrolment {
  readonly input: DeviceInput
  readonly provisioningKeyId: string | undefined
}

type EnrolmentOutcome = DeviceLine | { readonly outcome: 'key-closed' }

/** A key that was revoked since it was redeemed enrols nobody: it is asked again in the very transaction. */
async function enrolAll(
  { devices, provisioningKeys, audit }: Repositories,
  enrolments: readonly Enrolment[],
): Promise<readonly EnrolmentOutcome[]> {
  const openKeys = await provisioningKeys.findOpen(
    enrolments.flatMap(({ provisioningKeyId: id }) => (id === undefined ? [] : [id])),
  )
  const mayEnrol = ({ provisioningKeyId: id }: Enrolment) => id === undefined || openKeys.has(id)
  const lines = await devices.registerMany(enrolments.filter(mayEnrol).map(({ input }) => input))
  let next = 0
  const outcomes: EnrolmentOutcome[] = []
  for (const enrolment of enrolments) {
    const outcome = mayEnrol(enrolment) ? lines[next++]! : ({ outcome: 'key-closed' } as const)
    const { provisioningKeyId } = enrolment
    if (outcome.outcome === 'created' && provisioningKeyId !== undefined) {
      const actor = `provisioning-key:${provisioningKeyId}`
      await audit.append({ actor, action: 'device-enrolled', subject: `device:${outcome.id}` })
    }
    outcomes.push(outcome)
  }
  return outcomes
}
