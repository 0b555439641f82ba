import type { Device, DeviceInput } from '../../contracts/device.ts'
import type { ErrorDetail } from '../../contracts/errors.ts'
import type { BusEvents } from '../../contracts/events.ts'
import type { Page, PageQuery } from './page.ts'

/** A device together with the secret that opens the door for it. The secret is shown once and kept only as a hash. */
export interface RegisteredDevice {
  readonly device: Device
  readonly secret: string
}

/** What became of one line of a bulk registration. Lines count from 1. */
export type DeviceLine =
  | { readonly line: number; readonly outcome: 'created'; readonly id: string; readonly secret: string }
  | { readonly line: number; readonly outcome: 'already-registered'; readonly id: string }
  | { readonly line: number; readonly outcome: 'invalid'; readonly details: readonly ErrorDetail[] }

export interface RegisterOptions {
  /** True for devices of the demo city. */
  readonly simulated?: boolean
  /** Derives secrets instead of drawing them; for a demo city that must know its secrets after a restart. At least 32 characters. */
  readonly secretFor?: (deviceId: string) => string
}

export interface DeviceQuery extends PageQuery {
  readonly kind?: string
  readonly state?: Device['state']
  readonly gatewayId?: string
  readonly simulated?: boolean
  /** Part of the id or the name, whatever the case. */
  readonly search?: string
}

/** Absent leaves as it is; `null` takes away. */
export interface DevicePatch {
  readonly name?: string
  readonly kinds?: readonly string[]
  readonly position?: { readonly latitude: number; readonly longitude: number } | null
  readonly gatewayId?: string | null
  readonly labels?: Readonly<Record<string, string>>
}

export interface DeviceWrite {
  readonly device: Device
  readonly change: BusEvents['device-changed']['change']
  /** SHA-256 of the secret. Never leaves the process. */
  readonly secretHash: Uint8Array
}

/**
 * Devices and their credentials. Every write is published as `device-changed` once it is durable.
 * @throws AppError `device-not-found`, `device-already-registered`, `device-decommissioned`, `too-many-devices`
 */
export interface DeviceRecords {
  register(input: DeviceInput, options?: RegisterOptions): Promise<RegisteredDevice>
  /** Checks each line and registers those that pass; one bad line does not hold up the others. */
  registerMany(lines: readonly unknown[], options?: RegisterOptions): Promise<readonly DeviceLine[]>
  get(deviceId: string): Promise<Device | undefined>
  /** By id, ascending. */
  list(query: DeviceQuery): Promise<Page<Device>>
  patch(deviceId: string, patch: DevicePatch): Promise<Device>
  /** Gives a new secret; a revoked device may connect again with it. */
  rotateSecret(deviceId: string): Promise<RegisteredDevice>
  /** Shuts the device out until its secret is rotated. */
  revoke(deviceId: string): Promise<Device>
  /** Shuts the device out for good; its history stays. Repeating it is harmless. */
  decommission(deviceId: string): Promise<Device>
  /** Forgets the device, so that its id is free again; readings stay. */
  delete(deviceId: string): Promise<void>
  countByState(): Promise<Readonly<Record<Device['state'], number>>>
  /** Everything, with hashes, for the directory in memory. */
  loadAll(): Promise<readonly Omit<DeviceWrite, 'change'>[]>
  /** Called after a write is durable, before it is published. @returns a function that ends it */
  onWrite(listener: (write: DeviceWrite) => void): () => void
}
