import type { Logger } from 'pino'
import type { Bus } from '../../contracts/bus.ts'
import type { Records } from './records.ts'

export interface OpenRecordsOptions {
  /** The SQLite file; made when it is not there, its folder too. */
  readonly path: string
  readonly bus: Bus
  readonly now: () => number
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>
  /** Registration beyond this is refused. */
  readonly deviceCountMax?: number
  /** Commands that may wait for one device. */
  readonly commandsPerDeviceMax?: number
}

/** Opens the records store and brings its tables up to date. */
export async function openRecords(options: OpenRecordsOptions): Promise<Records> {
  throw new Error(`records at ${options.path} cannot be opened yet`)
}
