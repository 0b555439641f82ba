import type { Device } from '../../contracts/device.ts'
import type { DeviceDirectory } from '../../contracts/ports/devices.ts'
import type { Service } from '../../contracts/service.ts'
import type { Records } from './records.ts'

/** The directory in memory: loaded by `start`, kept up to date by every write to the store. */
export interface MemoryDeviceDirectory extends DeviceDirectory, Service {
  readonly size: number
  all(): Iterable<Device>
}

export function createDeviceDirectory(deps: {
  readonly records: Records
  readonly now: () => number
}): MemoryDeviceDirectory {
  throw new Error(`no directory yet at ${deps.now()}`)
}
