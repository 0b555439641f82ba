import type { Reach } from '../../contracts/access.ts'
import type { Device } from '../../contracts/device.ts'

/**
 * From when on somebody may read what a device measured: an owner from the moment it was given to them, as what was before
 * tells of whoever had it then.
 */
export function readableSince({ ownedSinceMs }: Pick<Device, 'ownedSinceMs'>, reach: Reach): number {
  return reach === 'own' ? (ownedSinceMs ?? Number.POSITIVE_INFINITY) : 0
}
