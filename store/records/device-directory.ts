import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { Device, DeviceInput } from '../../contracts/device.ts'
import { AppError } from '../../contracts/errors.ts'
import type { DeviceDirectory } from '../../contracts/ports/devices.ts'
import type { Service } from '../../contracts/service.ts'
import { type DeviceLine, notRegistered } from './device-registration.ts'
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

/** Enrolments that share one commit. */
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
          throw new AppError('forbidden', 'provisioning-key-closed', 'the provisioning key lets nobody in any more')
        default:
          throw notRegistered(line)
      }
    },
    findProvisioningKey: (key) => records.provisioningKeys.findByKey(key),
  }
}

interface Enrolment {
  readonly input: DeviceInput
  readonly provisioningKeyId: string | undefined
}

type EnrolmentOutcome = DeviceLine | { readonly outcome: 'key-closed' }

/**
 * A key is asked again in the very transaction: it may have been revoked, or used up, since its bearer connected. A place is
 * taken by a device that is registered, and by nothing else.
 */
async function enrolAll(
  repositories: Repositories,
  enrolments: readonly Enrolment[],
): Promise<readonly EnrolmentOutcome[]> {
  const outcomes = new Map<Enrolment, EnrolmentOutcome>()
  const keyIds = enrolments.flatMap(({ provisioningKeyId: id }) => (id === undefined ? [] : [id]))
  let waiting = enrolments
  do {
    // Whoever found no place gets one that another did not need.
    const { taken, left } = takePlaces(waiting, await repositories.provisioningKeys.findRoom(keyIds))
    const lines = await repositories.devices.registerMany(taken.map(({ input }) => input))
    for (const [at, enrolment] of taken.entries()) outcomes.set(enrolment, lines[at]!)
    await noteEnrolled(repositories, taken, lines)
    waiting = taken.length === 0 ? [] : left
  } while (waiting.length > 0)
  return enrolments.map((enrolment) => outcomes.get(enrolment) ?? { outcome: 'key-closed' })
}

/** As many as there are places for with the key of each, in the order they came. */
function takePlaces(enrolments: readonly Enrolment[], roomOf: ReadonlyMap<string, number>) {
  const room = new Map(roomOf)
  const taken: Enrolment[] = []
  const left: Enrolment[] = []
  for (const enrolment of enrolments) {
    const { provisioningKeyId: id } = enrolment
    const places = id === undefined ? 1 : (room.get(id) ?? 0)
    if (places > 0) taken.push(enrolment)
    else left.push(enrolment)
    if (id !== undefined) room.set(id, places - 1)
  }
  return { taken, left }
}

async function noteEnrolled(
  { provisioningKeys, audit }: Repositories,
  enrolments: readonly Enrolment[],
  lines: readonly DeviceLine[],
): Promise<void> {
  const used = new Map<string, number>()
  for (const [at, { provisioningKeyId: keyId }] of enrolments.entries()) {
    const line = lines[at]!
    if (line.outcome !== 'created' || keyId === undefined) continue
    used.set(keyId, (used.get(keyId) ?? 0) + 1)
    await audit.append({
      actor: `provisioning-key:${keyId}`,
      action: 'device-enrolled',
      subject: `device:${line.id}`,
    })
  }
  for (const [keyId, count] of used) await provisioningKeys.use(keyId, count)
}
