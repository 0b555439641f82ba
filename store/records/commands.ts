import type { DeviceCommand } from '../../contracts/device.ts'
import type { CommandQueue } from '../../contracts/ports/devices.ts'
import type { Page, PageQuery } from './page.ts'

export interface CommandQuery extends PageQuery {
  readonly deviceId: string
  readonly state?: DeviceCommand['state']
}

/**
 * Commands to devices. Each change is published as `command-queued` or `command-changed` once it is durable.
 * @throws AppError `device-not-found`, `device-decommissioned`, `command-queue-full`, `command-too-large`
 */
export interface CommandRecords extends CommandQueue {
  queue(input: {
    readonly deviceId: string
    readonly name: string
    readonly body: Readonly<Record<string, unknown>>
    /** How long it may wait for the device; a day unless told. */
    readonly keepS?: number
  }): Promise<DeviceCommand>
  get(commandId: string): Promise<DeviceCommand | undefined>
  /** Newest first. */
  list(query: CommandQuery): Promise<Page<DeviceCommand>>
  /** Ends what waited too long. @returns how many */
  expireDue(nowMs: number): Promise<number>
}
