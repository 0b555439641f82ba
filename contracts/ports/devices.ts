import type { Device, DeviceCommand, DeviceInput } from '../device.ts'

export type EnrolmentMode = 'closed' | 'key' | 'open'

/** What the front door needs to know of devices. Answers come from memory: a reconnect storm must not queue on a disk. */
export interface DeviceDirectory {
  find(deviceId: string): Device | undefined
  /** Constant-time on the secret; false also for a device that may not connect. */
  verifySecret(deviceId: string, secret: Uint8Array): boolean
  /** True when `gatewayId` may speak for `deviceId`. */
  isBound(options: { readonly gatewayId: string; readonly deviceId: string }): boolean
  /**
   * Registers a device at its first connect (`open`) or with a provisioning key (`key`).
   * @returns the device and its secret, shown once
   * @throws AppError `provisioning-key-closed` when the key was revoked, expired or was used up meanwhile
   */
  enrol(
    input: DeviceInput,
    by?: { readonly provisioningKeyId: string },
  ): Promise<{ readonly device: Device; readonly secret: string }>
  /**
   * Takes nothing from its quota, which `enrol` does.
   * @returns the id of the key; undefined when the key is unknown, revoked, expired or used up
   */
  findProvisioningKey(key: string): Promise<string | undefined>
}

/** Commands outlive the connection: queued in the records store, delivered at QoS 1. */
export interface CommandQueue {
  pendingFor(deviceId: string): Promise<readonly DeviceCommand[]>
  markDelivered(commandId: string, atMs: number): Promise<void>
  /** @returns false when there is no such open command of that device */
  finish(options: {
    readonly deviceId: string
    readonly commandId: string
    readonly atMs: number
    readonly succeeded: boolean
    readonly result: Record<string, unknown>
  }): Promise<boolean>
}
