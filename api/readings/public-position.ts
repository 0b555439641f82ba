import type { Device } from '../../contracts/device.ts'
import type { Position } from '../../contracts/geo.ts'

/**
 * Where a device stands in what is said of many devices at once. Where a personal one is, is not said there at all, and no
 * search by area finds it: a box that shrinks would tell.
 */
export function publicPosition(device: Pick<Device, 'isPersonal' | 'position'> | undefined): Position | undefined {
  return device?.isPersonal ? undefined : device?.position
}
